// DescribeConfigs and ListConfigResources: every setting, its value, and where that comes from.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "handlers.hpp"
#include "jackdaw/controller/configs.hpp"
#include "jackdaw/controller/topics.hpp"
#include "jackdaw/protocol/messages/describe_configs.hpp"
#include "jackdaw/protocol/messages/list_config_resources.hpp"
#include "partitions/topic_settings.hpp"

namespace jackdaw::broker {
namespace {

using metadata::config_resource;
using protocol::describe_configs_request;
using protocol::describe_configs_response;
using protocol::error_code;

class configs_answer {
 public:
  configs_answer(request& r, const describe_configs_request& asked) : r_(r), asked_(asked), image_(r.home().image) {
    // A resource that is named more than once has one row: an answer is no larger than what there is to tell.
    std::set<std::pair<std::int8_t, std::string_view>> named;
    for (const auto& resource : asked.resources) {
      if (named.emplace(resource.resource_type, resource.resource_name).second) add(resource);
    }
  }
  const describe_configs_response& message() const { return message_; }

 private:
  using resource_asked = describe_configs_request::describe_configs_resource;
  using result_row = describe_configs_response::describe_configs_result;

  void add(const resource_asked& resource) {
    auto& row = message_.results.emplace_back();
    row.resource_type = resource.resource_type;
    row.resource_name = resource.resource_name;
    row.error_message.reset();
    switch (static_cast<config_resource>(resource.resource_type)) {
      case config_resource::topic: return add_topic(resource, row);
      case config_resource::broker: return add_broker(resource, row);
      case config_resource::broker_logger: return add_loggers(resource, row);
      case config_resource::client_metrics:
        return add_named(resource, row, config_scope::client_metrics, config_resource::client_metrics);
      case config_resource::group: return add_named(resource, row, config_scope::group, config_resource::group);
    }
    refuse(row, error_code::invalid_request, fmt::format("Unsupported resource type: {}", resource.resource_type));
  }

  void refuse(result_row& row, error_code code, std::string why) {
    row.error_code = code;
    row.error_message = r_.keep(std::move(why));
  }

  void add_topic(const resource_asked& resource, result_row& row) {
    if (auto why = controller::why_illegal_topic_name(resource.resource_name)) {
      return refuse(row, error_code::invalid_topic_exception, std::move(*why));
    }
    if (image_->find_topic(resource.resource_name) == nullptr) {
      return refuse(row, error_code::unknown_topic_or_partition,
                    fmt::format("There is no topic {}.", resource.resource_name));
    }
    add_keys(resource, row, config_scope::topic, layers_for_topic(*image_, r_.home().config(), resource.resource_name),
             false);
  }

  void add_broker(const resource_asked& resource, result_row& row) {
    const auto& config = r_.home().config();
    if (resource.resource_name.empty()) {
      // The defaults of all brokers: only what somebody set.
      config_layers layers;
      layers.dynamic_default = &image_->configs(config_resource::broker, metadata::default_broker_resource);
      return add_keys(resource, row, config_scope::broker, layers, true);
    }
    if (!is_this_broker(resource, row)) return;
    add_keys(resource, row, config_scope::broker, layers_for_broker(*image_, config), false);
    add_listener_keys(resource, row);
  }

  // "listener.name.NAME.KEY" of this broker, which no table has: for everybody to see and, as in Kafka, not to be
  // changed by a tool that copies what it was shown.
  void add_listener_keys(const resource_asked& resource, result_row& row) {
    const auto& own = image_->configs(config_resource::broker, resource.resource_name);
    for (const auto& [name, text] : own) {
      const std::string_view bare = controller::key_without_listener(name);
      if (bare == name || !wants(resource, name)) continue;
      const config_key* key = find_key(config_scope::broker, bare);
      described_value value{text, config_source::dynamic_broker, {{name, text, config_source::dynamic_broker}}};
      if (key != nullptr && key->fallback)
        value.synonyms.push_back({std::string(bare), std::string(*key->fallback), config_source::default_config});
      add_value(row, config_scope::broker, {r_.keep(name), key, true}, value);
    }
  }

  bool is_this_broker(const resource_asked& resource, result_row& row) {
    const auto self = r_.home().node_id().value();
    std::int32_t id = 0;
    const auto name = resource.resource_name;
    const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (problem != std::errc{} || end != name.data() + name.size()) {
      refuse(row, error_code::invalid_request, fmt::format("Broker id must be an integer, but it is: {}", name));
      return false;
    }
    if (id == self) return true;
    refuse(row, error_code::invalid_request,
           fmt::format("Unexpected broker id, expected {} or empty string, but received {}", self, name));
    return false;
  }

  void add_named(const resource_asked& resource, result_row& row, config_scope scope, config_resource type) {
    if (resource.resource_name.empty()) {
      return refuse(row, error_code::invalid_request, "The resource name must not be empty.");
    }
    auto layers = layers_for_broker(*image_, r_.home().config());
    layers.resource = &image_->configs(type, resource.resource_name);
    add_keys(resource, row, scope, layers, false);
  }

