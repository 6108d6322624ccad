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
