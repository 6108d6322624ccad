#include "config_checks.hpp"

#include <algorithm>
#include <charconv>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config.hpp"
#include "jackdaw/controller/client_match.hpp"
#include "jackdaw/controller/configs.hpp"
#include "jackdaw/controller/topics.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

std::string listed(const std::vector<std::string>& keys) {
  std::string out = "[";
  for (const std::string& key : keys) out += (out.size() == 1 ? "" : ", ") + key;
  return out + "]";
}

// What a listener shows of itself and whom it trusts: that is never the same for all of them.
bool is_key_of_stores(std::string_view key) {
  return key.starts_with("ssl.keystore.") || key.starts_with("ssl.truststore.") || key == "ssl.key.password";
}

// Keys that can't change in this way, by why not.
struct refused_keys {
  std::vector<std::string> unknown;
  std::vector<std::string> read_only;
  std::vector<std::string> without_listener;
  std::vector<std::string> of_one_broker;
};

refused_keys sort_out(const config_map& changed, bool all_brokers) {
  refused_keys out;
  for (const auto& [name, value] : changed) {
    const std::string_view bare = key_without_listener(name);
    const config_key* key = find_key(config_scope::broker, bare);
    if (key == nullptr) {
      if (bare == name) out.unknown.push_back(name);
      continue;
    }
    if (key->update == config_update::read_only) {
      out.read_only.push_back(name);
    } else if (key->update == config_update::per_broker && bare == name && is_key_of_stores(name)) {
      out.without_listener.push_back(name);
    } else if (key->update == config_update::per_broker && all_brokers) {
      out.of_one_broker.push_back(name);
    }
  }
  return out;
}

verdict check_broker_value(const std::string& name, const std::string& text) {
  const config_key* key = find_key(config_scope::broker, key_without_listener(name));
  if (key == nullptr) return {};
  const auto value = parse(*key, text);
  if (!value) return refuse(error_code::invalid_request, value.error().detail);
  if (name == "log.retention.ms" && value->integer() == 0)
    return refuse(error_code::invalid_request,
                  "requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1");
  if (name == "log.roll.ms" && value->integer() < 1)
    return refuse(error_code::invalid_request, "requirement failed: log.roll.ms must be greater than or equal to 1");
  if (name == "max.connections.per.ip.overrides") {
    if (auto r = parse_connection_overrides(value->text()); !r)
      return refuse(error_code::invalid_request,
                    "Error parsing configuration property 'max.connections.per.ip.overrides': " + r.error().detail);
  }
  return {};
}

// A group's value may not leave the bounds that the brokers set.
struct group_bound {
  std::string_view key;
  std::string_view at_least;
  std::string_view at_most;
};

constexpr group_bound group_bounds[] = {
    {"consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms",
     "group.consumer.max.assignment.interval.ms"},
    {"consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms",
     "group.consumer.max.heartbeat.interval.ms"},
    {"consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"},
    {"share.assignment.interval.ms", "group.share.min.assignment.interval.ms",
     "group.share.max.assignment.interval.ms"},
    {"share.delivery.count.limit", "group.share.min.delivery.count.limit", "group.share.max.delivery.count.limit"},
    {"share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"},
    {"share.partition.max.record.locks", "group.share.min.partition.max.record.locks",
     "group.share.max.partition.max.record.locks"},
    {"share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms",
     "group.share.max.record.lock.duration.ms"},
    {"share.session.timeout.ms", "group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"},
    {"streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms",
     "group.streams.max.assignment.interval.ms"},
    {"streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms",
     "group.streams.max.heartbeat.interval.ms"},
    {"streams.num.standby.replicas", "", "group.streams.max.standby.replicas"},
    {"streams.num.warmup.replicas", "", "group.streams.max.warmup.replicas"},
    {"streams.session.timeout.ms", "group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"},
    {"streams.task.offset.interval.ms", "group.streams.min.task.offset.interval.ms", ""},
};

std::int64_t brokers_value(std::string_view key, const config_layers& layers) {
  const config_key* row = find_key(config_scope::broker, key);
  JD_ASSERT(row != nullptr, key);  // named by our own table
  return effective_parsed(config_scope::broker, *row, layers).integer();
}

verdict check_bound(const group_bound& bound, std::int64_t value, const config_layers& layers) {
  const auto wrong = [&](std::string_view how, std::string_view limit) {
    std::string message(bound.key);
    message.append(" must be ").append(how).append(" than or equal to ").append(limit);
    return refuse(error_code::invalid_config, std::move(message));
  };
  if (!bound.at_least.empty() && value < brokers_value(bound.at_least, layers)) return wrong("greater", bound.at_least);
  if (!bound.at_most.empty() && value > brokers_value(bound.at_most, layers)) return wrong("less", bound.at_most);
  return {};
}

