#include "configs.hpp"

#include <charconv>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/incremental_alter_configs.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

struct type_name {
  std::string_view name;
  resource_type type;
};
constexpr type_name types[] = {{"topic", resource_type::topic},
                               {"broker", resource_type::broker},
                               {"broker-logger", resource_type::broker_logger},
                               {"group", resource_type::group},
                               {"client-metrics", resource_type::client_metrics}};

// What belongs to one broker is asked of that broker; the rest of anybody.
outcome<broker_id> broker_for(net::client& client, const resource& of) {
  const bool is_brokers = of.type == resource_type::broker || of.type == resource_type::broker_logger;
  if (!is_brokers || of.name.empty()) return net::client::any_broker;
  if (auto fresh = client.refresh_metadata(std::vector<std::string>{}); !fresh) return failure(fresh.error());
  std::int32_t id = -1;
  std::from_chars(of.name.data(), of.name.data() + of.name.size(), id);
  if (client.metadata().broker(broker_id{id}) == nullptr) {
    return failure{exit_status::not_found, "there is no broker " + of.name + "; see: jackdaw cluster describe"};
  }
  return broker_id{id};
}

}  // namespace

std::string resource::describe() const {
  for (const auto& t : types) {
    if (t.type == type) return std::string(t.name) + " '" + (name.empty() ? "default" : name) + "'";
  }
  return name;
}

outcome<resource> parse_resource(std::string_view type, std::string_view name) {
  for (const auto& t : types) {
    if (t.name != type) continue;
    const bool is_brokers = t.type == resource_type::broker || t.type == resource_type::broker_logger;
    const bool is_default = t.type == resource_type::broker && name == "default";
    if (is_brokers && !is_default && name.find_first_not_of("0123456789") != std::string_view::npos) {
      return usage("'" + std::string(name) + "' is no broker id; write its number" +
                   (t.type == resource_type::broker ? ", or default for all brokers" : ""));
    }
    return resource{t.type, is_default ? std::string{} : std::string(name)};
  }
  return usage("'" + std::string(type) + "' is none of topic, broker, broker-logger, group, client-metrics");
}

const char* name_of_config_source(std::int8_t source) noexcept {
  switch (source) {
    case 1: return "topic";
    case 2: return "broker";
    case 3: return "all brokers";
    case 4: return "file";
    case 5: return "default";
    case 6: return "logger";
    case 7: return "client metrics";
    case 8: return "group";
    default: return "unknown";
  }
}

outcome<net::answer<protocol::describe_configs_response>> describe_configs(context& ctx, const resource& of,
                                                                           bool with_documentation) {
  auto client = ctx.client();
  if (!client) return client.error();
  auto to = broker_for(**client, of);
  if (!to) return to.error();
  protocol::describe_configs_request request;
  request.include_synonyms = true;
  auto& asked = request.resources.emplace_back();
  asked.resource_type = static_cast<std::int8_t>(of.type);
  asked.resource_name = of.name;
  asked.configuration_keys.reset();
  request.include_documentation = with_documentation;
  auto answered = (*client)->call<protocol::describe_configs_response>(request, *to);
  if (!answered) return failure(answered.error());
  if (answered->body.results.empty()) return refused(of.describe(), error_code::resource_not_found);
  const auto& result = answered->body.results.front();
  if (result.error_code != error_code::none) return refused(of.describe(), result.error_code, result.error_message);
  return std::move(*answered);
}

outcome<void> change_configs(context& ctx, const resource& of, const std::vector<config_change>& changes,
                             bool validate_only) {
  auto client = ctx.client();
  if (!client) return client.error();
  auto to = broker_for(**client, of);
  if (!to) return to.error();
  protocol::incremental_alter_configs_request request;
  request.validate_only = validate_only;
  auto& changed = request.resources.emplace_back();
  changed.resource_type = static_cast<std::int8_t>(of.type);
  changed.resource_name = of.name;
  for (const auto& c : changes) {
    auto& config = changed.configs.emplace_back();
    config.name = c.name;
    config.config_operation = static_cast<std::int8_t>(c.operation);
    config.value = c.operation == config_operation::remove ? std::nullopt : std::optional<std::string_view>(c.value);
  }
  auto answered = (*client)->call<protocol::incremental_alter_configs_response>(request, *to);
  if (!answered) return failure(answered.error());
  for (const auto& r : answered->body.responses) {
    if (r.error_code != error_code::none) return refused(of.describe(), r.error_code, r.error_message);
  }
  return boost::system::in_place_value;
}

outcome<std::vector<config_change>> parse_changes(const std::vector<std::string>& set,
                                                  const std::vector<std::string>& unset) {
  std::vector<config_change> out;
  for (const auto& text : set) {
    auto pair = parse_pair(text);
    if (!pair) return failure(pair.error());
    auto& [name, value] = *pair;
    config_operation operation = config_operation::set;
    if (name.ends_with('+')) operation = config_operation::append;
    if (name.ends_with('-')) operation = config_operation::subtract;
    if (operation != config_operation::set) name.pop_back();
    out.push_back({std::move(name), operation, std::move(value)});
  }
  for (const auto& name : unset) out.push_back({name, config_operation::remove, {}});
  if (out.empty()) return usage("nothing to change; give key=value to set, or a key to unset");
  return out;
}

}  // namespace jackdaw::cli
