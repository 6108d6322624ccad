// Sockets that listen: name resolution, options, ports.
#pragma once

#include <cstdint>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/net/ip_address.hpp"
#include "jackdaw/net/options.hpp"
#include "jackdaw/net/unique_fd.hpp"

namespace jackdaw::net {

struct bound_listener {
  std::vector<unique_fd> sockets;  // one for each address of the host
  std::uint16_t port = 0;
};

// Binds every address that the listener's host has here, all to the same port, without listening yet. No host, and
// every spelling of 0.0.0.0 and ::, are all interfaces of both families, as in Kafka. Errors name the listener and say
// what to do.
result<bound_listener> bind_listener(const listener_options& listener, const socket_options& options);
result<void> start_listening(const bound_listener& bound, const listener_options& listener, int backlog);

// The addresses that a host name has; for the overrides of max.connections.per.ip.
result<std::vector<ip_address>> resolve(const std::string& host);

}  // namespace jackdaw::net
