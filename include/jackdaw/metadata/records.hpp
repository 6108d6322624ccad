// What the cluster's replicated log says: each record is one fact that changes the image. The controller decides by
// yielding records; applying them (image.hpp) is the only thing that changes cluster state.
//
// The records of one raft entry are applied together or not at all.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/metadata/broker_list.hpp"
#include "jackdaw/metadata/group_records.hpp"

namespace jackdaw::metadata {

// Counts the changes of a partition's state, so that a change decided on an older state is refused.
using partition_epoch = strong_ordinal<struct partition_epoch_tag, std::int32_t, -1>;

// Kafka's numbers for kinds of config resource (KIP-133, KIP-714, KIP-848).
enum class config_resource : std::uint8_t { topic = 2, broker = 4, broker_logger = 8, client_metrics = 16, group = 32 };

// The name of the broker resource that holds the defaults of all brokers.
inline constexpr const char* default_broker_resource = "";

// Everything the cluster knows of one partition.
struct partition_state {
  broker_list replicas;  // the preferred leader first
  broker_list isr;
  // Non-empty only while a reassignment runs (KIP-455).
  broker_list adding_replicas;
  broker_list removing_replicas;
  // Eligible leader replicas and the last known ones (KIP-966).
  broker_list elr;
  broker_list last_known_elr;
  broker_id leader;  // -1: none
  jackdaw::leader_epoch leader_epoch{0};
  metadata::partition_epoch partition_epoch{0};
  // The leader was elected unclean and hasn't said yet that it recovered (KIP-704).
  bool leader_recovering = false;

  bool operator==(const partition_state&) const noexcept = default;
};

struct cluster_created {
  std::string cluster_id;
  bool operator==(const cluster_created&) const = default;
};

struct feature_level_set {
  std::string name;
  std::int16_t level = 0;  // 0 removes the feature
  bool operator==(const feature_level_set&) const = default;
};

struct topic_created {
  std::string name;
  uuid id;
  bool operator==(const topic_created&) const = default;
};

// Takes its partitions and its configs along.
struct topic_deleted {
  uuid id;
  bool operator==(const topic_deleted&) const = default;
};

// The partitions of a topic are created in order, from 0, without gaps.
struct partition_created {
  uuid topic;
  partition_id partition;
  partition_state state;
  bool operator==(const partition_created&) const = default;
};

// The whole new state, so that a record's effect doesn't depend on how the old one was reached.
struct partition_changed {
  uuid topic;
  partition_id partition;
  partition_state state;
  bool operator==(const partition_changed&) const = default;
};

// No value: the key is back at its default.
struct config_changed {
  config_resource type = config_resource::topic;
  std::string name;  // topic name, broker id in decimal or default_broker_resource, group id, subscription name
  std::string key;
  std::optional<std::string> value;
  bool operator==(const config_changed&) const = default;
};

struct broker_endpoint {
  std::string listener;
  std::string host;
  std::uint16_t port = 0;
  std::int16_t security_protocol = 0;  // Kafka's number: 0 PLAINTEXT, 1 SSL, 2 SASL_PLAINTEXT, 3 SASL_SSL
  bool operator==(const broker_endpoint&) const = default;
};

// A broker that is new or came back. Replaces what was known of this id.
struct broker_registered {
  broker_id id;
  broker_epoch epoch;
  uuid incarnation;  // drawn anew at each start of the process
  std::vector<broker_endpoint> endpoints;
  std::optional<std::string> rack;
  bool fenced = false;
  bool shutting_down = false;
  bool operator==(const broker_registered&) const = default;
};

struct broker_changed {
  broker_id id;
  broker_epoch epoch;
  bool fenced = false;
  bool shutting_down = false;
  bool operator==(const broker_changed&) const = default;
};

struct broker_removed {
  broker_id id;
  bool operator==(const broker_removed&) const = default;
};

// `broker` may hand out the producer ids below `next` that nobody was given before.
struct producer_ids_allocated {
  broker_id broker;
  broker_epoch epoch;
  producer_id next;
  bool operator==(const producer_ids_allocated&) const = default;
};

// Whom a quota is for (KIP-546): one to two of "user", "client-id" or one "ip", in the order of types; no name: the
// default of that type.
struct quota_entity {
  std::map<std::string, std::optional<std::string>> parts;
  auto operator<=>(const quota_entity&) const = default;
};

// No value: this limit no longer holds.
struct client_quota_changed {
  quota_entity entity;
  std::string key;  // producer_byte_rate, consumer_byte_rate, request_percentage, controller_mutation_rate, ...
  std::optional<double> value;
  bool operator==(const client_quota_changed&) const = default;
};

using record =
    std::variant<cluster_created, feature_level_set, topic_created, topic_deleted, partition_created, partition_changed,
                 config_changed, broker_registered, broker_changed, broker_removed, producer_ids_allocated,
                 client_quota_changed, group_stored, group_removed, offsets_committed, offsets_removed>;

// Decided together, and shared by who decides on top of them, who writes them and who replays them. Never null or
// empty.
using record_batch = std::shared_ptr<const std::vector<record>>;

// The payload of one raft entry, or of one piece of a snapshot (docs/formats/metadata.md).
std::vector<std::byte> encode(std::span<const record> records);
std::vector<std::byte> encode_batches(std::span<const record_batch> batches);

// What a record takes there, near enough to keep payloads small.
std::size_t roughly_bytes(const record& r) noexcept;

// errc::unsupported: written by a version of Jackdaw that knows records which this one doesn't; the log can't be
// followed past it. errc::corrupt: not a payload.
result<std::vector<record>> decode(bytes_view payload);

// For logs and `jackdaw log dump`: the record's name, e.g. "topic_created".
const char* name_of(const record& r) noexcept;

}  // namespace jackdaw::metadata
