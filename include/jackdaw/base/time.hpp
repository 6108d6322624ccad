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

// ---- arithmetic on numbers that users choose: it saturates, and "never" may be written as any large number

// About 146 years: added to what a clock says, it is still a time.
inline constexpr duration longest_wait = duration::max() / 2;

// Any number of milliseconds as a wait, at most longest_wait in either direction.
constexpr duration duration_of_ms(std::int64_t ms) noexcept {
  constexpr std::int64_t most_ms = std::chrono::duration_cast<std::chrono::milliseconds>(longest_wait).count();
  if (ms > most_ms) return longest_wait;
  if (ms < -most_ms) return -longest_wait;
  return std::chrono::milliseconds(ms);
}

// `t` and so many milliseconds, or the last (for negative ones: the first) time that can be written.
constexpr timestamp_ms add_ms(timestamp_ms t, std::int64_t ms) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(t.value, ms, &sum)) sum = ms < 0 ? INT64_MIN : INT64_MAX;
  return {sum};
}
constexpr timestamp_ms subtract_ms(timestamp_ms t, std::int64_t ms) noexcept {
  std::int64_t difference = 0;
  if (__builtin_sub_overflow(t.value, ms, &difference)) difference = ms > 0 ? INT64_MIN : INT64_MAX;
  return {difference};
}

}  // namespace jackdaw
