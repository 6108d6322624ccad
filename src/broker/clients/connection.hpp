// A client's connection, as the shard that serves it knows it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "client_quotas.hpp"
#include "jackdaw/broker/shard.hpp"
#include "principal.hpp"

namespace jackdaw::broker {

struct connection {
  connection_info info;
  std::string software_name = "unknown";  // until ApiVersions says it (KIP-511)
  std::string software_version = "unknown";
  // Fetches that wait for data; they go when the connection goes.
  std::vector<std::uint64_t> parked_fetches{};
  principal_ptr who = std::make_shared<const principal>();
  std::unique_ptr<quota_binding> quotas{};  // null until somebody asks for them
};

}  // namespace jackdaw::broker