  void add_loggers(const resource_asked& resource, result_row& row) {
    if (!is_this_broker(resource, row)) return;
    const auto& control = r_.home().options.server->loggers;
    if (!control) return;
    for (const auto& logger : control->loggers()) {
      if (!wants(resource, logger.name)) continue;
      auto& c = row.configs.emplace_back();
      c.name = r_.keep(logger.name);
      c.value = r_.keep(logger.level);
      c.config_source = static_cast<std::int8_t>(config_source::dynamic_broker_logger);
      c.config_type = static_cast<std::int8_t>(config_type::string);
      c.documentation.reset();
    }
  }

  static bool wants(const resource_asked& resource, std::string_view key) {
    if (!resource.configuration_keys || resource.configuration_keys->empty()) return true;
    return std::find(resource.configuration_keys->begin(), resource.configuration_keys->end(), key) !=
           resource.configuration_keys->end();
  }

  void add_keys(const resource_asked& resource, result_row& row, config_scope scope, const config_layers& layers,
                bool only_set) {
    for (const auto* key : keys_of(scope)) {
      if (!wants(resource, key->name)) continue;
      const auto value = describe(scope, *key, layers);
      const bool is_set = value.source != config_source::default_config;
      if (!is_set && (only_set || key->internal)) continue;
      add_key(row, scope, *key, value);
    }
  }

  void add_key(result_row& row, config_scope scope, const config_key& key, const described_value& value) {
    const bool is_read_only = scope == config_scope::broker && key.update == config_update::read_only;
    add_value(row, scope, {key.name, &key, is_read_only}, value);
  }

  struct named_key {
    std::string_view name;
    const config_key* key;  // null: nobody knows it, so it may be a secret
    bool is_read_only;
  };

  void add_value(result_row& row, config_scope scope, const named_key& named, const described_value& value) {
    auto& c = row.configs.emplace_back();
    c.name = named.name;
    c.is_sensitive = named.key == nullptr || named.key->is_sensitive();
    c.value = text_of(c.is_sensitive, value.text);
    c.read_only = named.is_read_only;
    c.config_source = static_cast<std::int8_t>(source_of(scope, value.source));
    c.config_type = static_cast<std::int8_t>(named.key == nullptr ? config_type::string : named.key->type);
    c.documentation.reset();
    if (asked_.include_documentation && named.key != nullptr) c.documentation = named.key->help;
    if (!asked_.include_synonyms) return;
    for (const auto& synonym : value.synonyms) {
      auto& s = c.synonyms.emplace_back();
      s.name = r_.keep(synonym.name);
      s.value = text_of(c.is_sensitive, synonym.value);
      s.source = static_cast<std::int8_t>(source_of(scope, synonym.source));
    }
  }

  // The strongest layer is called after the kind of resource.
  static config_source source_of(config_scope scope, config_source source) {
    if (source != config_source::dynamic_topic) return source;
    if (scope == config_scope::group) return config_source::group;
    if (scope == config_scope::client_metrics) return config_source::client_metrics;
    return source;
  }

  std::optional<std::string_view> text_of(bool is_sensitive, const std::optional<std::string>& text) {
    if (is_sensitive || !text) return std::nullopt;
    return r_.keep(*text);
  }

  request& r_;
  const describe_configs_request& asked_;
  metadata::image_ptr image_;
  describe_configs_response message_;
};

}  // namespace

void handle_describe_configs(request_ptr r) {
  describe_configs_request asked;
  if (!r->decode(asked)) return;
  const configs_answer answer(*r, asked);
  r->respond(answer.message());
}

void handle_list_config_resources(request_ptr r) {
  protocol::list_config_resources_request asked;
  if (!r->decode(asked)) return;
  protocol::list_config_resources_response answer;
  const auto image = r->home().image;
  const auto add = [&answer](config_resource type, std::string_view name) {
    auto& row = answer.config_resources.emplace_back();
    row.resource_type = static_cast<std::int8_t>(type);
    row.resource_name = name;
  };
  // Version 0 knew client metrics alone (KIP-1000); 1 added the rest (KIP-1142). No list means all.
  std::set<std::int8_t> types(asked.resource_types.begin(), asked.resource_types.end());
  if (r->version() == 0) types = {static_cast<std::int8_t>(config_resource::client_metrics)};
  if (types.empty()) types = {2, 4, 8, 16, 32};
  for (const auto type : types) {
    switch (static_cast<config_resource>(type)) {
      case config_resource::topic:
        for (const auto& [name, id] : image->names()) add(config_resource::topic, name);
        break;
      case config_resource::broker:
      case config_resource::broker_logger:
        for (const auto& [id, b] : image->brokers())
          add(static_cast<config_resource>(type), r->keep(std::to_string(id.value())));
        break;
      case config_resource::client_metrics:
      case config_resource::group:
        for (const auto& [key, values] : image->all_configs()) {
          if (key.type == static_cast<config_resource>(type)) add(key.type, key.name);
        }
        break;
      default: answer.error_code = error_code::unsupported_version;
    }
  }
  if (answer.error_code != error_code::none) answer.config_resources.clear();
  r->respond(answer);
}

}  // namespace jackdaw::broker
