// A topic's settings as a whole.
#include "jackdaw/base/config_topic.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "narrow.hpp"

namespace jackdaw {
namespace {

// Typed access to effective values of topic keys, by name.
class topic_values {
 public:
  explicit topic_values(const config_layers& layers) : layers_(layers) {}

  config_value get(std::string_view name) const {
    const config_key* key = find_key(config_scope::topic, name);
    JD_ASSERT(key != nullptr, name);
    return effective_parsed(config_scope::topic, *key, layers_);
  }
  std::int64_t int64(std::string_view name) const { return get(name).integer(); }
  std::int32_t int32(std::string_view name) const { return narrow_int32(name, int64(name)); }
  bool boolean(std::string_view name) const { return get(name).boolean(); }

 private:
  const config_layers& layers_;
};

topic_compression compression_named(const std::string& name) {
  if (name == "uncompressed") return topic_compression::uncompressed;
  if (name == "gzip") return topic_compression::gzip;
  if (name == "snappy") return topic_compression::snappy;
  if (name == "lz4") return topic_compression::lz4;
  if (name == "zstd") return topic_compression::zstd;
  return topic_compression::producer;
}

bool contains(const config_list& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace

topic_config effective_topic_config(const config_layers& layers) {
  const topic_values v(layers);
  topic_config c;
  const config_value policy = v.get("cleanup.policy");
  c.cleanup_compact = contains(policy.list(), "compact");
  c.cleanup_delete = contains(policy.list(), "delete");
  c.compression = compression_named(v.get("compression.type").text());
  c.compression_gzip_level = v.int32("compression.gzip.level");
  c.compression_lz4_level = v.int32("compression.lz4.level");
  c.compression_zstd_level = v.int32("compression.zstd.level");
  c.delete_retention_ms = v.int64("delete.retention.ms");
  c.file_delete_delay_ms = v.int64("file.delete.delay.ms");
  c.flush_messages = v.int64("flush.messages");
  c.flush_ms = v.int64("flush.ms");
  c.index_interval_bytes = v.int32("index.interval.bytes");
  c.max_compaction_lag_ms = v.int64("max.compaction.lag.ms");
  c.min_compaction_lag_ms = v.int64("min.compaction.lag.ms");
  c.min_cleanable_dirty_ratio = v.get("min.cleanable.dirty.ratio").real();
  c.max_decompressed_message_bytes = v.int32("max.decompressed.message.bytes");
  c.max_message_bytes = v.int32("max.message.bytes");
  c.message_timestamp_after_max_ms = v.int64("message.timestamp.after.max.ms");
  c.message_timestamp_before_max_ms = v.int64("message.timestamp.before.max.ms");
  c.message_timestamp_log_append_time = v.get("message.timestamp.type").text() == "LogAppendTime";
  c.min_insync_replicas = v.int32("min.insync.replicas");
  c.preallocate = v.boolean("preallocate");
  c.retention_bytes = v.int64("retention.bytes");
  c.retention_ms = v.int64("retention.ms");
  c.segment_bytes = v.int32("segment.bytes");
  c.segment_index_bytes = v.int32("segment.index.bytes");
  c.segment_jitter_ms = v.int64("segment.jitter.ms");
  c.segment_ms = v.int64("segment.ms");
  c.unclean_leader_election_enable = v.boolean("unclean.leader.election.enable");
  c.remote_storage_enable = v.boolean("remote.storage.enable");
  return c;
}

result<void> check_topic_config(const config_map& proposed, const config_layers& layers) {
  for (const auto& [name, text] : proposed) {
    if (find_key(config_scope::topic, name) == nullptr)
      return fail(errc::invalid_argument, "Unknown topic config name: " + name);
  }
  for (const auto& [name, text] : proposed) {
    if (auto value = parse(*find_key(config_scope::topic, name), text); !value) return value.error();
  }
  config_layers with_topic = layers;
  with_topic.resource = &proposed;
  const topic_config c = effective_topic_config(with_topic);
  if (c.remote_storage_enable)
    return fail(errc::invalid_argument,
                "Tiered Storage functionality is disabled in the broker. "
                "Topic cannot be configured with remote log storage.");
  if (c.min_compaction_lag_ms > c.max_compaction_lag_ms)
    return fail(errc::invalid_argument, "conflict topic config setting min.compaction.lag.ms (" +
                                            std::to_string(c.min_compaction_lag_ms) + ") > max.compaction.lag.ms (" +
                                            std::to_string(c.max_compaction_lag_ms) + ")");
  return {};
}

}  // namespace jackdaw
