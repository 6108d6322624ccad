// The cluster's state at one point of the replicated log. Immutable: any thread that holds an image_ptr reads a
// consistent state without locks for as long as it likes. The next image shares with it everything that didn't change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/metadata/persistent_map.hpp"
#include "jackdaw/metadata/records.hpp"
#include "jackdaw/metadata/topic.hpp"

namespace jackdaw::metadata {

class image;
using image_ptr = std::shared_ptr<const image>;

// The last raft entry whose records an image holds; index 0 before the first.
struct log_position {
  raft_index index;
  raft_term term;
  constexpr auto operator<=>(const log_position&) const noexcept = default;
};

// Explicitly set keys of one resource, in the order of keys.
using config_map = std::map<std::string, std::string, std::less<>>;

struct config_key {
  config_resource type = config_resource::topic;
  std::string name;
  auto operator<=>(const config_key&) const noexcept = default;
};

class image {
 public:
  using topic_names = persistent_map<std::string, uuid>;
  using topic_map = persistent_map<uuid, topic_ptr>;
  using config_resources = persistent_map<config_key, std::shared_ptr<const config_map>>;
  // What was set for an entity, by key.
  using quota_values = std::map<std::string, double, std::less<>>;
  using quota_map = persistent_map<quota_entity, std::shared_ptr<const quota_values>>;
  using broker_map = persistent_map<broker_id, std::shared_ptr<const broker_registered>>;

  static image_ptr empty();

  const log_position& position() const noexcept { return position_; }
  const std::string& cluster_id() const noexcept { return cluster_id_; }  // empty until cluster_created
  // The first producer id that belongs to nobody.
  producer_id next_producer_id() const noexcept { return next_producer_id_; }
  const std::map<std::string, std::int16_t, std::less<>>& features() const noexcept { return features_; }

  // Pointers and references live as long as the image.
  const topic* find_topic(std::string_view name) const noexcept;
  const topic* find_topic(const uuid& id) const noexcept;
  const partition_state* find_partition(const uuid& topic, partition_id p) const noexcept;
  std::size_t topic_count() const noexcept { return topics_.size(); }
  std::size_t partition_count() const noexcept { return partition_count_; }
  // In the order of names (bytes); lower_bound(name) starts in the middle. Values go to find_topic.
  const topic_names& names() const noexcept { return names_; }
  const topic_map& topics() const noexcept { return topics_; }

  // Explicitly set keys of a resource; an empty map if there are none.
  const config_map& configs(config_resource type, std::string_view name) const noexcept;
  const config_resources& all_configs() const noexcept { return configs_; }

  // Client quotas that were set (KIP-546).
  const quota_map& quotas() const noexcept { return quotas_; }

  const broker_registered* find_broker(broker_id id) const noexcept;
  const broker_map& brokers() const noexcept { return brokers_; }

  // The same state at the same position, whatever way led there.
  bool operator==(const image& other) const;

  // The records that make this image from the empty one, in an order that applies: the content of a snapshot.
  void for_each_record(const std::function<void(record)>& yield) const;

  // Counts and order of everything; O(n), for tests.
  void check() const;

 private:
  friend class image_builder;

  log_position position_;
  std::string cluster_id_;
  producer_id next_producer_id_{0};
  std::map<std::string, std::int16_t, std::less<>> features_;
  topic_names names_;
  topic_map topics_;
  std::size_t partition_count_ = 0;
  config_resources configs_;
  broker_map brokers_;
  quota_map quotas_;
};

}  // namespace jackdaw::metadata
