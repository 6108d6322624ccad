// What a client used of a quota in bytes per second, and how long it has to wait.
//
// A calm client may use a whole window's worth at once, as with Apache Kafka, and is told Kafka's throttle time when it
// used more. From then on it is paced: what it uses beyond that moment is paid for at the rate of the limit, the first
// payment being due when the window's worth is forgotten. So it gets exactly the limit on average and in an even flow,
// whatever the size of its requests and the number of its connections, where the window alone would let it burst
// whenever a burst is forgotten, and let through one request of each connection after each wait. After a whole window
// in which it stayed below the limit it is calm again.
#pragma once

#include "jackdaw/security/rate.hpp"

namespace jackdaw::security {

class paced_use {
 public:
  explicit paced_use(const rate_window& w) : shape_(w), window_(w) {}

  // What was used elsewhere.
  void learn(double amount, time_point now);
  // Counts `amount`: how long the client has to wait before the next.
  duration charge(double amount, double limit, time_point now);
  // For who can still refrain: how long to wait before `amount` is used, which isn't counted. Who used nothing lately
  // needn't wait, however much it is.
  duration wait_before(double amount, double limit, time_point now);
  // How much is reasonably used at once.
  double portion(double limit, time_point now);

  // What was used lately; for quotas that don't pace.
  windowed_rate& window() noexcept { return window_; }
  bool is_idle(time_point now) { return !is_paced(now) && window_.is_idle(now); }

 private:
  bool is_paced(time_point now) const noexcept { return now < calm_at_; }
  void hold_to(double limit) noexcept;
  void pace_from(time_point paid_until);
  void pay(double amount, time_point now);

  rate_window shape_;
  windowed_rate window_;
  double limit_ = 0;  // that it is paced by
  time_point paid_until_ = time_point::min();
  time_point calm_at_ = time_point::min();
};

}  // namespace jackdaw::security
