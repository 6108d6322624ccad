// A partition's settings, under Kafka's names and with Kafka's defaults. The broker fills it from the topic's
// configuration; all partitions of a topic share one.
#pragma once

#include <cstdint>
#include <limits>

#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::log {

using protocol::timestamp_type;

// compression.type: `producer` keeps what the producer chose.
enum class compression_policy : std::int8_t { producer = -1, none = 0, gzip = 1, snappy = 2, lz4 = 3, zstd = 4 };

struct log_config {
  static constexpr std::int64_t unlimited = std::numeric_limits<std::int64_t>::max();

  std::int32_t segment_bytes = 1 << 30;
  std::int64_t segment_ms = 7LL * 24 * 3600 * 1000;
  std::int64_t segment_jitter_ms = 0;
  std::int32_t segment_index_bytes = 10 * 1024 * 1024;
  std::int32_t index_interval_bytes = 4096;
  std::int64_t retention_bytes = -1;                   // -1: no limit
  std::int64_t retention_ms = 7LL * 24 * 3600 * 1000;  // -1: no limit
  std::int64_t file_delete_delay_ms = 60'000;
  std::int32_t max_message_bytes = 1024 * 1024 + 12;
  timestamp_type message_timestamp_type = timestamp_type::create_time;
  std::int64_t message_timestamp_before_max_ms = unlimited;
  std::int64_t message_timestamp_after_max_ms = 3'600'000;
  compression_policy compression_type = compression_policy::producer;
  std::int32_t compression_gzip_level = -1;
  std::int32_t compression_lz4_level = 9;
  std::int32_t compression_zstd_level = 3;
  bool cleanup_delete = true;    // cleanup.policy contains "delete"
  bool cleanup_compact = false;  // cleanup.policy contains "compact"
  std::int64_t flush_messages = unlimited;
  std::int64_t flush_ms = unlimited;
  std::int64_t producer_id_expiration_ms = 86'400'000;
  // Zeros are written ahead of the end of the last segment, a few hundred KiB at a time, so that most syncs don't have
  // to write the file's size, too.
  bool preallocate = false;
};

}  // namespace jackdaw::log
