// Who may connect: counts connections, in all, for each address, and new ones for each second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jackdaw/base/time.hpp"
#include "jackdaw/net/ip_address.hpp"
#include "jackdaw/security/rate.hpp"

namespace jackdaw::net {

class admission {
 public:
  struct limits {
    std::uint32_t all;
    std::uint32_t per_ip;
    std::vector<std::pair<ip_address, std::uint32_t>> per_ip_overrides;
    std::uint32_t new_per_second;
    double ip_new_per_second = std::numeric_limits<double>::infinity();
    std::vector<std::pair<ip_address, double>> ip_new_per_second_overrides{};
    security::rate_window ip_window{};
  };
  explicit admission(const limits& l) { set_limits(l); }
  // Who is in stays in, and counts.
  void set_limits(const limits& l);

  // Whether one more may be accepted now; if not, it waits in the kernel's backlog until a connection closes.
  bool has_room() const noexcept { return open_ < all_; }
  // When the rate of new connections allows the next one; any time in the past for at once.
  time_point next_allowed() const noexcept {
    return spacing_ == duration::zero() ? time_point::min() : paid_until_ - allowance_;
  }

  // Counts a connection; false, and not counted, when its address has as many as it may.
  [[nodiscard]] bool admit(const ip_address& ip, time_point now);
  void release(const ip_address& ip);

  // Counts an attempt to connect. Above zero: its address made too many, this one isn't counted and must be refused,
  // but no sooner than after this time, so that trying again at once gains nothing.
  duration delay_of(const ip_address& ip, time_point now);

  std::uint32_t open() const noexcept { return open_; }
  std::uint32_t limit_of(const ip_address& ip) const;
  double rate_of(const ip_address& ip) const;

 private:
  std::uint32_t all_ = 0;
  std::uint32_t per_ip_ = 0;
  std::unordered_map<ip_address, std::uint32_t> overrides_;
  duration spacing_{};       // between new connections, on average; zero: no limit
  duration allowance_{};     // how far a burst may run ahead of the average: one second's worth
  time_point paid_until_{};  // each new connection moves this on by `spacing_`
  std::uint32_t open_ = 0;
  std::unordered_map<ip_address, std::uint32_t> by_ip_;
  bool has_ip_rates_ = false;
  double ip_rate_ = 0;
  std::unordered_map<ip_address, double> ip_rate_overrides_;
  security::rate_window ip_window_;
  std::unordered_map<ip_address, security::windowed_rate> attempts_;  // of addresses that have a rate
  std::size_t sweep_attempts_at_ = 0;                                 // when there are so many
};

}  // namespace jackdaw::net
