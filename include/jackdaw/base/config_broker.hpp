// What a server starts with: the typed values of server.properties, container variables and --override.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jackdaw/base/config.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw {

enum class security_protocol : std::int16_t { plaintext = 0, ssl = 1, sasl_plaintext = 2, sasl_ssl = 3 };
const char* name_of(security_protocol protocol) noexcept;

struct listener_config {
  std::string name;        // upper case, as in listeners=
  std::string host;        // empty: all interfaces
  std::uint16_t port = 0;  // 0: the system picks one
  security_protocol security = security_protocol::plaintext;
};

struct voter_config {
  broker_id id;
  std::string host;
  std::uint16_t port = 0;
};

struct endpoint_config {
  std::string host;
  std::uint16_t port = 0;
};

// Broker settings that may change while the server runs, of those that aren't settings of topics, too (KIP-226).
struct dynamic_config {
  std::int32_t max_connections = 2147483647;
  std::int32_t max_connections_per_ip = 2147483647;
  std::vector<std::pair<std::string, std::int32_t>> max_connections_per_ip_overrides;  // host, limit
  std::int32_t max_connection_creation_rate = 2147483647;                              // per second
  std::int32_t num_recovery_threads_per_data_dir = 2;
  std::int32_t producer_id_expiration_ms = 86400000;
  std::int64_t alter_log_dirs_max_bytes_per_second = INT64_MAX;  // replica.alter.log.dirs.io.max.bytes.per.second

  bool operator==(const dynamic_config&) const = default;
};
// What they are worth; `layers.resource` is not read.
dynamic_config effective_dynamic_config(const config_layers& layers);

// One server's static configuration, checked. Keys that may change while the server runs are read through
// effective() with `settings` as the lowest layer; the fields here are what the server starts with.
struct broker_config {
  config_map settings;     // every known key that was set, by Kafka's name: the static layer of config_layers
  dynamic_config dynamic;  // what `settings` alone makes of it

  broker_id node_id{1};
  std::string cluster_id;  // from CLUSTER_ID; empty: from meta.properties, else drawn
  bool is_broker = true;
  bool is_controller = true;
  std::string rack;  // empty: none

  std::vector<listener_config> listeners;  // for clients and other brokers
  // What Metadata answers, some or all of `listeners`. An empty host stands for this machine's name, port 0 for the
  // bound port: whoever binds fills them in.
  std::vector<listener_config> advertised_listeners;
  std::vector<listener_config> controller_listeners;
  std::string inter_broker_listener;
  std::vector<voter_config> controller_quorum_voters;
  std::vector<endpoint_config> controller_quorum_bootstrap_servers;

  std::vector<std::string> log_dirs{"./data"};
  std::string metadata_log_dir;  // never empty: the first of log_dirs unless set

  std::int32_t socket_send_buffer_bytes = 102400;     // -1: the system's
  std::int32_t socket_receive_buffer_bytes = 102400;  // -1: the system's
  std::int32_t socket_request_max_bytes = 104857600;
  std::int32_t socket_listen_backlog_size = 50;
  std::int64_t connections_max_idle_ms = 600000;  // negative: never
  std::int32_t fetch_max_bytes = 57671680;
  std::int32_t max_incremental_fetch_session_cache_slots = 1000;
  std::int32_t group_initial_rebalance_delay_ms = 3000;
  std::int32_t group_max_size = 2147483647;
  std::int32_t group_min_session_timeout_ms = 6000;
  std::int32_t group_max_session_timeout_ms = 1800000;
  std::int32_t offset_metadata_max_bytes = 4096;
  std::int64_t offsets_retention_ms = 604800000;
  std::int64_t offsets_retention_check_interval_ms = 600000;
  std::int32_t max_request_partition_size_limit = 2000;
  std::int32_t telemetry_max_bytes = 1048576;
  std::optional<std::int32_t> num_replica_alter_log_dirs_threads;  // nothing: as many as data directories

  // Over how many samples of which length client quotas are measured, and those of changes to topics.
  std::int32_t quota_window_num = 11;
  std::int32_t quota_window_size_seconds = 1;
  std::int32_t controller_quota_window_num = 11;
  std::int32_t controller_quota_window_size_seconds = 1;

  bool auto_create_topics_enable = true;
  bool delete_topic_enable = true;
  std::int32_t num_partitions = 1;
  std::int16_t default_replication_factor = 1;

  std::int64_t log_retention_check_interval_ms = 300000;
  std::int64_t log_flush_scheduler_interval_ms = 9223372036854775807;
  std::int32_t log_flush_offset_checkpoint_interval_ms = 60000;
  std::int32_t log_flush_start_offset_checkpoint_interval_ms = 60000;
  std::int64_t log_initial_task_delay_ms = 30000;
  std::int32_t producer_id_expiration_check_interval_ms = 600000;

  std::int64_t metadata_log_max_record_bytes_between_snapshots = 20971520;
  std::int64_t metadata_log_max_snapshot_interval_ms = 3600000;
  std::int32_t metadata_log_segment_bytes = 1073741824;

  // Jackdaw's own
  std::int32_t shards = 0;                          // 0: one per core
  std::int32_t disk_threads = 0;                    // 0: chosen by the number of cores
  std::int64_t memory_shard_bytes = 268435456;      // requests and answers of all connections of a shard
  std::int64_t memory_connection_bytes = 33554432;  // the same for one connection
  std::int64_t memory_fetch_sessions_bytes = 134217728;
  std::int64_t memory_groups_bytes = 1073741824;  // members and committed offsets
  std::int32_t connection_requests_max = 1024;    // unanswered, of one connection
  std::string log_level = "info";                 // trace, debug, info, warn, error
  std::string log_format = "text";                // text, json
};

// Where a setting was written: "server.properties:12", "variable KAFKA_LOG_DIRS", "--override".
struct config_setting {
  std::string key;
  std::string value;
  std::string origin;
};

// The syntax of Java's .properties: comments, continued lines, escapes, '=' ':' or blank between key and value.
// Settings in the order written, duplicates included. `file` is the name for origins and errors.
result<std::vector<config_setting>> parse_properties(std::string_view text, std::string_view file);

// Container variables as settings: KAFKA_X_Y is x.y, '__' is '_', '___' is '-'; the image's own variables (KAFKA_OPTS,
// KAFKA_HEAP_OPTS ...) are left out; CLUSTER_ID is the setting "cluster.id". Pairs are name and value.
std::vector<config_setting> settings_from_environment(
    const std::vector<std::pair<std::string, std::string>>& environment);

// "HOST:COUNT,HOST:COUNT": the value of max.connections.per.ip.overrides, which may change while the server runs.
result<std::vector<std::pair<std::string, std::int32_t>>> parse_connection_overrides(std::string_view text);

struct config_input {
  std::string file_name;  // empty: no file
  std::string file_text;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> overrides;  // key=value, in order
};

struct loaded_config {
  broker_config config;
  std::vector<std::string> warnings;  // one sentence each, for the log
};

// Defaults < file < variables < overrides. Keys that belong elsewhere (clients, other versions and distributions), keys
// without effect and unknown ones give a warning each; a bad value, and an unknown key of an override or under
// jackdaw.config.strict, is an error, one line for each, that names where it was written, the key and what is allowed.
result<loaded_config> load_broker_config(const config_input& input);

}  // namespace jackdaw
