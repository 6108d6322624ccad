// Keeps a misbehaving peer from filling the log: some lines of each kind, then a count of those left out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "jackdaw/base/time.hpp"

namespace jackdaw::net {

template <std::size_t Kinds>
class log_limiter {
 public:
  // Whether a line of this kind may be written; `left_out` is how many weren't since the last one that was.
  bool allow(std::size_t kind, time_point now, std::uint64_t& left_out) noexcept {
    auto& k = kinds_[kind];
    if (now - k.window_start >= window) {
      k.window_start = now;
      k.written = 0;
    }
    if (k.written == per_window) {
      ++k.left_out;
      return false;
    }
    ++k.written;
    left_out = k.left_out;
    k.left_out = 0;
    return true;
  }

 private:
  static constexpr duration window = std::chrono::seconds(10);
  static constexpr std::uint32_t per_window = 10;
  struct state {
    time_point window_start{};
    std::uint32_t written = 0;
    std::uint64_t left_out = 0;
  };
  std::array<state, Kinds> kinds_{};
};

}  // namespace jackdaw::net
