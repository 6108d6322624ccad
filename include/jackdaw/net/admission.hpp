// Who may connect: counts connections, in all, for each address, and new ones for each second.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jackdaw/base/time.hpp"
#include "jackdaw/net/ip_address.hpp"

namespace jackdaw::net {

class admission {
 public:
  struct limits {
    std::uint32_t all;
    std::uint32_t per_ip;
    std::vector<std::pair<ip_address, std::uint32_t>> per_ip_overrides;
    std::uint32_t new_per_second;
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

  std::uint32_t open() const noexcept { return open_; }
  std::uint32_t limit_of(const ip_address& ip) const;

 private:
  std::uint32_t all_ = 0;
  std::uint32_t per_ip_ = 0;
  std::unordered_map<ip_address, std::uint32_t> overrides_;
  duration spacing_{};       // between new connections, on average; zero: no limit
  duration allowance_{};     // how far a burst may run ahead of the average: one second's worth
  time_point paid_until_{};  // each new connection moves this on by `spacing_`
  std::uint32_t open_ = 0;
  std::unordered_map<ip_address, std::uint32_t> by_ip_;
};

}  // namespace jackdaw::net
