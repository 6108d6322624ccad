// Times as numbers that somebody hands in. Nothing here reads a clock: shells do (house rule: pure cores).
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace jackdaw {

// Milliseconds since 1970, as records and clients count. May jump.
struct timestamp_ms {
  std::int64_t value = -1;
  constexpr auto operator<=>(const timestamp_ms&) const noexcept = default;
};

// A steady clock that starts anywhere and never jumps: for waits, never stored.
struct steady_tag {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<steady_tag>;
  static constexpr bool is_steady = true;
};
using duration = steady_tag::duration;
using time_point = steady_tag::time_point;

// Both clocks, read once by a shell and handed to a core.
struct now_t {
  time_point steady{};
  timestamp_ms wall{};
};

}  // namespace jackdaw
