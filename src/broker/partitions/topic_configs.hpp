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

  const std::shared_ptr<const log::log_config>& of_logs(const metadata::topic& topic) { return of(topic).log; }
  const replica::leader_settings& of_leaders(const metadata::topic& topic) { return of(topic).leader; }
  // A topic's settings changed or it is gone; the broker's did.
  void forget(const uuid& topic) { made_.erase(topic); }
  void forget_all() { made_.clear(); }

 private:
  struct made {
    std::shared_ptr<const log::log_config> log;
    replica::leader_settings leader;
  };
  const made& of(const metadata::topic& topic);

  const shard_context& home_;
  std::unordered_map<uuid, made> made_;
};

}  // namespace jackdaw::broker
