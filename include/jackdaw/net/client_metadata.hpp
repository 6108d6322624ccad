// What a client knows of a cluster: its brokers, and of the topics asked for which broker leads which partition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/net/client_options.hpp"
#include "jackdaw/protocol/error_codes.hpp"
#include "jackdaw/protocol/messages/metadata.hpp"

namespace jackdaw::net {

struct broker_metadata {
  broker_id id;
  endpoint at;
  std::string rack;  // empty: none
};

struct partition_metadata {
  partition_id id;
  protocol::error_code error = protocol::error_code::none;
  broker_id leader;  // -1: none
  leader_epoch epoch;
  std::vector<broker_id> replicas;
  std::vector<broker_id> in_sync;
  std::vector<broker_id> offline;
};

struct topic_metadata {
  std::string name;
  uuid id;  // zero: the broker is too old to have ids
  protocol::error_code error = protocol::error_code::none;
  bool is_internal = false;
  std::vector<partition_metadata> partitions;  // by id, from 0
};

class cluster_metadata {
 public:
  // Takes over brokers and ids; topics in `response` replace those of the same name, and all when `whole` is set.
  void update(const protocol::metadata_response& response, bool whole);

  const std::string& cluster_id() const noexcept { return cluster_id_; }
  broker_id controller() const noexcept { return controller_; }
  const std::vector<broker_metadata>& brokers() const noexcept { return brokers_; }
  const std::map<std::string, topic_metadata, std::less<>>& topics() const noexcept { return topics_; }
  // Null when unknown. Pointers last until the next update.
  const broker_metadata* broker(broker_id id) const noexcept;
  const topic_metadata* topic(std::string_view name) const noexcept;
  const topic_metadata* topic(const uuid& id) const noexcept;
  const partition_metadata* partition(std::string_view topic, partition_id id) const noexcept;

 private:
  std::string cluster_id_;
  broker_id controller_;
  std::vector<broker_metadata> brokers_;
  std::map<std::string, topic_metadata, std::less<>> topics_;
};

}  // namespace jackdaw::net
