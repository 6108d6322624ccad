// AlterConfigs (all of a resource's settings anew) and IncrementalAlterConfigs (KIP-339).
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "decisions.hpp"
#include "jackdaw/controller/configs.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;
using alter_change = change<protocol::alter_configs_request, std::vector<controller::altered_resource>>;
using increment_change = change<protocol::incremental_alter_configs_request, std::vector<controller::altered_resource>>;
using asked_resource = protocol::incremental_alter_configs_request::alter_configs_resource;

template <class Response, class Change>
void answer(Change& c) {
  Response message;
  for (const auto& resource : c.reply) {
    auto& row = message.responses.emplace_back();
    row.resource_type = resource.type;
    row.resource_name = resource.name;
    row.error_code = resource.outcome.code;
    row.error_message = sentence_of(*c.r, resource.outcome);
    if (!resource.outcome.ok()) continue;
    for (const auto& note : resource.notes) c.r->home().log(log_level::warning, resource.name + ": " + note);
  }
  c.r->respond(message);
}

// ---- loggers (KIP-412): not cluster state, each broker has its own

enum class config_operation : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

bool is_level(std::string_view text) {
  constexpr std::array<std::string_view, 6> levels{"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};
  return std::find(levels.begin(), levels.end(), text) != levels.end();
}

controller::verdict check_logger(const logger_control& control,
                                 const protocol::incremental_alter_configs_request::alterable_config& c) {
  const auto all = control.loggers();
  const bool known = std::any_of(all.begin(), all.end(), [&c](const auto& l) { return l.name == c.name; });
  if (!known) return controller::refuse(error_code::invalid_config, fmt::format("Logger {} does not exist!", c.name));
  switch (static_cast<config_operation>(c.config_operation)) {
    case config_operation::set:
      if (is_level(c.value.value_or(""))) return {};
      return controller::refuse(
          error_code::invalid_config,
          fmt::format("Cannot set the log level of {} to {} as it is not one of FATAL, ERROR, WARN, INFO, DEBUG, TRACE",
                      c.name, c.value.value_or("null")));
    case config_operation::remove:
      if (c.name != "root") return {};
      return controller::refuse(error_code::invalid_request,
                                "Removing the log level of the root logger is not allowed");
    default:
      return controller::refuse(error_code::invalid_request,
                                fmt::format("{} operation is not allowed for the BROKER_LOGGER resource",
                                            c.config_operation == 2 ? "APPEND" : "SUBTRACT"));
  }
}

controller::verdict alter_loggers(const shard_state& home, const asked_resource& resource, bool validate_only) {
  if (resource.resource_name != std::to_string(home.node_id().value())) {
    return controller::refuse(error_code::invalid_request,
                              fmt::format("Unexpected broker id, expected {}, but received {}", home.node_id().value(),
                                          resource.resource_name));
  }
  const auto& control = home.options.server->loggers;
  if (!control) return {};
  for (const auto& c : resource.configs) {
    if (auto refused = check_logger(*control, c); !refused.ok()) return refused;
  }
  if (validate_only) return {};
  for (const auto& c : resource.configs) {
    if (static_cast<config_operation>(c.config_operation) == config_operation::set) {
      control->set_level(c.name, c.value.value_or(""));
    } else {
      control->unset_level(c.name);
    }
  }
  return {};
}

void answer_incremental(increment_change& c) {
  for (const auto& resource : c.asked.resources) {
    if (resource.resource_type != static_cast<std::int8_t>(metadata::config_resource::broker_logger)) continue;
    auto& row = c.reply.emplace_back();
    row.type = resource.resource_type;
    row.name = resource.resource_name;
    row.outcome = alter_loggers(c.r->home(), resource, c.asked.validate_only);
  }
  answer<protocol::incremental_alter_configs_response>(c);
}

}  // namespace

void handle_alter_configs(request_ptr r) {
  auto c = std::make_unique<alter_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](alter_change& it, const metadata::image& image, random_source&) {
        return controller::alter_configs(image, it.asked, it.config());
      },
      answer<protocol::alter_configs_response, alter_change>);
}

void handle_incremental_alter_configs(request_ptr r) {
  auto c = std::make_unique<increment_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](increment_change& it, const metadata::image& image, random_source&) {
        return controller::incremental_alter_configs(image, it.asked, it.config());
      },
      answer_incremental);
}

}  // namespace jackdaw::broker
