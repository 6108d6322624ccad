// How much a client has used lately: over a sliding window, and as a bucket of tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "jackdaw/base/time.hpp"

namespace jackdaw::security {

// Kafka's quota.window.num samples of quota.window.size.seconds each.
struct rate_window {
  std::uint32_t samples = 11;
  duration sample = std::chrono::seconds(1);

  duration whole() const noexcept { return sample * samples; }
};

// A sum over the samples of the window, the running one included, divided by the time that they cover. What was
// counted before is forgotten sample by sample, so a burst of up to a window's worth passes unhindered.
class windowed_rate {
 public:
  explicit windowed_rate(const rate_window& w);

  // Negative amounts take back what was added.
  void add(double amount, time_point now);
  double per_second(time_point now);
  // Kafka's throttle time: how long the samples would have to be for the rate to be `limit`; zero when it isn't above.
  // Without a bound: a burst of ten windows' worth gives about nine windows.
  duration wait_for(double limit, time_point now);
  // How long to wait before `amount` is added, so that the rate isn't above `limit` then: the throttle time as if it
  // had been added, or less when by then enough is forgotten.
  duration wait_to_fit(double limit, double amount, time_point now);
  // How long until so much is forgotten that the rest isn't above `limit`, if nothing is added.
  duration forgotten_down_to(double limit, time_point now);
  // Nothing that was added counts any more.
  bool is_idle(time_point now);

 private:
  void advance(time_point now);
  void forget() noexcept;
  double seconds_covered(time_point now) const;

  rate_window window_;
  std::vector<double> sums_;  // a ring; empty while idle
  std::size_t running_ = 0;   // index of the sample that is being added to
  time_point running_since_{};
  double total_ = 0;
};

// Tokens that come back at a steady rate, up to a burst, and may be overdrawn (KIP-599). Starts full.
class token_bucket {
 public:
  // Tokens now, negative when overdrawn, when `per_second` of them come back, up to `burst`.
  double tokens(double per_second, double burst, time_point now);
  // After tokens().
  void take(double count) noexcept { tokens_ -= count; }

 private:
  double tokens_ = 0;
  time_point filled_at_{};
  bool is_new_ = true;
};

// How long `amount` takes at a rate; bounded to what a response can say.
duration time_for(double amount, double per_second) noexcept;
// Rounded to milliseconds and bounded to what a response can say.
std::int32_t throttle_ms(duration wait) noexcept;

}  // namespace jackdaw::security
