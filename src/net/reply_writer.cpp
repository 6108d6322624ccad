#include "reply_writer.hpp"

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

}  // namespace

bool reply_writer::goes_by_file(const broker::file_slice& slice) const noexcept {
  return sends_files_ && slice.size >= worth_a_call && slice.file->native_handle() >= 0;
}

reply_writer::status reply_writer::send(byte_stream& stream, reply_queue& queue, mutable_bytes scratch,
                                        std::size_t& sent_bytes, std::size_t& freed_cost) {
  sends_files_ = stream.sends_files();
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
    const auto done = send_front(stream, queue, scratch, sent_bytes, freed_cost);
    if (done != status::drained) return done;
  }
}

reply_writer::status reply_writer::send_front(byte_stream& stream, reply_queue& queue, mutable_bytes scratch,
                                              std::size_t& sent_bytes, std::size_t& freed_cost) {
  const auto& answer = queue.front().answer;
  if (!kept_.empty()) return send_kept(stream, answer, sent_bytes);
  if (is_at_file_slice(answer)) return send_slice(stream, answer, sent_bytes);
  const auto* next = next_slice(answer);
  if (next != nullptr && !goes_by_file(next->slice)) return send_staged(stream, answer, scratch, sent_bytes);
  return send_memory(stream, queue, sent_bytes, freed_cost);
}

const broker::reply_slice* reply_writer::next_slice(const broker::reply& answer) const noexcept {
  return slices_sent_ < answer.slices.size() ? &answer.slices[slices_sent_] : nullptr;
}

bool reply_writer::is_at_file_slice(const broker::reply& answer) const noexcept {
  const auto* next = next_slice(answer);
  return next != nullptr && memory_sent_ == next->at && goes_by_file(next->slice);
}

reply_writer::status reply_writer::send_memory(byte_stream& stream, reply_queue& queue, std::size_t& sent_bytes,
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
  // What precedes a slice leaves in one packet with its start.
  const auto sent = stream.write(std::span(parts).first(count), slice_follows);
  if (sent.what != moved::state::some) return after(sent);
  sent_bytes += sent.bytes;
  advance(queue, sent.bytes, freed_cost);
  // A stream that takes less than it is given is full, and says when it isn't.
  return sent.bytes < total ? status::blocked : status::drained;
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

reply_writer::status reply_writer::send_staged(byte_stream& stream, const broker::reply& answer, mutable_bytes scratch,
                                               std::size_t& sent_bytes) {
  std::size_t staged = 0;
  if (!stage(answer, scratch, staged)) {
    is_fault_ = true;
    return give_up(file_too_short);
  }
  moved done;
  const iovec part{scratch.data(), staged};
  if (staged != 0) done = stream.write({&part, 1}, is_at_file_slice(answer));
  const std::size_t sent = done.bytes;
  const auto outcome = done.what != moved::state::some ? after(done)
                       : sent < staged                 ? status::blocked
                                                       : status::drained;
  sent_bytes += sent;
  if (sent < staged) {
    kept_ = buffer(staged - sent);
    kept_sent_ = 0;
    std::memcpy(kept_.data(), scratch.data() + sent, staged - sent);
  }
  return outcome;
}

reply_writer::status reply_writer::send_kept(byte_stream& stream, const broker::reply& answer,
                                             std::size_t& sent_bytes) {
  const std::size_t rest = kept_.size() - kept_sent_;
  const iovec part{kept_.data() + kept_sent_, rest};
  const auto sent = stream.write({&part, 1}, is_at_file_slice(answer));
  if (sent.what != moved::state::some) return after(sent);
  sent_bytes += sent.bytes;
  kept_sent_ += sent.bytes;
  if (kept_sent_ < kept_.size()) return status::blocked;
  kept_ = buffer();
  return status::drained;
}

reply_writer::status reply_writer::send_slice(byte_stream& stream, const broker::reply& answer,
                                              std::size_t& sent_bytes) {
  const auto& slice = answer.slices[slices_sent_].slice;
  const std::size_t rest = std::min<std::size_t>(slice.size - slice_sent_, turn_bytes);
  const auto sent = stream.write_file(slice.file->native_handle(), slice.position + slice_sent_, rest);
  if (sent.what != moved::state::some) return after(sent);
  if (sent.bytes == 0) {
    is_fault_ = true;
    return give_up(file_too_short);
  }
  sent_bytes += sent.bytes;
  slice_sent_ += static_cast<std::uint32_t>(sent.bytes);
  if (slice_sent_ == slice.size) {
    ++slices_sent_;
    slice_sent_ = 0;
  }
  return status::drained;
}

reply_writer::status reply_writer::after(const moved& nothing) {
  if (nothing.what == moved::state::full) return status::blocked;
  // EIO and the like come from the file of a slice, not from the peer.
  is_fault_ = nothing.error != EPIPE && nothing.error != ECONNRESET && nothing.error != ETIMEDOUT;
  return give_up(std::string("sending failed: ") + std::strerror(nothing.error));
}

reply_writer::status reply_writer::give_up(std::string why) {
  reason_ = std::move(why);
  return status::closed;
}

}  // namespace jackdaw::net
