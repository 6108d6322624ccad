// The address of a peer, for counting; IPv4 as the IPv6 address that maps it.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

struct sockaddr_storage;

namespace jackdaw::net {

struct ip_address {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const ip_address&) const noexcept = default;
};

ip_address ip_of(const sockaddr_storage& address) noexcept;
// "127.0.0.1", "::1".
std::string to_string(const ip_address& ip);
// "127.0.0.1:4711", "[::1]:4711".
std::string endpoint_text(const sockaddr_storage& address);

}  // namespace jackdaw::net

template <>
struct std::hash<jackdaw::net::ip_address> {
  std::size_t operator()(const jackdaw::net::ip_address& ip) const noexcept {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (const auto byte : ip.bytes) h = (h ^ byte) * 0x100000001b3ULL;
    return static_cast<std::size_t>(h);
  }
};
