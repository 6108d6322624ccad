#include "jackdaw/net/host_name.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "jackdaw/net/ip_address.hpp"

namespace jackdaw::net {

namespace {

std::vector<sockaddr_storage> addresses_of(const char* name) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<sockaddr_storage> out;
  if (::getaddrinfo(name, nullptr, &hints, &found) != 0) return out;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    std::memcpy(&out.emplace_back(), a->ai_addr, a->ai_addrlen);
  }
  ::freeaddrinfo(found);
  return out;
}

std::string name_of(const sockaddr_storage& address) {
  char name[NI_MAXHOST] = {};
  const socklen_t size = address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
  const auto* plain = reinterpret_cast<const sockaddr*>(&address);
  return ::getnameinfo(plain, size, name, sizeof name, nullptr, 0, NI_NAMEREQD) == 0 ? name : "";
}

}  // namespace

std::string canonical_host_name() {
  char own[256] = {};
  if (::gethostname(own, sizeof own - 1) != 0) return "localhost";
  auto addresses = addresses_of(own);
  if (addresses.empty()) return own;
  std::stable_partition(addresses.begin(), addresses.end(), [](const auto& a) { return a.ss_family == AF_INET; });
  const ip_address first = ip_of(addresses.front());
  std::string name = name_of(addresses.front());
  for (const auto& a : addresses_of(name.c_str())) {
    if (ip_of(a) == first) return name;
  }
  return to_string(first);
}

}  // namespace jackdaw::net
