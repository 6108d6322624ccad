// Changing the settings of topics, brokers, groups and client-metrics subscriptions (KIP-133, KIP-339).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/protocol/messages/alter_configs.hpp"
#include "jackdaw/protocol/messages/incremental_alter_configs.hpp"

namespace jackdaw::controller {

struct altered_resource {
  std::int8_t type = 0;
  std::string name;
  verdict outcome;
  std::vector<std::string> notes;  // settings without effect, one sentence each, for the log
};

// KEY of "listener.name.NAME.KEY", which sets KEY for one listener; any other key is returned as it is.
std::string_view key_without_listener(std::string_view key) noexcept;

// `config` is this node's: broker resources are refused unless they name it or all brokers, because clients send them
// to the broker that they are about. Each resource is taken whole or not at all; others don't suffer.

// A resource's settings become exactly those of the request.
decision<std::vector<altered_resource>> alter_configs(const metadata::image& image,
                                                      const protocol::alter_configs_request& request,
                                                      const broker_config& config);

// Set, delete, append to a list, subtract from a list. Broker loggers are no cluster state: they are left out of the
// reply, each broker answers for its own.
decision<std::vector<altered_resource>> incremental_alter_configs(
    const metadata::image& image, const protocol::incremental_alter_configs_request& request,
    const broker_config& config);

}  // namespace jackdaw::controller
