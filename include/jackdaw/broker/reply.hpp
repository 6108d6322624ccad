// What goes back on a connection: bytes in memory with slices of segment files between them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/log/disk.hpp"

namespace jackdaw::broker {

// `size` bytes of `file` from `position`; the file keeps them until the last reference goes, even when the log
// has deleted it by name.
struct file_slice {
  std::shared_ptr<log::file> file;
  std::uint64_t position = 0;
  std::uint32_t size = 0;
};

// A slice that is sent after the first `at` bytes of the reply's memory.
struct reply_slice {
  std::size_t at = 0;
  file_slice slice;
};

struct reply {
  enum class action {
    send,
    skip,   // no answer (acks=0): the request's turn passes
    close,  // close the connection once earlier replies are sent; `reason` goes to the log
  };
  action what = action::send;
  buffer bytes;                     // starts with the 4-byte size of the whole frame, slices included
  std::vector<reply_slice> slices;  // `at` ascending
  // The connection isn't read from for this long, beginning now: the client has used up a quota (KIP-219).
  duration mute_for{};
  std::string reason;

  std::size_t size_bytes() const noexcept {
    std::size_t size = bytes.size();
    for (const auto& s : slices) size += s.slice.size;
    return size;
  }
  static reply nothing() {
    reply r;
    r.what = action::skip;
    return r;
  }
  static reply close_connection(std::string why) {
    reply r;
    r.what = action::close;
    r.reason = std::move(why);
    return r;
  }
};

// Called exactly once, on the shard that took the request, now or later; never after shard::close_connection.
using reply_sink = unique_function<void(reply)>;

}  // namespace jackdaw::broker
