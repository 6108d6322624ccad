// A connection on its way from the listener that accepted it to its shard.
#pragma once

#include <string>

#include "jackdaw/net/ip_address.hpp"
#include "jackdaw/net/unique_fd.hpp"

namespace jackdaw::net {

struct accepted_socket {
  unique_fd fd;                // doesn't block
  ip_address ip;               // for counting
  std::string peer;            // "127.0.0.1:4711"
  std::uint16_t listener = 0;  // index in server_options::listeners
};

}  // namespace jackdaw::net
