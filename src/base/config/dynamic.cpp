// Broker settings that may change while the server runs.
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config_broker.hpp"
#include "narrow.hpp"
#include "text.hpp"

namespace jackdaw {

result<std::vector<std::pair<std::string, std::int32_t>>> parse_connection_overrides(std::string_view text) {
  std::vector<std::pair<std::string, std::int32_t>> out;
  if (config_text::trim(text).empty()) return out;
  for (const std::string_view part : config_text::split(text, ',')) {
    const auto colon = part.rfind(':');
    const auto count =
        colon == std::string_view::npos ? std::nullopt : config_text::to_number<std::int32_t>(part.substr(colon + 1));
    if (!count || *count < 0 || colon == 0)
      return fail(errc::invalid_argument, "allowed is a comma-separated list of HOST:COUNT, not " + std::string(part));
    out.emplace_back(part.substr(0, colon), *count);
  }
  return out;
}

namespace {

config_value broker_value(std::string_view name, const config_layers& layers) {
  const config_key* key = find_key(config_scope::broker, name);
  JD_ASSERT(key != nullptr, name);
  return effective_parsed(config_scope::broker, *key, layers);
}

std::int32_t int32_of(std::string_view name, const config_layers& layers) {
  return narrow_int32(name, broker_value(name, layers).integer());
}

}  // namespace

dynamic_config effective_dynamic_config(const config_layers& layers) {
  dynamic_config c;
  c.max_connections = int32_of("max.connections", layers);
  c.max_connections_per_ip = int32_of("max.connections.per.ip", layers);
  // What was stored was checked before.
  if (auto overrides = parse_connection_overrides(broker_value("max.connections.per.ip.overrides", layers).text()))
    c.max_connections_per_ip_overrides = std::move(*overrides);
  c.max_connection_creation_rate = int32_of("max.connection.creation.rate", layers);
  c.num_recovery_threads_per_data_dir = int32_of("num.recovery.threads.per.data.dir", layers);
  c.producer_id_expiration_ms = int32_of("producer.id.expiration.ms", layers);
  c.alter_log_dirs_max_bytes_per_second =
      broker_value("replica.alter.log.dirs.io.max.bytes.per.second", layers).integer();
  return c;
}

}  // namespace jackdaw
