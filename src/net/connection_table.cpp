#include "connection_table.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace jackdaw::net {

namespace {

constexpr std::size_t scratch_bytes = 256 * 1024;

duration idle_grain(const connection_options& options) {
  const duration second = std::chrono::seconds(1);
  return options.max_idle > duration::zero() ? std::min(second, options.max_idle / 8) : second;
}

}  // namespace

connection_table::connection_table(identity self, const connection_options& options, batch_loop& loop,
                                   timer_queue& timers, request_handler& handler, closed_sink on_closed)
    : self_(std::move(self)),
      options_(options),
      loop_(loop),
      timers_(timers),
      handler_(handler),
      on_closed_(std::move(on_closed)),
      budget_(options.shard_bytes),
      scratch_(scratch_bytes),
      idle_(idle_grain(options)) {}

connection_table::~connection_table() {
  for (auto& c : open_) closed_.push_back(std::move(c));
  for (auto& c : closed_) {
    c->is_closed_ = true;
    c->stream_.reset();
  }
  bury();
}

void connection_table::tell(line kind, const std::string& sentence) {
  std::uint64_t left_out = 0;
  if (!limiter_.allow(static_cast<std::size_t>(kind), now_.steady, left_out)) return;
  const auto level = kind == line::idle ? spdlog::level::info : spdlog::level::warn;
  if (left_out == 0) {
    spdlog::log(level, "{}", sentence);
  } else {
    spdlog::log(level, "{} (and {} more such lines left out)", sentence, left_out);
  }
}

void connection_table::adopt(accepted_socket socket) {
  if (!is_reading_) return on_closed_(socket);
  const broker::connection_id id{opened_++ * self_.shard_count + self_.shard.value()};
  boost::system::error_code error;
  auto stream = make_plain_stream(loop_.context(), std::move(socket.fd), error);
  if (error) {
    tell(line::failed,
         fmt::format("Connection from {} refused: can't wait for its socket: {}", socket.peer, error.message()));
    return on_closed_(socket);
  }
  auto c = std::make_unique<connection>(*this, id, std::move(socket), std::move(stream));
  spdlog::debug("Connection {} from {} on {}", id.value(), c->socket().peer,
                self_.listener_names[c->socket().listener]);
  handler_.open_connection({id, self_.listener_names[c->socket().listener], c->socket().peer}, now_);
  c->place_in_table_ = static_cast<std::uint32_t>(open_.size());
  touch(*c);
  c->wait_until_readable();
  open_.push_back(std::move(c));
}

void connection_table::take_turns() {
  // Those who want another turn get it in the next batch.
  for (connection* c : std::exchange(turns_, {})) {
    c->is_in_turn_list_ = false;
    if (c->is_closed_) continue;
    if (c->has_unsent()) flush_later(*c);
    c->read();
  }
}

bool connection_table::flush() {
  closed_some_ = false;
  // Closing a connection may make answers of others ready, so the list may grow while it is worked off.
  for (std::size_t i = 0; i < flushes_.size(); ++i) {
    flushes_[i]->is_in_flush_list_ = false;
    flushes_[i]->flush();
  }
  flushes_.clear();
  resume_waiting();
  return closed_some_;
}

void connection_table::bury() noexcept {
  if (closed_.empty()) return;
  std::erase_if(turns_, [](const connection* c) { return c->is_closed_; });
  std::erase_if(flushes_, [](const connection* c) { return c->is_closed_; });
  for (auto& c : closed_) {
    // What the handler still holds of it may be dropped much later; its waits end soon.
    if (c->is_held()) c.release()->is_orphan_ = true;
  }
  closed_.clear();
}

void connection_table::touch(connection& c) noexcept {
  idle_.touch(c, now_.steady);
  if (!idle_timer_armed_) arm_idle_timer();
}

void connection_table::flush_later(connection& c) {
  if (!std::exchange(c.is_in_flush_list_, true)) flushes_.push_back(&c);
}

