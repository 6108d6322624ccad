#include "connection.hpp"

#include <algorithm>
#include <cstring>

#include "connection_table.hpp"

namespace jackdaw::net {

namespace {

// What one connection may read before others have a turn; and once all of a shard have read so much in a batch.
constexpr std::size_t turn_bytes = 1024 * 1024;
constexpr std::size_t late_turn_bytes = 32 * 1024;
constexpr std::size_t batch_bytes = 2 * turn_bytes;
// What a request costs beyond its bytes while it waits, here and in the handler.
constexpr std::size_t request_overhead = 512;

std::size_t cost_of(const broker::reply& answer) noexcept {
  return answer.bytes.capacity() + answer.slices.capacity() * sizeof(broker::reply_slice);
}

}  // namespace

connection::connection(connection_table& table, broker::connection_id id, accepted_socket from,
                       std::unique_ptr<byte_stream> stream)
    : stream_watcher(&table.loop_),
      table_(table),
      id_(id),
      socket_(std::move(from)),
      stream_(std::move(stream)),
      reader_(table.options().max_frame_bytes) {}

void connection::on_ready(readiness what) {
  if (is_closed_) return;
  switch (what) {
    case readiness::readable:
      waits_readable_ = false;
      is_readable_ = true;
      read();
      break;
    case readiness::writable:
      is_blocked_ = false;
      table_.flush_later(*this);
      break;
    case readiness::broken:
      waits_broken_ = false;
      // Nobody is left who would wait for the quota's end.
      if (is_muted()) end_after_flush("the peer is gone", false);
      break;
  }
}

void connection::wait_until_readable() {
  if (!std::exchange(waits_readable_, true)) stream_->wait(readiness::readable, *this);
}

void connection::wait_until_broken() {
  if (!std::exchange(waits_broken_, true)) stream_->wait(readiness::broken, *this);
}

void connection::mute(duration wait) {
  const time_point until = table_.now().steady + wait;
  if (until <= muted_until_) return;
  if (is_muted()) table_.timers_.cancel(mute_end_);
  muted_until_ = until;
  wait_until_broken();
  mute_end_ = table_.timers_.schedule(until, [this] {
    unmute();
    table_.touch(*this);  // from here on it's the peer's turn
    if (!is_paused_) return;
    is_paused_ = false;
    table_.take_turn_later(*this);
  });
}

void connection::unmute() {
  if (!is_muted()) return;
  table_.timers_.cancel(mute_end_);
  muted_until_ = time_point::min();
}

void connection::read() {
  if (is_closed_ || is_ending_ || !is_reading_) return;
  // Large requests of many connections at once, into memory that is new, would keep small ones waiting.
  const std::size_t most = table_.batch_received_bytes_ < batch_bytes ? turn_bytes : late_turn_bytes;
  std::size_t turn = 0;
  while (start_requests() && is_readable_ && table_.budget().may_read(*this, appetite(), reader_.growth())) {
    if (turn >= most) {
      table_.take_turn_later(*this);
      break;
    }
    const auto space = reader_.space(table_.scratch());
    const std::size_t asked = std::min(space.size(), most - turn);
    const auto got = stream_->read(space.first(asked));
    if (got.what == moved::state::some) {
      turn += got.bytes;
      reader_.received(got.bytes);
      charge(reader_bytes_, reader_.held_bytes());
      // A stream that gives less than asked is empty. What has come since, its end included, ends the next wait at
      // once.
      if (got.bytes < asked) is_readable_ = false;
      continue;
    }
    is_readable_ = false;
    if (got.what == moved::state::end) end_after_flush("the peer closed it", false);
    if (got.what == moved::state::failed) end_after_flush(std::strerror(got.error), false);
  }
  table_.received_bytes_ += turn;
  table_.batch_received_bytes_ += turn;
  reader_.leave_scratch();
  charge(reader_bytes_, reader_.held_bytes());
  if (turn != 0) table_.touch(*this);
  if (is_waiting) table_.watch_pressure();
  if (!is_readable_ && !is_ending_) wait_until_readable();
}

// Hands over the whole frames that are there. False when no more should be read now.
bool connection::start_requests() {
  while (!is_ending_) {
    if (!may_start_request()) {
      is_paused_ = true;
      return false;
    }
    std::shared_ptr<buffer> frame;
    switch (reader_.next(frame)) {
      case frame_reader::status::frame: start(std::move(frame)); break;
      case frame_reader::status::need_more: return true;
      case frame_reader::status::bad_size:
        end_after_flush("it sent a request of " + std::to_string(reader_.claimed()) + " bytes; allowed are 1 to " +
                            std::to_string(table_.options().max_frame_bytes) + " (socket.request.max.bytes)",
                        true);
        break;
    }
  }
  return false;
}

// What it may come to hold: a frame is counted as the size that it claims.
std::size_t connection::appetite() const noexcept {
  return std::max(held_bytes_, static_cast<std::size_t>(std::max(reader_.claimed(), 0)));
}

bool connection::may_start_request() const noexcept {
  if (is_muted()) return false;
  if (replies_.empty()) return true;
  const auto& o = table_.options();
  return replies_.size() < o.requests_in_flight && held_bytes_ - reader_bytes_ < o.connection_bytes &&
         unsent_bytes_ < o.unsent_reply_bytes;
}

void connection::start(std::shared_ptr<buffer> frame) {
  table_.budget().end_exemption(*this);
  const auto ticket = replies_.reserve();
  const std::size_t cost = frame->size() + request_overhead;
  replies_[ticket].cost = cost;
  hold(cost);
  table_.handler().handle(id_, std::move(frame), reply_ticket(*this, ticket), table_.now());
}

reply_ticket::reply_ticket(connection& c, reply_queue::ticket t) noexcept : connection_(&c), ticket_(t) {
  ++c.tickets_;
}

reply_ticket::~reply_ticket() {
  if (connection_ == nullptr) return;
  if (!connection_->is_closed_) {
    connection_->finish(ticket_, broker::reply::close_connection("a request was dropped without an answer"));
  }
  connection_->ticket_gone();
}

void reply_ticket::operator()(broker::reply answer) {
  JD_ASSERT(connection_ != nullptr, ticket_);
  connection& c = *std::exchange(connection_, nullptr);
  if (!c.is_closed_) c.finish(ticket_, std::move(answer));
  c.ticket_gone();
}

void connection::ticket_gone() {
  --tickets_;
  if (is_orphan_ && !is_held()) delete this;
}

void connection::on_last_wait_gone() {
  if (is_orphan_ && !is_held()) delete this;
}

void connection::finish(reply_queue::ticket ticket, broker::reply answer) {
  auto& slot = replies_[ticket];
  JD_ASSERT(!slot.is_ready, ticket);
  if (answer.mute_for > duration::zero()) mute(answer.mute_for);
  const std::size_t cost = cost_of(answer);
  let_go(slot.cost);
  hold(cost);
  unsent_bytes_ += cost;
  slot.cost = cost;
  slot.answer = std::move(answer);
  slot.is_ready = true;
  if (ticket == replies_.first_ticket()) table_.flush_later(*this);
}

void connection::flush() {
  if (is_closed_) return;
  std::size_t sent = 0;
  std::size_t freed = 0;
  auto outcome = reply_writer::status::drained;
  if (!is_blocked_) {
    outcome = writer_.send(*stream_, replies_, table_.scratch(), sent, freed);
    table_.sent_bytes_ += sent;
    unsent_bytes_ -= freed;
    let_go(freed);
    charge(writer_bytes_, writer_.held_bytes());
  }
  if (outcome == reply_writer::status::closed) return table_.close(*this, writer_.reason(), writer_.is_fault());
  if (is_ending_) return table_.close(*this, end_reason_, is_protocol_error_);
  if (outcome == reply_writer::status::blocked && !std::exchange(is_blocked_, true)) {
    stream_->wait(readiness::writable, *this);
  }
  if (outcome == reply_writer::status::more) table_.take_turn_later(*this);
  if (sent != 0) table_.touch(*this);
  const auto& o = table_.options();
  // Half of each limit: reading in steps of one request would cost more than waiting a little.
  if (is_paused_ && !is_muted() &&
      (replies_.empty() ||
       (replies_.size() <= o.requests_in_flight / 2 && held_bytes_ - reader_bytes_ <= o.connection_bytes / 2 &&
        unsent_bytes_ <= o.unsent_reply_bytes / 2))) {
    is_paused_ = false;
    table_.take_turn_later(*this);
  }
}

void connection::charge(std::size_t& charged, std::size_t bytes) noexcept {
  if (bytes > charged) {
    hold(bytes - charged);
  } else {
    let_go(charged - bytes);
  }
  charged = bytes;
}

void connection::end_after_flush(std::string why, bool is_protocol_error) {
  is_ending_ = true;
  is_protocol_error_ = is_protocol_error;
  end_reason_ = std::move(why);
  table_.flush_later(*this);
}

void connection::hold(std::size_t bytes) noexcept {
  held_bytes_ += bytes;
  table_.budget().take(bytes);
}

void connection::let_go(std::size_t bytes) noexcept {
  held_bytes_ -= bytes;
  table_.budget().give_back(bytes);
}

}  // namespace jackdaw::net
