#include "reply_writer.hpp"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace jackdaw::net {

namespace {

// A slice below this is cheaper to read into memory than to send by a call of its own.
constexpr std::uint32_t worth_a_call = 16 * 1024;
// What one connection may send before others get their turn.
constexpr std::size_t turn_bytes = 4 * 1024 * 1024;
constexpr std::size_t most_parts = 64;
constexpr const char* file_too_short = "a segment file is shorter than the answer that refers to it";

bool goes_by_file(const broker::file_slice& slice) noexcept {
  return slice.size >= worth_a_call && slice.file->native_handle() >= 0;
}

// MSG_MORE: what precedes a slice leaves in one packet with its start.
int flags(bool slice_follows) noexcept { return MSG_NOSIGNAL | (slice_follows ? MSG_MORE : 0); }

}  // namespace

reply_writer::status reply_writer::send(int socket, reply_queue& queue, mutable_bytes scratch, std::size_t& sent_bytes,
                                        std::size_t& freed_cost) {
  const std::size_t sent_before = sent_bytes;
  for (;;) {
    while (kept_.empty() && !queue.empty() && queue.front().is_ready) {
      auto& answer = queue.front().answer;
      if (answer.what == broker::reply::action::close) {
        is_fault_ = true;
        return give_up(std::move(answer.reason));
      }
      const bool is_sent = memory_sent_ == answer.bytes.size() && slices_sent_ == answer.slices.size();
      if (answer.what == broker::reply::action::send && !is_sent) break;
      pop(queue, freed_cost);
    }
    if (queue.empty() || !queue.front().is_ready) return status::drained;
    if (sent_bytes - sent_before >= turn_bytes) return status::more;
    const auto done = send_front(socket, queue, scratch, sent_bytes, freed_cost);
    if (done != status::drained) return done;
  }
}

reply_writer::status reply_writer::send_front(int socket, reply_queue& queue, mutable_bytes scratch,
                                              std::size_t& sent_bytes, std::size_t& freed_cost) {
  const auto& answer = queue.front().answer;
  if (!kept_.empty()) return send_kept(socket, answer, sent_bytes);
  if (is_at_file_slice(answer)) return send_slice(socket, answer, sent_bytes);
  const auto* next = next_slice(answer);
  if (next != nullptr && !goes_by_file(next->slice)) return send_staged(socket, answer, scratch, sent_bytes);
  return send_memory(socket, queue, sent_bytes, freed_cost);
}

const broker::reply_slice* reply_writer::next_slice(const broker::reply& answer) const noexcept {
  return slices_sent_ < answer.slices.size() ? &answer.slices[slices_sent_] : nullptr;
}

bool reply_writer::is_at_file_slice(const broker::reply& answer) const noexcept {
  const auto* next = next_slice(answer);
  return next != nullptr && memory_sent_ == next->at && goes_by_file(next->slice);
}

