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

bool goes_through_memory(const broker::file_slice& slice) {
  return slice.size < worth_a_call || slice.file->native_handle() < 0;
}

std::size_t small_slice_bytes(const broker::reply& answer) {
  std::size_t total = 0;
  for (const auto& s : answer.slices) {
    if (goes_through_memory(s.slice)) total += s.slice.size;
  }
  return total;
}

bool read_slice(const broker::file_slice& slice, std::byte* to) {
  const auto n = slice.file->read_at(mutable_bytes(to, slice.size), slice.position);
  return n.has_value() && *n == slice.size;
}

// Replaces the slices that go through memory by their bytes. False when a file has fewer bytes than the slice.
bool read_small_slices(broker::reply& answer) {
  if (answer.slices.empty()) return true;
  const bool none = std::none_of(answer.slices.begin(), answer.slices.end(),
                                 [](const auto& s) { return goes_through_memory(s.slice); });
  if (none) return true;
  buffer joined(answer.bytes.size() + small_slice_bytes(answer));
  std::vector<broker::reply_slice> large;
  std::size_t from = 0;
  std::size_t to = 0;
  const auto copy_until = [&](std::size_t end) {
    std::memcpy(joined.data() + to, answer.bytes.data() + from, end - from);
    to += end - from;
    from = end;
  };
  for (auto& s : answer.slices) {
    copy_until(s.at);
    if (goes_through_memory(s.slice)) {
      if (!read_slice(s.slice, joined.data() + to)) return false;
      to += s.slice.size;
    } else {
      large.push_back({to, std::move(s.slice)});
    }
  }
  copy_until(answer.bytes.size());
  answer.bytes = std::move(joined);
  answer.slices = std::move(large);
  return true;
}

}  // namespace

reply_writer::status reply_writer::send(int socket, reply_queue& queue, std::size_t& sent_bytes,
                                        std::size_t& freed_cost) {
  const std::size_t sent_before = sent_bytes;
  for (;;) {
    while (!queue.empty() && queue.front().is_ready) {
      auto& front = queue.front();
      if (front.answer.what == broker::reply::action::close) {
        is_asked_for_ = true;
        return give_up(std::move(front.answer.reason));
      }
      if (front.answer.what == broker::reply::action::send && !is_sent_whole(front.answer)) break;
      pop(queue, freed_cost);
    }
    if (queue.empty() || !queue.front().is_ready) return status::drained;
    if (sent_bytes - sent_before >= turn_bytes) return status::more;
    const auto done = is_at_slice(queue.front().answer) ? send_slice(socket, queue.front().answer, sent_bytes)
                                                        : send_memory(socket, queue, sent_bytes, freed_cost);
    if (done != status::drained) return done;
  }
}

bool reply_writer::is_sent_whole(const broker::reply& answer) const noexcept {
  return memory_sent_ == answer.bytes.size() && slices_sent_ == answer.slices.size();
}

bool reply_writer::is_at_slice(const broker::reply& answer) const noexcept {
  // A slice still to be read into memory isn't one; at the start of an answer that hasn't been decided yet.
  return memory_sent_ != 0 && slices_sent_ < answer.slices.size() && memory_sent_ == answer.slices[slices_sent_].at;
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
    if (begin == 0 && !read_small_slices(slot.answer)) {
      if (count != 0) break;  // what precedes it is still good
      return give_up("a segment file is shorter than the answer that refers to it");
    }
    slice_follows = slices_before < slot.answer.slices.size();
    const std::size_t end = slice_follows ? slot.answer.slices[slices_before].at : slot.answer.bytes.size();
    if (begin == end) continue;
    parts[count++] = {slot.answer.bytes.data() + begin, end - begin};
    total += end - begin;
  }
  if (total == 0) return give_up("an answer begins with a slice");
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = count;
  // MSG_MORE: the start of an answer leaves in one packet with the start of its slice.
  const auto n = ::sendmsg(socket, &message, MSG_NOSIGNAL | (slice_follows ? MSG_MORE : 0));
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return status::blocked;
    if (errno == EINTR) return status::drained;
    return give_up(std::string("sending failed: ") + std::strerror(errno));
  }
  sent_bytes += static_cast<std::size_t>(n);
  advance(queue, static_cast<std::size_t>(n), freed_cost);
  return static_cast<std::size_t>(n) < total ? status::blocked : status::drained;
}

void reply_writer::advance(reply_queue& queue, std::size_t n, std::size_t& freed_cost) {
  for (;;) {
    const auto& front = queue.front().answer;
    if (front.what == broker::reply::action::send) {
      const bool has_slice = slices_sent_ < front.slices.size();
      const std::size_t step =
          std::min(n, (has_slice ? front.slices[slices_sent_].at : front.bytes.size()) - memory_sent_);
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

reply_writer::status reply_writer::send_slice(int socket, const broker::reply& answer, std::size_t& sent_bytes) {
  const auto& slice = answer.slices[slices_sent_].slice;
  auto position = static_cast<off_t>(slice.position + slice_sent_);
  const std::size_t rest = std::min<std::size_t>(slice.size - slice_sent_, turn_bytes);
  const auto n = ::sendfile(socket, slice.file->native_handle(), &position, rest);
  if (n == 0) return give_up("a segment file is shorter than the answer that refers to it");
  if (n < 0) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) return status::blocked;
    if (errno == EINTR) return status::drained;
    return give_up(std::string("sending a slice of a segment failed: ") + std::strerror(errno));
  }
  sent_bytes += static_cast<std::size_t>(n);
  slice_sent_ += static_cast<std::uint32_t>(n);
  if (slice_sent_ == slice.size) {
    ++slices_sent_;
    slice_sent_ = 0;
  }
  return status::drained;
}

reply_writer::status reply_writer::give_up(std::string why) {
  reason_ = std::move(why);
  return status::closed;
}

}  // namespace jackdaw::net
