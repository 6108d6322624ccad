// What topics' settings mean for the logs and leaders of one shard: made once for all partitions of a topic.
#pragma once

#include <memory>
#include <unordered_map>

#include "context/shard_context.hpp"
#include "jackdaw/log/log_config.hpp"
#include "jackdaw/metadata/topic.hpp"
#include "jackdaw/replica/partition_leader.hpp"

namespace jackdaw::broker {

class topic_configs {
 public:
  explicit topic_configs(const shard_context& home) : home_(home) {}

  std::shared_ptr<const log::log_config> of_logs(const metadata::topic& topic);
  replica::leader_settings of_leaders(const metadata::topic& topic) const;
  // A topic's settings changed or it is gone; the broker's did.
  void forget(const uuid& topic) { configs_.erase(topic); }
  void forget_all() { configs_.clear(); }

 private:
  const shard_context& home_;
  std::unordered_map<uuid, std::shared_ptr<const log::log_config>> configs_;
};

}  // namespace jackdaw::broker
