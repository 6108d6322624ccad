#include <algorithm>

#include "jackdaw/net/client_metadata.hpp"

namespace jackdaw::net {

namespace {

topic_metadata convert(const protocol::metadata_response::metadata_response_topic& from) {
  topic_metadata topic{std::string(from.name.value_or("")), from.topic_id, from.error_code, from.is_internal, {}};
  for (const auto& p : from.partitions) {
    topic.partitions.push_back({p.partition_index, p.error_code, p.leader_id, p.leader_epoch, p.replica_nodes,
                                p.isr_nodes, p.offline_replicas});
  }
  std::sort(topic.partitions.begin(), topic.partitions.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return topic;
}

}  // namespace

void cluster_metadata::update(const protocol::metadata_response& response, bool whole) {
  cluster_id_ = response.cluster_id.value_or("");
  controller_ = response.controller_id;
  brokers_.clear();
  for (const auto& b : response.brokers) {
    brokers_.push_back(
        {b.node_id, {std::string(b.host), static_cast<std::uint16_t>(b.port)}, std::string(b.rack.value_or(""))});
  }
  std::sort(brokers_.begin(), brokers_.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  if (whole) topics_.clear();
  for (const auto& t : response.topics) {
    topic_metadata topic = convert(t);
    if (!topic.name.empty()) topics_.insert_or_assign(topic.name, std::move(topic));
  }
}

const broker_metadata* cluster_metadata::broker(broker_id id) const noexcept {
  const auto at = std::find_if(brokers_.begin(), brokers_.end(), [&](const auto& b) { return b.id == id; });
  return at == brokers_.end() ? nullptr : &*at;
}

const topic_metadata* cluster_metadata::topic(std::string_view name) const noexcept {
  const auto at = topics_.find(name);
  return at == topics_.end() ? nullptr : &at->second;
}

const topic_metadata* cluster_metadata::topic(const uuid& id) const noexcept {
  for (const auto& [name, topic] : topics_) {
    if (topic.id == id) return &topic;
  }
  return nullptr;
}

const partition_metadata* cluster_metadata::partition(std::string_view topic_name, partition_id id) const noexcept {
  const topic_metadata* found = topic(topic_name);
  if (found == nullptr) return nullptr;
  const auto at =
      std::find_if(found->partitions.begin(), found->partitions.end(), [&](const auto& p) { return p.id == id; });
  return at == found->partitions.end() ? nullptr : &*at;
}

}  // namespace jackdaw::net
