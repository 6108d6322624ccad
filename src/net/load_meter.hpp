// How busy a shard was in the last moments.
#pragma once

#include "jackdaw/base/time.hpp"

namespace jackdaw::net {

// A share of time in which older times fade: what is longer ago than the window hardly counts.
class load_meter {
 public:
  explicit load_meter(duration window) noexcept : window_(to_ns(window)) {}

  // Up to now the shard worked, or slept.
  void worked(time_point now) noexcept { busy_ns_ += pass(now), fade(); }
  void slept(time_point now) noexcept { pass(now), fade(); }

  // 0 to 1; 0 before anything was noted.
  double share() const noexcept { return all_ns_ > 0 ? busy_ns_ / all_ns_ : 0; }

 private:
  static double to_ns(duration d) noexcept { return static_cast<double>(std::chrono::nanoseconds(d).count()); }
  double pass(time_point now) noexcept {
    const double passed = at_ == time_point::min() || now < at_ ? 0 : to_ns(now - at_);
    at_ = now;
    all_ns_ += passed;
    return passed;
  }
  void fade() noexcept {
    if (all_ns_ <= window_) return;
    busy_ns_ *= window_ / all_ns_;
    all_ns_ = window_;
  }

  double window_;
  double busy_ns_ = 0;
  double all_ns_ = 0;
  time_point at_ = time_point::min();
};

}  // namespace jackdaw::net
