#include "jackdaw/security/paced_use.hpp"

#include <algorithm>

namespace jackdaw::security {

void paced_use::hold_to(double limit) noexcept {
  if (limit == limit_) return;
  limit_ = limit;
  calm_at_ = time_point::min();
}

void paced_use::pace_from(time_point paid_until) {
  paid_until_ = paid_until;
  calm_at_ = paid_until + shape_.whole();
}

void paced_use::pay(double amount, time_point now) {
  // Who comes a little late doesn't lose what it might have used.
  paid_until_ = std::max(paid_until_, now - shape_.sample) + time_for(amount, limit_);
  if (paid_until_ > now) calm_at_ = paid_until_ + shape_.whole();
}

void paced_use::learn(double amount, time_point now) {
  window_.add(amount, now);
  if (is_paced(now)) pay(amount, now);
}

duration paced_use::charge(double amount, double limit, time_point now) {
  hold_to(limit);
  window_.add(amount, now);
  if (is_paced(now)) {
    pay(amount, now);
    return std::max(paid_until_ - now, duration::zero());
  }
  const auto wait = window_.wait_for(limit, now);
  if (throttle_ms(wait) == 0) return {};
  pace_from(now + std::max(wait, window_.forgotten_down_to(limit, now)));
  return wait;
}

duration paced_use::wait_before(double amount, double limit, time_point now) {
  hold_to(limit);
  if (is_paced(now)) return std::max(paid_until_ - now, duration::zero());
  if (window_.is_idle(now)) return {};
  const auto wait = window_.wait_to_fit(limit, amount, now);
  if (throttle_ms(wait) == 0) return {};
  pace_from(now + wait);
  return wait;
}

double paced_use::portion(double limit, time_point now) {
  hold_to(limit);
  const auto samples = is_paced(now) || shape_.samples == 1 ? 1 : shape_.samples - 1;
  return limit * std::chrono::duration<double>(shape_.sample * samples).count();
}

}  // namespace jackdaw::security
