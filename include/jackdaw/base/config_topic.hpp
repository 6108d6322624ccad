// A topic's effective settings, typed, and the checks that Kafka makes on topic settings as a whole.
#pragma once

#include <cstdint>

#include "jackdaw/base/config.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw {

enum class topic_compression : std::uint8_t { producer, uncompressed, gzip, snappy, lz4, zstd };

// Fields carry the names of the topic keys. Negative limits mean none, as in Kafka.
struct topic_config {
  bool cleanup_compact = false;
  bool cleanup_delete = true;
  topic_compression compression = topic_compression::producer;
  std::int32_t compression_gzip_level = -1;
  std::int32_t compression_lz4_level = 9;
  std::int32_t compression_zstd_level = 3;
  std::int64_t delete_retention_ms = 86400000;
  std::int64_t file_delete_delay_ms = 60000;
  std::int64_t flush_messages = 9223372036854775807;
  std::int64_t flush_ms = 9223372036854775807;
  std::int32_t index_interval_bytes = 4096;
  std::int64_t max_compaction_lag_ms = 9223372036854775807;
  std::int64_t min_compaction_lag_ms = 0;
  double min_cleanable_dirty_ratio = 0.5;
  std::int32_t max_decompressed_message_bytes = 2147483639;
  std::int32_t max_message_bytes = 1048588;
  std::int64_t message_timestamp_after_max_ms = 3600000;
  std::int64_t message_timestamp_before_max_ms = 9223372036854775807;
  bool message_timestamp_log_append_time = false;
  std::int32_t min_insync_replicas = 1;
  bool preallocate = false;
  std::int64_t retention_bytes = -1;
  std::int64_t retention_ms = 604800000;
  std::int32_t segment_bytes = 1073741824;
  std::int32_t segment_index_bytes = 10485760;
  std::int64_t segment_jitter_ms = 0;
  std::int64_t segment_ms = 604800000;
  bool unclean_leader_election_enable = false;
  bool remote_storage_enable = false;

  bool operator==(const topic_config&) const = default;
};

// `layers.resource` holds the topic's own settings.
topic_config effective_topic_config(const config_layers& layers);

// What Kafka checks when a topic is created or altered: known names, each value, and values against each other.
// `proposed` is the topic's own settings after the change; `layers` gives the brokers' part, its `resource` is not
// read. The error's sentence is Kafka's; its code is always errc::invalid_argument.
result<void> check_topic_config(const config_map& proposed, const config_layers& layers);

}  // namespace jackdaw
