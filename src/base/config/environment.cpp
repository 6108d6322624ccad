// The variables of Kafka's container images as settings.
#include <algorithm>

#include "jackdaw/base/config_broker.hpp"
#include "text.hpp"

namespace jackdaw {
namespace {

// For the start scripts and the JVM of the images, not for the server.
constexpr std::string_view script_variables[] = {
    "KAFKA_CREATE_TOPICS",
    "KAFKA_GC_LOG_OPTS",
    "KAFKA_HEAP_OPTS",
    "KAFKA_HOME",
    "KAFKA_JMX_HOSTNAME",
    "KAFKA_JMX_OPTS",
    "KAFKA_JMX_PORT",
    "KAFKA_JVM_PERFORMANCE_OPTS",
    "KAFKA_LOG4J_LOGGERS",
    "KAFKA_LOG4J_OPTS",
    "KAFKA_LOG4J_ROOT_LOGLEVEL",
    "KAFKA_OPTS",
    "KAFKA_REST_BOOTSTRAP_SERVERS",
    "KAFKA_TOOLS_LOG4J_LOGLEVEL",
    "KAFKA_VERSION",
};
static_assert(std::is_sorted(std::begin(script_variables), std::end(script_variables)));

void replace_all(std::string& s, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = s.find(from, at)) != std::string::npos; at += to.size())
    s.replace(at, from.size(), to);
}

// KAFKA_A_B is a.b, A__B is a_b, A___B is a-b.
std::string key_of(std::string_view variable) {
  std::string key(variable);
  replace_all(key, "KAFKA_", "");
  key = config_text::to_lower(key);
  replace_all(key, "_", ".");
  replace_all(key, "...", "-");
  replace_all(key, "..", "_");
  return key;
}

// Bitnami's KAFKA_CFG_A_B: every '_' is a dot, and two protocol names are mended afterwards.
std::string bitnami_key_of(std::string_view variable) {
  std::string key = config_text::to_lower(variable.substr(std::string_view("KAFKA_CFG_").size()));
  replace_all(key, "_", ".");
  replace_all(key, "sasl.ssl", "sasl_ssl");
  replace_all(key, "sasl.plaintext", "sasl_plaintext");
  return key;
}

std::optional<std::string> setting_name(std::string_view variable) {
  for (const std::string_view id : {"CLUSTER_ID", "KAFKA_CLUSTER_ID", "KAFKA_KRAFT_CLUSTER_ID"}) {
    if (variable == id) return "jackdaw.cluster.id";
  }
  if (!variable.starts_with("KAFKA_") || variable.size() == std::string_view("KAFKA_").size()) return std::nullopt;
  if (std::binary_search(std::begin(script_variables), std::end(script_variables), variable)) return std::nullopt;
  return variable.starts_with("KAFKA_CFG_") ? bitnami_key_of(variable) : key_of(variable);
}

}  // namespace

std::vector<config_setting> settings_from_environment(
    const std::vector<std::pair<std::string, std::string>>& environment) {
  std::vector<config_setting> out;
  for (const auto& [variable, value] : environment) {
    if (auto key = setting_name(variable))
      out.push_back({std::move(*key), value, std::string("variable ").append(variable)});
  }
  return out;
}

}  // namespace jackdaw