void connection_table::take_turn_later(connection& c) {
  if (!std::exchange(c.is_in_turn_list_, true)) turns_.push_back(&c);
}

void connection_table::close(connection& c, const std::string& why, bool is_protocol_error) {
  if (std::exchange(c.is_closed_, true)) return;
  closed_some_ = true;
  if (is_protocol_error) {
    tell(line::protocol_error, fmt::format("Connection from {} on {} closed: {}", c.socket().peer,
                                           self_.listener_names[c.socket().listener], why));
  } else {
    spdlog::debug("Connection {} from {} closed: {}", c.id().value(), c.socket().peer, why);
  }
  c.unmute();
  budget_.forget(c);
  idle_.remove(c);
  handler_.close_connection(c.id(), now_);
  c.let_go(c.held_bytes());
  c.stream_.reset();
  on_closed_(c.socket());
  // The last one takes the place of the one that goes.
  const std::uint32_t place = c.place_in_table_;
  closed_.push_back(std::move(open_[place]));
  if (place + 1 != open_.size()) {
    open_[place] = std::move(open_.back());
    open_[place]->place_in_table_ = place;
  }
  open_.pop_back();
}

void connection_table::arm_idle_timer() {
  idle_hook* oldest = idle_.oldest();
  if (oldest == nullptr || options_.max_idle <= duration::zero()) return;
  idle_timer_armed_ = true;
  timers_.schedule(oldest->touched + options_.max_idle, [this] {
    idle_timer_armed_ = false;
    close_idle();
    if (!idle_timer_armed_) arm_idle_timer();
  });
}

void connection_table::close_idle() {
  for (idle_hook* hook = idle_.oldest(); hook != nullptr; hook = idle_.oldest()) {
    if (hook->touched + options_.max_idle > now_.steady) return;
    auto& c = static_cast<connection&>(*hook);
    if ((c.has_requests() || c.is_muted()) && !c.has_unsent()) {
      idle_.touch(c, now_.steady);  // it waits for us
      continue;
    }
    const auto idle_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_.steady - hook->touched).count();
    tell(line::idle, fmt::format("Connection from {} closed: nothing happened on it for {} ms "
                                 "(connections.max.idle.ms)",
                                 c.socket().peer, idle_ms));
    close(c, "idle");
  }
}

void connection_table::watch_pressure() {
  if (pressure_timer_armed_ || !budget_.has_waiting()) return;
  pressure_timer_armed_ = true;
  timers_.schedule(now_.steady + options_.stall_under_pressure / 4, [this] {
    pressure_timer_armed_ = false;
    if (budget_.has_waiting()) close_stalled();
    watch_pressure();
  });
}

void connection_table::close_stalled() {
  std::vector<connection*> stalled;
  for (const auto& c : open_) {
    const bool is_still = c->touched + options_.stall_under_pressure <= now_.steady;
    if (is_still && c->waits_for_peer()) stalled.push_back(c.get());
  }
  for (connection* c : stalled) {
    tell(line::stalled, fmt::format("Connection from {} closed: it held {} bytes without moving while others waited "
                                    "for memory",
                                    c->socket().peer, c->held_bytes()));
    close(*c, "stalled while memory is short");
  }
}

void connection_table::resume_waiting() {
  if (!budget_.has_waiting()) return;
  budget_.resume_waiting([](budget_hook& h) { return static_cast<connection&>(h).is_inside_frame(); },
                         [this](budget_hook& h) { take_turn_later(static_cast<connection&>(h)); });
  watch_pressure();
}

void connection_table::stop_reading() {
  is_reading_ = false;
  for (const auto& c : open_) c->stop_reading();
}

bool connection_table::has_unsent() noexcept {
  return std::any_of(open_.begin(), open_.end(), [](const auto& c) { return c->has_unsent(); });
}

void connection_table::close_all(const std::string& why) {
  while (!open_.empty()) close(*open_.back(), why);
}

}  // namespace jackdaw::net
