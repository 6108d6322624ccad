// What a shard needs to start: the same for all shards of a process, but for its id and seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/broker/logger_control.hpp"
#include "jackdaw/broker/storage.hpp"
#include "jackdaw/security/rate.hpp"

namespace jackdaw::broker {

// Immutable once the shards run; shared by all of them.
struct server_info {
  broker_config config;
  std::string cluster_id;
  std::string version;  // of this program
  uuid incarnation;     // drawn at each start
  std::uint32_t shard_count = 1;
  std::shared_ptr<broker::storage> storage;
  std::size_t open_files_max = 1 << 20;     // of this process; logs use at most three quarters of them
  std::shared_ptr<logger_control> loggers;  // null: nothing to control
  // Where clients reach this broker, ports as bound: same names as config.listeners.
  std::vector<listener_config> advertised_listeners;
};

// What client quotas are measured over, and changes to topics: quota.window.*, controller.quota.window.*.
security::rate_window quota_window_of(const broker_config& config) noexcept;
security::rate_window mutation_window_of(const broker_config& config) noexcept;

// New connections per second that addresses may open (KIP-612).
struct connection_rates {
  std::optional<double> of_any_ip;                       // for each that has no own
  std::vector<std::pair<std::string, double>> of_hosts;  // address or host name
};

struct shard_options {
  shard_id id;
  std::shared_ptr<const server_info> server;
  std::uint64_t random_seed = 0;
  // Shard 0 tells here, on its thread, what the cluster's state makes of settings that may change while the broker
  // runs: whenever that differs from the last call, at first from `server->config.dynamic`. What was set before a
  // restart is told before start() says ready.
  unique_function<void(const dynamic_config&)> settings_changed = {};
  // The same of the quotas on new connections, at first when some are set.
  unique_function<void(const connection_rates&)> connection_rates_changed = {};
};

}  // namespace jackdaw::broker