reply_writer::status reply_writer::send_memory(int socket, reply_queue& queue, std::size_t& sent_bytes,
                                               std::size_t& freed_cost) {
  std::array<iovec, most_parts> parts;
  std::size_t count = 0;
  std::size_t total = 0;
  bool slice_follows = false;
  for (std::size_t i = 0; i < queue.size() && count < most_parts && total < turn_bytes && !slice_follows; ++i) {
    auto& slot = queue.at(i);
    if (!slot.is_ready || slot.answer.what == broker::reply::action::close) break;
    if (slot.answer.what == broker::reply::action::skip) continue;
    const std::size_t begin = i == 0 ? memory_sent_ : 0;
    const std::size_t slices_before = i == 0 ? slices_sent_ : 0;
    slice_follows = slices_before < slot.answer.slices.size();
    // An answer that begins with small slices is staged once it is at the front.
    if (slice_follows && i != 0 && !goes_by_file(slot.answer.slices.front().slice)) break;
    const std::size_t end = slice_follows ? slot.answer.slices[slices_before].at : slot.answer.bytes.size();
    if (begin == end) continue;
    parts[count++] = {slot.answer.bytes.data() + begin, end - begin};
    total += end - begin;
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  const auto n = ::sendmsg(socket, &message, flags(slice_follows));
  if (n < 0) return after_error();
  sent_bytes += static_cast<std::size_t>(n);
  advance(queue, static_cast<std::size_t>(n), freed_cost);
  // A socket that takes less than it is given is full, and says when it isn't.
  return static_cast<std::size_t>(n) < total ? status::blocked : status::drained;
}

void reply_writer::advance(reply_queue& queue, std::size_t n, std::size_t& freed_cost) {
  for (;;) {
    const auto& front = queue.front().answer;
    if (front.what == broker::reply::action::send) {
      const auto* next = next_slice(front);
      const std::size_t step = std::min(n, (next != nullptr ? next->at : front.bytes.size()) - memory_sent_);
      memory_sent_ += step;
      n -= step;
    }
    if (n == 0) return;
    pop(queue, freed_cost);
  }
}

void reply_writer::pop(reply_queue& queue, std::size_t& freed_cost) {
  freed_cost += queue.front().cost;
  queue.pop();
  memory_sent_ = slices_sent_ = slice_sent_ = 0;
}

bool reply_writer::stage(const broker::reply& answer, mutable_bytes into, std::size_t& staged) {
  while (staged < into.size()) {
    const auto* next = next_slice(answer);
    const std::size_t end = next != nullptr ? next->at : answer.bytes.size();
    if (memory_sent_ < end) {
      const std::size_t n = std::min(end - memory_sent_, into.size() - staged);
      std::memcpy(into.data() + staged, answer.bytes.data() + memory_sent_, n);
      memory_sent_ += n;
      staged += n;
      continue;
    }
    if (next == nullptr || goes_by_file(next->slice)) return true;
    const std::size_t n = std::min<std::size_t>(next->slice.size - slice_sent_, into.size() - staged);
    const auto read = next->slice.file->read_at(into.subspan(staged, n), next->slice.position + slice_sent_);
    if (!read || *read != n) return false;
    staged += n;
    slice_sent_ += static_cast<std::uint32_t>(n);
    if (slice_sent_ == next->slice.size) {
      ++slices_sent_;
      slice_sent_ = 0;
    }
  }
  return true;
}

reply_writer::status reply_writer::send_staged(int socket, const broker::reply& answer, mutable_bytes scratch,
                                               std::size_t& sent_bytes) {
  std::size_t staged = 0;
  if (!stage(answer, scratch, staged)) {
    is_fault_ = true;
    return give_up(file_too_short);
  }
  std::size_t sent = 0;
  const auto n = staged == 0 ? 0 : ::send(socket, scratch.data(), staged, flags(is_at_file_slice(answer)));
  if (n > 0) sent = static_cast<std::size_t>(n);
  const auto outcome = n < 0 ? after_error() : sent < staged ? status::blocked : status::drained;
  sent_bytes += sent;
  if (sent < staged) {
    kept_ = buffer(staged - sent);
    kept_sent_ = 0;
    std::memcpy(kept_.data(), scratch.data() + sent, staged - sent);
  }
  return outcome;
}

reply_writer::status reply_writer::send_kept(int socket, const broker::reply& answer, std::size_t& sent_bytes) {
  const std::size_t rest = kept_.size() - kept_sent_;
  const auto n = ::send(socket, kept_.data() + kept_sent_, rest, flags(is_at_file_slice(answer)));
  if (n < 0) return after_error();
  sent_bytes += static_cast<std::size_t>(n);
  kept_sent_ += static_cast<std::size_t>(n);
  if (kept_sent_ < kept_.size()) return status::blocked;
  kept_ = buffer();
  return status::drained;
}

reply_writer::status reply_writer::send_slice(int socket, const broker::reply& answer, std::size_t& sent_bytes) {
  const auto& slice = answer.slices[slices_sent_].slice;
  auto position = static_cast<off_t>(slice.position + slice_sent_);
  const std::size_t rest = std::min<std::size_t>(slice.size - slice_sent_, turn_bytes);
  const auto n = ::sendfile(socket, slice.file->native_handle(), &position, rest);
  if (n == 0) {
    is_fault_ = true;
    return give_up(file_too_short);
  }
  if (n < 0) return after_error();
  sent_bytes += static_cast<std::size_t>(n);
  slice_sent_ += static_cast<std::uint32_t>(n);
  if (slice_sent_ == slice.size) {
    ++slices_sent_;
    slice_sent_ = 0;
  }
  return status::drained;
}

reply_writer::status reply_writer::after_error() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) return status::blocked;
  if (errno == EINTR) return status::drained;
  // EIO and the like come from the file of a slice, not from the peer.
  is_fault_ = errno != EPIPE && errno != ECONNRESET && errno != ETIMEDOUT;
  return give_up(std::string("sending failed: ") + std::strerror(errno));
}

reply_writer::status reply_writer::give_up(std::string why) {
  reason_ = std::move(why);
  return status::closed;
}

}  // namespace jackdaw::net
