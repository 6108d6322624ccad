// What everything that runs on one shard may use: its surroundings, its clock and timers, and the newest cluster state
// that it has been told.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "jackdaw/base/random.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/broker/environment.hpp"
#include "jackdaw/broker/shard_options.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::broker {

inline constexpr shard_id shard_zero{0};

// This shard's thread only. Outlives all that is given it.
class shard_context {
 public:
  shard_context(shard_options given, environment& environment)
      : options(std::move(given)),
        env(environment),
        random(options.random_seed),
        dynamic(options.server->config.dynamic) {}
  shard_context(const shard_context&) = delete;
  shard_context& operator=(const shard_context&) = delete;

  shard_id id() const noexcept { return options.id; }
  const server_info& server() const noexcept { return *options.server; }
  const broker_config& config() const noexcept { return options.server->config; }
  broker::storage& storage() const noexcept { return *options.server->storage; }
  log::disk& disk() const noexcept { return options.server->storage->disk(); }
  broker_id node_id() const noexcept { return config().node_id; }
  std::uint32_t shard_count() const noexcept { return options.server->shard_count; }
  // The shard that hosts a partition: the same answer everywhere, without a table. Neighbours land on different
  // shards, and topics start at different ones.
  shard_id owner_of(const uuid& topic, partition_id partition) const noexcept {
    const auto start = static_cast<std::uint32_t>(std::hash<uuid>{}(topic) >> 32);
    return shard_id{(start + static_cast<std::uint32_t>(partition.value())) % shard_count()};
  }
  void log(log_level level, const std::string& sentence) const { env.log(level, sentence); }

  shard_options options;
  environment& env;
  now_t now;  // of the event that is being worked on
  random_source random;
  metadata::image_ptr image = metadata::image::empty();
  dynamic_config dynamic;  // as `image` has it
  timer_queue timers;

 protected:
  ~shard_context() = default;
};

}  // namespace jackdaw::broker
