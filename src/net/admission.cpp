#include "jackdaw/net/admission.hpp"

#include <algorithm>
#include <limits>

namespace jackdaw::net {

namespace {
constexpr auto unlimited = std::numeric_limits<std::int32_t>::max();
}  // namespace

void admission::set_limits(const limits& l) {
  all_ = l.all;
  per_ip_ = l.per_ip;
  overrides_.clear();
  for (const auto& [ip, limit] : l.per_ip_overrides) overrides_[ip] = limit;
  ip_rate_ = l.ip_new_per_second;
  ip_rate_overrides_.clear();
  for (const auto& [ip, rate] : l.ip_new_per_second_overrides) ip_rate_overrides_[ip] = rate;
  has_ip_rates_ = ip_rate_ != std::numeric_limits<double>::infinity() || !ip_rate_overrides_.empty();
  ip_window_ = l.ip_window;
  if (!has_ip_rates_) attempts_.clear();
  spacing_ = allowance_ = duration::zero();
  if (l.new_per_second > 0 && l.new_per_second < unlimited) {
    spacing_ = duration(std::chrono::seconds(1)) / l.new_per_second;
    allowance_ = std::chrono::seconds(1) - spacing_;
  }
}

std::uint32_t admission::limit_of(const ip_address& ip) const {
  const auto it = overrides_.find(ip);
  return it == overrides_.end() ? per_ip_ : it->second;
}

double admission::rate_of(const ip_address& ip) const {
  const auto it = ip_rate_overrides_.find(ip);
  return it == ip_rate_overrides_.end() ? ip_rate_ : it->second;
}

duration admission::delay_of(const ip_address& ip, time_point now) {
  if (!has_ip_rates_) return {};
  const double rate = rate_of(ip);
  if (rate == std::numeric_limits<double>::infinity()) return {};
  if (attempts_.size() >= std::max<std::size_t>(sweep_attempts_at_, 64)) {
    for (auto it = attempts_.begin(); it != attempts_.end();) it = it->second.is_idle(now) ? attempts_.erase(it) : ++it;
    sweep_attempts_at_ = attempts_.size() * 2;
  }
  auto& used = attempts_.try_emplace(ip, ip_window_).first->second;
  used.add(1, now);
  const auto delay = used.wait_for(rate, now);
  if (security::throttle_ms(delay) == 0) return {};
  used.add(-1, now);
  return std::min(delay, ip_window_.sample);
}

bool admission::admit(const ip_address& ip, time_point now) {
  // Counted without a limit, too: one may come.
  const auto it = by_ip_.try_emplace(ip, 0).first;
  if (it->second >= limit_of(ip)) {
    if (it->second == 0) by_ip_.erase(it);
    return false;
  }
  ++it->second;
  paid_until_ = std::max(paid_until_, now) + spacing_;
  ++open_;
  return true;
}

void admission::release(const ip_address& ip) {
  --open_;
  const auto it = by_ip_.find(ip);
  if (it != by_ip_.end() && --it->second == 0) by_ip_.erase(it);
}

}  // namespace jackdaw::net
