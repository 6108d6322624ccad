// How a client finds and talks to a cluster.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/result.hpp"

namespace jackdaw::net {

struct endpoint {
  std::string host;
  std::uint16_t port = 9092;
  bool operator==(const endpoint&) const = default;
};

// "host:port", with brackets around an IPv6 address.
std::string to_string(const endpoint& e);
// A comma-separated list of host, host:port or [address]:port; 9092 where no port is given.
result<std::vector<endpoint>> parse_endpoints(std::string_view list);

struct client_options {
  std::vector<endpoint> bootstrap;
  std::string client_id = "jackdaw";
  std::string software_version;  // told to the broker (KIP-511)
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds request_timeout{30000};
};

}  // namespace jackdaw::net
