// The words in which the tables of keys are written.
//
// A row: name, type, default, check, how it changes, importance, effect, note, help [, synonyms [, internal]].
// Values are Kafka's unless the note says otherwise. Sorted by name. After a change run the test with
// JACKDAW_WRITE_DOCS=1 to write docs/configuration.md anew.
#pragma once

#include <span>

#include "jackdaw/base/config.hpp"

namespace jackdaw::config_rows {

using enum config_type;
using enum config_update;
using enum config_importance;
using enum config_effect;

inline constexpr std::nullopt_t null = std::nullopt;
inline constexpr bool internal = true;

inline constexpr config_check any{};
constexpr config_check at_least(double min) { return {.what = config_check::kind::range, .min = min}; }
constexpr config_check between(double min, double max) {
  return {.what = config_check::kind::range, .min = min, .max = max};
}
constexpr config_check one_of(std::string_view values) {
  return {.what = config_check::kind::one_of, .values = values};
}
constexpr config_check one_of_no_case(std::string_view values) {
  return {.what = config_check::kind::one_of_no_case, .values = values};
}
inline constexpr config_check gzip_level{.what = config_check::kind::gzip_level};
inline constexpr config_check non_empty{.what = config_check::kind::non_empty};
inline constexpr config_check throttled_replicas{.what = config_check::kind::throttled_replicas};
inline constexpr config_check voters{.what = config_check::kind::quorum_voters};
inline constexpr config_check endpoints{.what = config_check::kind::endpoints};
inline constexpr config_check offset_reset{.what = config_check::kind::offset_reset};
// Lists: any without duplicates, or of certain items; the second kind with at least one item.
inline constexpr config_check items{.what = config_check::kind::items};
inline constexpr config_check some_items{.what = config_check::kind::items, .empty_allowed = false};
constexpr config_check items_of(std::string_view values) {
  return {.what = config_check::kind::items, .values = values};
}
constexpr config_check some_items_of(std::string_view values) {
  return {.what = config_check::kind::items, .values = values, .empty_allowed = false};
}

// Why a key has no effect.
inline constexpr std::string_view no_compaction = "logs are not compacted yet";
inline constexpr std::string_view no_cordon = "new partitions go to every data directory";
inline constexpr std::string_view no_consumer_protocol = "groups of the consumer protocol (KIP-848) are not served yet";
inline constexpr std::string_view no_internals = "it belongs to the inside of Apache Kafka";
inline constexpr std::string_view no_java = "Java classes can't be loaded";
inline constexpr std::string_view no_metrics = "metrics are measured in another way";
inline constexpr std::string_view no_offsets_topic = "committed offsets live in the metadata quorum, not in a topic";
inline constexpr std::string_view no_purgatory = "a waiting request is forgotten when it ends";
inline constexpr std::string_view no_replica_quotas = "replication between brokers is not throttled yet";
inline constexpr std::string_view no_replication = "one node forms the cluster yet";
inline constexpr std::string_view no_security = "TLS, SASL and authorization are not there yet";
inline constexpr std::string_view no_samples = "the rate is kept by pauses, not by samples";
inline constexpr std::string_view no_share = "share groups are not served yet";
inline constexpr std::string_view no_streams = "streams groups are not served yet";
inline constexpr std::string_view no_threads = "one thread per shard does all of it: `jackdaw.shards`";
inline constexpr std::string_view no_tiered = "there is no remote storage";
inline constexpr std::string_view no_transactions = "transactions are not served yet";
inline constexpr std::string_view no_transactions_topic = "transactions live in the metadata quorum, not in a topic";

// The tables, each sorted by name.
std::span<const config_key> broker_log_keys() noexcept;
std::span<const config_key> broker_network_keys() noexcept;
std::span<const config_key> broker_cluster_keys() noexcept;
std::span<const config_key> broker_group_keys() noexcept;
std::span<const config_key> broker_remote_keys() noexcept;
std::span<const config_key> broker_security_keys() noexcept;
std::span<const config_key> broker_own_keys() noexcept;
std::span<const config_key> topic_keys() noexcept;
std::span<const config_key> group_keys() noexcept;
std::span<const config_key> client_metrics_keys() noexcept;
std::span<const config_key> client_quota_keys() noexcept;
std::span<const config_key> ip_quota_keys() noexcept;

}  // namespace jackdaw::config_rows
