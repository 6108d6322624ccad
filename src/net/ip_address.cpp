#include "jackdaw/net/ip_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace jackdaw::net {

namespace {

std::uint16_t port_of(const sockaddr_storage& address) noexcept {
  if (address.ss_family == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
  return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
}

bool is_mapped_v4(const ip_address& ip) noexcept {
  return std::all_of(ip.bytes.begin(), ip.bytes.begin() + 10, [](auto b) { return b == 0; }) && ip.bytes[10] == 0xff &&
         ip.bytes[11] == 0xff;
}

}  // namespace

ip_address ip_of(const sockaddr_storage& address) noexcept {
  ip_address ip;
  if (address.ss_family == AF_INET) {
    ip.bytes[10] = ip.bytes[11] = 0xff;
    std::memcpy(ip.bytes.data() + 12, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, 4);
  } else if (address.ss_family == AF_INET6) {
    std::memcpy(ip.bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, 16);
  }
  return ip;
}

std::string to_string(const ip_address& ip) {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_mapped_v4(ip)) {
    ::inet_ntop(AF_INET, ip.bytes.data() + 12, text, sizeof text);
  } else {
    ::inet_ntop(AF_INET6, ip.bytes.data(), text, sizeof text);
  }
  return text;
}

std::string endpoint_text(const sockaddr_storage& address) {
  const ip_address ip = ip_of(address);
  if (is_mapped_v4(ip)) return fmt::format("{}:{}", to_string(ip), port_of(address));
  return fmt::format("[{}]:{}", to_string(ip), port_of(address));
}

}  // namespace jackdaw::net