// A member must be able to report in time.
verdict check_session(std::string_view kind, const config_layers& layers) {
  const auto value = [&](std::string_view what) {
    const std::string name = std::string(kind) + std::string(what);
    const config_key* row = find_key(config_scope::group, name);
    JD_ASSERT(row != nullptr, name);
    return effective_parsed(config_scope::group, *row, layers).integer();
  };
  if (value(".session.timeout.ms") > value(".heartbeat.interval.ms")) return {};
  const std::string k(kind);
  return refuse(error_code::invalid_config,
                k + ".session.timeout.ms must be greater than " + k + ".heartbeat.interval.ms");
}

}  // namespace

std::string_view key_without_listener(std::string_view key) noexcept {
  constexpr std::string_view prefix = "listener.name.";
  if (!key.starts_with(prefix)) return key;
  const auto dot = key.find('.', prefix.size());
  return dot == std::string_view::npos ? key : key.substr(dot + 1);
}

verdict check_topic_resource(const metadata::image& image, std::string_view name) {
  if (name.empty()) return refuse(error_code::invalid_request, "Default topic resources are not allowed.");
  if (auto why = why_illegal_topic_name(name)) return refuse(error_code::invalid_topic_exception, std::move(*why));
  if (image.find_topic(name) == nullptr)
    return refuse(error_code::unknown_topic_or_partition, "The topic '" + std::string(name) + "' does not exist.");
  return {};
}

verdict check_broker_resource(const broker_config& config, std::string_view name) {
  if (name.empty()) return {};
  std::int32_t id = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), id);
  if (problem != std::errc{} || end != name.data() + name.size())
    return refuse(error_code::invalid_request, "Node id must be an integer, but it is: " + std::string(name));
  if (id != config.node_id.value())
    return refuse(error_code::invalid_request, "Unexpected broker id, expected " +
                                                   std::to_string(config.node_id.value()) + ", but received " +
                                                   std::string(name));
  return {};
}

verdict check_group_resource(std::string_view name) {
  if (name.empty()) return refuse(error_code::invalid_request, "Default group resources are not allowed.");
  return {};
}

verdict check_client_metrics_resource(std::string_view name) {
  if (name.empty()) return refuse(error_code::invalid_request, "Subscription name can't be empty");
  return {};
}

verdict check_broker_changes(const config_map& changed, bool all_brokers) {
  const refused_keys keys = sort_out(changed, all_brokers);
  if (!keys.unknown.empty()) {
    // Apache Kafka keeps what it doesn't know, for plug-ins; here there are none, and a slip would go unseen.
    std::string message = "Unknown broker config name: " + keys.unknown.front();
    if (const auto near = nearest_key(config_scope::broker, keys.unknown.front()))
      message.append("; did you mean ").append(*near).append("?");
    return refuse(error_code::invalid_config, std::move(message));
  }
  if (!keys.read_only.empty())
    return refuse(error_code::invalid_request, "Cannot update these configs dynamically: " + listed(keys.read_only));
  if (!keys.without_listener.empty())
    return refuse(error_code::invalid_request,
                  "These security configs can be dynamically updated only per-listener using the listener prefix: " +
                      listed(keys.without_listener));
  if (!keys.of_one_broker.empty())
    return refuse(error_code::invalid_request,
                  "Cannot update these configs at default cluster level, broker id must be specified: " +
                      listed(keys.of_one_broker));
  for (const auto& [name, text] : changed) {
    if (auto v = check_broker_value(name, text); !v.ok()) return v;
  }
  return {};
}

verdict check_group_configs(const config_map& configs, const config_layers& layers) {
  for (const auto& [name, text] : configs) {
    if (find_key(config_scope::group, name) == nullptr)
      return refuse(error_code::invalid_config, "Unknown group config name: " + name);
  }
  for (const auto& [name, text] : configs) {
    const auto value = parse(*find_key(config_scope::group, name), text);
    if (!value) return refuse(error_code::invalid_config, value.error().detail);
    for (const group_bound& bound : group_bounds) {
      if (bound.key != name) continue;
      if (auto v = check_bound(bound, value->integer(), layers); !v.ok()) return v;
    }
  }
  config_layers with_group = layers;
  with_group.resource = &configs;
  for (const std::string_view kind : {"consumer", "share", "streams"}) {
    if (auto v = check_session(kind, with_group); !v.ok()) return v;
  }
  return {};
}

verdict check_client_metrics_configs(const config_map& configs) {
  for (const auto& [name, text] : configs) {
    const config_key* key = find_key(config_scope::client_metrics, name);
    if (key == nullptr) return refuse(error_code::invalid_request, "Unknown client metrics configuration: " + name);
    const auto value = parse(*key, text);
    if (!value) return refuse(error_code::invalid_config, value.error().detail);
    if (name == "interval.ms" && (value->integer() < 100 || value->integer() > 3600000))
      return refuse(error_code::invalid_request, "Invalid value " + std::to_string(value->integer()) +
                                                     " for interval.ms, interval must be between 100 and 3600000 "
                                                     "(1 hour)");
    if (name != "match") continue;
    if (const auto match = client_match::parse(value->list()); !match)
      return refuse(error_code::invalid_config, match.error().detail);
  }
  return {};
}

}  // namespace jackdaw::controller
