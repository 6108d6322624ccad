#include "topic_settings.hpp"

#include "jackdaw/metadata/records.hpp"

namespace jackdaw::broker {

config_layers layers_for_broker(const metadata::image& image, const broker_config& config) {
  using metadata::config_resource;
  config_layers layers;
  layers.dynamic_broker = &image.configs(config_resource::broker, std::to_string(config.node_id.value()));
  layers.dynamic_default = &image.configs(config_resource::broker, metadata::default_broker_resource);
  layers.static_broker = &config.settings;
  return layers;
}

config_layers layers_for_topic(const metadata::image& image, const broker_config& config, std::string_view topic) {
  auto layers = layers_for_broker(image, config);
  layers.resource = &image.configs(metadata::config_resource::topic, topic);
  return layers;
}

namespace {

log::compression_policy to_policy(topic_compression c) {
  switch (c) {
    case topic_compression::producer: return log::compression_policy::producer;
    case topic_compression::uncompressed: return log::compression_policy::none;
    case topic_compression::gzip: return log::compression_policy::gzip;
    case topic_compression::snappy: return log::compression_policy::snappy;
    case topic_compression::lz4: return log::compression_policy::lz4;
    case topic_compression::zstd: return log::compression_policy::zstd;
  }
  return log::compression_policy::producer;
}

}  // namespace

log::log_config to_log_config(const topic_config& s, const dynamic_config& broker) {
  log::log_config c;
  c.segment_bytes = s.segment_bytes;
  c.segment_ms = s.segment_ms;
  c.segment_jitter_ms = s.segment_jitter_ms;
  c.segment_index_bytes = s.segment_index_bytes;
  c.index_interval_bytes = s.index_interval_bytes;
  c.retention_bytes = s.retention_bytes;
  c.retention_ms = s.retention_ms;
  c.file_delete_delay_ms = s.file_delete_delay_ms;
  c.max_message_bytes = s.max_message_bytes;
  c.message_timestamp_type =
      s.message_timestamp_log_append_time ? log::timestamp_type::log_append_time : log::timestamp_type::create_time;
  c.message_timestamp_before_max_ms = s.message_timestamp_before_max_ms;
  c.message_timestamp_after_max_ms = s.message_timestamp_after_max_ms;
  c.compression_type = to_policy(s.compression);
  c.compression_gzip_level = s.compression_gzip_level;
  c.compression_lz4_level = s.compression_lz4_level;
  c.compression_zstd_level = s.compression_zstd_level;
  c.cleanup_delete = s.cleanup_delete;
  c.cleanup_compact = s.cleanup_compact;
  c.flush_messages = s.flush_messages;
  c.flush_ms = s.flush_ms;
  c.producer_id_expiration_ms = broker.producer_id_expiration_ms;
  c.preallocate = s.preallocate;
  return c;
}

}  // namespace jackdaw::broker
