// DescribeConfigs and IncrementalAlterConfigs for the verbs of topic and config.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "context.hpp"
#include "jackdaw/protocol/messages/describe_configs.hpp"

namespace jackdaw::cli {

// Kafka's numbers.
enum class resource_type : std::int8_t { topic = 2, broker = 4, broker_logger = 8, client_metrics = 16, group = 32 };

struct resource {
  resource_type type = resource_type::topic;
  std::string name;  // empty: all brokers

  std::string describe() const;
};

// "topic", "broker", "broker-logger", "group", "client-metrics"; for a broker the name is its id or "default".
outcome<resource> parse_resource(std::string_view type, std::string_view name);

enum class config_operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct config_change {
  std::string name;
  config_operation operation = config_operation::set;
  std::string value;
};

inline constexpr std::int8_t source_topic = 1;
inline constexpr std::int8_t source_default = 5;
const char* name_of_config_source(std::int8_t source) noexcept;

// The answer holds one result, without error.
outcome<net::answer<protocol::describe_configs_response>> describe_configs(context& ctx, const resource& of,
                                                                           bool with_documentation);
outcome<void> change_configs(context& ctx, const resource& of, const std::vector<config_change>& changes,
                             bool validate_only);

// "key=value" texts as changes; "key+=item" and "key-=item" change a list.
outcome<std::vector<config_change>> parse_changes(const std::vector<std::string>& set,
                                                  const std::vector<std::string>& unset);

}  // namespace jackdaw::cli
