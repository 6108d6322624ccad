// How a server listens, and what its connections may cost.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/time.hpp"
#include "jackdaw/security/rate.hpp"

namespace jackdaw::net {

struct listener_options {
  std::string name;        // as in listeners=: PLAINTEXT
  std::string host;        // name, IPv4 or IPv6 address; empty: all interfaces
  std::uint16_t port = 0;  // 0: the system picks one, see server::bound_port
};

// How many connections may be open: Kafka's max.connections, max.connections.per.ip and its overrides,
// max.connection.creation.rate; and how many addresses may open per second (KIP-612).
struct admission_options {
  std::uint32_t max_connections = std::numeric_limits<std::uint32_t>::max();
  std::uint32_t max_connections_per_ip = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::pair<std::string, std::uint32_t>> per_ip_overrides;  // host name or address, limit
  std::uint32_t max_new_per_second = std::numeric_limits<std::uint32_t>::max();
  double ip_new_per_second = std::numeric_limits<double>::infinity();       // of each address that has no own rate
  std::vector<std::pair<std::string, double>> ip_new_per_second_overrides;  // host name or address, rate
  security::rate_window ip_window;                                          // that these rates are measured over
};

struct socket_options {
  int send_buffer_bytes = -1;     // -1: the system's, which grows as needed
  int receive_buffer_bytes = -1;  // the same
  int backlog = 50;
};

// What one connection, and all connections of a shard together, may hold: requests that are being read or answered,
// and answers that the peer hasn't taken. Whoever reaches a limit isn't read from until it holds less.
struct connection_options {
  std::uint32_t max_frame_bytes = 100 * 1024 * 1024;  // socket.request.max.bytes; a larger claim closes
  duration max_idle = std::chrono::minutes(10);       // zero or less: never closed for being idle
  std::size_t connection_bytes = 32 * 1024 * 1024;
  std::size_t unsent_reply_bytes = 8 * 1024 * 1024;  // of connection_bytes, what may wait for a slow reader
  std::size_t requests_in_flight = 1024;
  std::size_t shard_bytes = 256 * 1024 * 1024;
  // While a shard's budget is spent, whoever doesn't move for this long (a request begun, an answer not taken) is
  // closed, so that a few stalled peers can't hold the memory that others wait for.
  duration stall_under_pressure = std::chrono::seconds(10);
  // Called on a shard's thread when its connections have held little for a second after they had held much.
  void (*on_calm)() = nullptr;
};

}  // namespace jackdaw::net
