// Defaults, file, variables and overrides become one checked broker_config.
#include "loader.hpp"

#include <algorithm>

#include "foreign.hpp"
#include "jackdaw/base/assert.hpp"
#include "text.hpp"

namespace jackdaw {
namespace config_loader {

namespace {

bool is_number_or_boolean(config_type type) {
  return type == config_type::boolean || type == config_type::int16 || type == config_type::int32 ||
         type == config_type::int64 || type == config_type::float64;
}

// "168  # 7 days": what stands before the comment. Java's syntax has none behind a value, people write them all the
// same, and a number can't mean anything else.
std::optional<std::string> without_comment(const config_key& key, std::string_view text) {
  if (!is_number_or_boolean(key.type)) return std::nullopt;
  const auto hash = text.find('#');
  if (hash == 0 || hash == std::string_view::npos || !config_text::is_blank(text[hash - 1])) return std::nullopt;
  std::string value(config_text::trim(text.substr(0, hash)));
  if (!parse(key, value)) return std::nullopt;
  return value;
}

}  // namespace

void settings::add(const config_setting& setting, bool unknown_is_error) {
  const config_key* key = find_key(config_scope::broker, setting.key);
  if (key == nullptr) return add_unknown(setting, unknown_is_error);
  const auto value = without_comment(*key, setting.value);
  if (!value) return add_known(*key, setting);
  warn(setting.origin + ": " + setting.key + "=" + setting.value + " is taken as " + *value +
       ": Kafka has no comments behind a value and would refuse it");
  add_known(*key, {setting.key, *value, setting.origin});
}

void settings::add_known(const config_key& key, const config_setting& setting) {
  const std::string shown = key.is_sensitive() ? "[hidden]" : setting.value;
  if (auto value = parse(key, setting.value); !value) {
    std::string text = setting.origin + ": " + setting.key + "=" + shown + " is not allowed";
    const std::string allowed = allowed_values(key);
    text += allowed.empty() ? ": " + value.error().detail : "; allowed is " + allowed;
    problems_.push_back(std::move(text));
    return;
  }
  if (const auto before = values_.find(setting.key); before != values_.end()) {
    const auto file = setting.origin.substr(0, setting.origin.rfind(':'));
    if (before->second.origin.starts_with(file + ':'))
      warn(setting.origin + ": " + setting.key + " replaces the value of " + before->second.origin);
  } else if (key.effect == config_effect::ignored) {
    warn(setting.origin + ": " + setting.key + " has no effect: " + std::string(key.note));
  }
  values_.insert_or_assign(setting.key, origin_value{setting.value, setting.origin});
}

void settings::add_unknown(const config_setting& setting, bool unknown_is_error) {
  if (const auto why = config_foreign::reason(setting.key)) {
    warn(setting.origin + ": " + setting.key + " has no effect: " + *why);
    return;
  }
  std::string text = setting.origin + ": unknown key " + setting.key;
  if (const auto near = nearest_key(config_scope::broker, setting.key)) {
    text += "; did you mean " + std::string(*near) + "?";
  } else {
    text += "; docs/configuration.md lists all keys";
  }
  (unknown_is_error ? problems_ : unknown_).push_back(std::move(text));
}

void settings::settle_unknown() {
  auto& to = get("jackdaw.config.strict").boolean() ? problems_ : warnings_;
  to.insert(to.end(), unknown_.begin(), unknown_.end());
  unknown_.clear();
}

void settings::fill_in(std::string_view key, std::string value) {
  JD_ASSERT(find_key(config_scope::broker, key) != nullptr, key, value);
  values_.insert_or_assign(std::string(key), origin_value{std::move(value), "default"});
}

config_value settings::get(std::string_view key) const {
  const config_key* row = find_key(config_scope::broker, key);
  JD_ASSERT(row != nullptr, key);
  const auto at = values_.find(key);
  if (at == values_.end()) return default_value(*row);
  auto value = parse(*row, at->second.value);
  JD_ASSERT(value.has_value(), key);
  return std::move(*value);
}

std::string settings::text(std::string_view key) const {
  const config_value value = get(key);
  return value.is_null() ? std::string() : value.text();
}

config_list settings::list(std::string_view key) const {
  const config_value value = get(key);
  return value.is_null() ? config_list() : value.list();
}

std::string settings::origin(std::string_view key) const {
  const auto at = values_.find(key);
  return at == values_.end() ? "default" : at->second.origin;
}

void settings::problem(std::string_view key, std::string_view what) {
  const auto at = values_.find(key);
  const config_key* row = find_key(config_scope::broker, key);
  std::string text = origin(key) + ": ";
  text += key;
  text += '=';
  if (at != values_.end()) {
    text += at->second.value;
  } else if (row != nullptr && row->fallback) {
    text += *row->fallback;
  }
  text += ": ";
  text += what;
  problems_.push_back(std::move(text));
}

config_map settings::plain() const {
  config_map out;
  for (const auto& [key, value] : values_) out.emplace(key, value.value);
  return out;
}

namespace {

void read_identity(settings& from, broker_config& to) {
  if (!from.has("node.id") && from.has("broker.id") && from.integer("broker.id") >= 0)
    from.fill_in("node.id", std::to_string(from.integer("broker.id")));
  if (from.has("broker.id") && from.integer("broker.id") >= 0 && from.integer("broker.id") != from.integer("node.id"))
    from.problem("broker.id", "differs from node.id=" + std::to_string(from.integer("node.id")) +
                                  "; broker.id is its old name, so set only node.id");
  to.node_id = broker_id(from.int32("node.id"));
  from.fill_in("node.id", std::to_string(to.node_id.value()));
  from.fill_in("broker.id", std::to_string(to.node_id.value()));
  to.cluster_id = from.text("jackdaw.cluster.id");
  const config_list roles = from.list("process.roles");
  to.is_broker = std::find(roles.begin(), roles.end(), "broker") != roles.end();
  to.is_controller = std::find(roles.begin(), roles.end(), "controller") != roles.end();
  to.rack = from.text("broker.rack");
}

endpoint_config endpoint_of(std::string_view text) {
  const auto colon = text.rfind(':');
  JD_ASSERT(colon != std::string_view::npos, text);  // the table's check has seen it
  return {std::string(text.substr(0, colon)),
          config_text::to_number<std::uint16_t>(text.substr(colon + 1)).value_or(0)};
}

void read_quorum(settings& from, broker_config& to) {
  for (const std::string& text : from.list("controller.quorum.voters")) {
    const auto at = text.find('@');
    JD_ASSERT(at != std::string::npos, text);
    const auto endpoint = endpoint_of(std::string_view(text).substr(at + 1));
    to.controller_quorum_voters.push_back(
        {broker_id(config_text::to_number<std::int32_t>(std::string_view(text).substr(0, at)).value_or(-1)),
         endpoint.host, endpoint.port});
  }
  const auto& voters = to.controller_quorum_voters;
  const bool among_them =
      std::any_of(voters.begin(), voters.end(), [&](const voter_config& v) { return v.id == to.node_id; });
  for (auto v = voters.begin(); v != voters.end(); ++v) {
    if (std::any_of(voters.begin(), v, [&](const voter_config& other) { return other.id == v->id; }))
      from.problem("controller.quorum.voters",
                   "node " + std::to_string(v->id.value()) + " is named twice; each voter needs a node.id of its own");
  }
  if (to.is_controller && !voters.empty() && !among_them)
    from.problem("controller.quorum.voters", "node.id=" + std::to_string(to.node_id.value()) +
                                                 " is a controller by process.roles, so it must be among the voters");
  for (const std::string& text : from.list("controller.quorum.bootstrap.servers"))
    to.controller_quorum_bootstrap_servers.push_back(endpoint_of(text));
}

void read_groups(settings& from, broker_config& to) {
  to.group_initial_rebalance_delay_ms = from.int32("group.initial.rebalance.delay.ms");
  to.group_max_size = from.int32("group.max.size");
  to.group_min_session_timeout_ms = from.int32("group.min.session.timeout.ms");
  to.group_max_session_timeout_ms = from.int32("group.max.session.timeout.ms");
  to.offset_metadata_max_bytes = from.int32("offset.metadata.max.bytes");
  to.offsets_retention_ms = std::int64_t{from.int32("offsets.retention.minutes")} * 60'000;
  to.offsets_retention_check_interval_ms = from.integer("offsets.retention.check.interval.ms");
}

void read_connections(settings& from, broker_config& to) {
  to.socket_send_buffer_bytes = from.int32("socket.send.buffer.bytes");
  to.socket_receive_buffer_bytes = from.int32("socket.receive.buffer.bytes");
  to.socket_request_max_bytes = from.int32("socket.request.max.bytes");
  to.socket_listen_backlog_size = from.int32("socket.listen.backlog.size");
  to.connections_max_idle_ms = from.integer("connections.max.idle.ms");
  to.fetch_max_bytes = from.int32("fetch.max.bytes");
  to.max_incremental_fetch_session_cache_slots = from.int32("max.incremental.fetch.session.cache.slots");
  to.max_request_partition_size_limit = from.int32("max.request.partition.size.limit");
  to.quota_window_num = from.int32("quota.window.num");
  to.quota_window_size_seconds = from.int32("quota.window.size.seconds");
  to.controller_quota_window_num = from.int32("controller.quota.window.num");
  to.controller_quota_window_size_seconds = from.int32("controller.quota.window.size.seconds");
  if (!from.get("num.replica.alter.log.dirs.threads").is_null())
    to.num_replica_alter_log_dirs_threads = from.int32("num.replica.alter.log.dirs.threads");
  to.telemetry_max_bytes = from.int32("telemetry.max.bytes");
  const std::string overrides = from.text("max.connections.per.ip.overrides");
  if (auto parsed = parse_connection_overrides(overrides); !parsed)
    from.problem("max.connections.per.ip.overrides", parsed.error().detail);
}

void read_topics_and_logs(settings& from, broker_config& to) {
  to.log_dirs = from.has("log.dirs") ? from.list("log.dirs") : from.list("log.dir");
  JD_ASSERT(!to.log_dirs.empty(), from.origin("log.dirs"));
  to.metadata_log_dir = from.text("metadata.log.dir");
  if (to.metadata_log_dir.empty()) to.metadata_log_dir = to.log_dirs.front();
  to.auto_create_topics_enable = from.boolean("auto.create.topics.enable");
  to.delete_topic_enable = from.boolean("delete.topic.enable");
  to.num_partitions = from.int32("num.partitions");
  to.default_replication_factor = static_cast<std::int16_t>(from.integer("default.replication.factor"));
  to.log_retention_check_interval_ms = from.integer("log.retention.check.interval.ms");
  to.log_flush_scheduler_interval_ms = from.integer("log.flush.scheduler.interval.ms");
  to.log_flush_offset_checkpoint_interval_ms = from.int32("log.flush.offset.checkpoint.interval.ms");
  to.log_flush_start_offset_checkpoint_interval_ms = from.int32("log.flush.start.offset.checkpoint.interval.ms");
  to.log_initial_task_delay_ms = from.integer("log.initial.task.delay.ms");
  to.replica_lag_time_max_ms = from.integer("replica.lag.time.max.ms");
  to.replica_high_watermark_checkpoint_interval_ms = from.integer("replica.high.watermark.checkpoint.interval.ms");
  to.producer_id_expiration_check_interval_ms = from.int32("producer.id.expiration.check.interval.ms");
  to.metadata_log_max_record_bytes_between_snapshots = from.integer("metadata.log.max.record.bytes.between.snapshots");
  to.metadata_log_max_snapshot_interval_ms = from.integer("metadata.log.max.snapshot.interval.ms");
  to.metadata_log_segment_bytes = from.int32("metadata.log.segment.bytes");

  for (const std::string_view key : {"log.retention.ms", "log.retention.minutes", "log.retention.hours"}) {
    if (from.has(key) && from.integer(key) == 0) from.problem(key, "allowed is -1 for unlimited, or at least 1");
  }
  if (from.has("log.roll.ms") && from.integer("log.roll.ms") < 1) from.problem("log.roll.ms", "allowed is at least 1");
  if (from.has("log.roll.jitter.ms") && from.integer("log.roll.jitter.ms") < 0)
    from.problem("log.roll.jitter.ms", "allowed is at least 0");
  if (from.integer("default.replication.factor") < 1)
    from.problem("default.replication.factor", "allowed is at least 1");
}

void read_own(settings& from, broker_config& to) {
  to.shards = from.int32("jackdaw.shards");
  to.disk_threads = from.int32("jackdaw.disk.threads");
  to.memory_fetch_sessions_bytes = from.integer("jackdaw.memory.fetch.sessions.bytes");
  to.memory_groups_bytes = from.integer("jackdaw.memory.groups.bytes");
  to.memory_shard_bytes = from.integer("jackdaw.memory.shard.bytes");
  to.memory_connection_bytes = from.integer("jackdaw.memory.connection.bytes");
  to.connection_requests_max = from.int32("jackdaw.connection.requests.max");
  to.log_level = from.text("jackdaw.log.level");
  to.log_format = from.text("jackdaw.log.format");
}

// Kafka's containers set no listeners when only the advertised ones are known: they listen on those ports, on all
// interfaces. Without any configuration the server keeps to this machine.
void default_listeners(settings& s, bool outside_configuration) {
  if (s.has("listeners")) return;
  if (!outside_configuration) return s.fill_in("listeners", "PLAINTEXT://localhost:9092");
  if (!s.origin("advertised.listeners").starts_with("variable ")) return;
  config_list out;
  for (const std::string& text : s.list("advertised.listeners")) {
    const auto slashes = text.find("://");
    const auto colon = text.rfind(':');
    if (slashes == std::string::npos || colon <= slashes) return;
    out.push_back(text.substr(0, slashes + 3) + text.substr(colon));
  }
  if (!out.empty()) s.fill_in("listeners", config_text::join(out, ","));
}

}  // namespace
}  // namespace config_loader

result<loaded_config> load_broker_config(const config_input& input) {
  using namespace config_loader;
  settings s;
  if (!input.file_name.empty()) {
    auto lines = parse_properties(input.file_text, input.file_name);
    if (!lines) return lines.error();
    for (const config_setting& line : *lines) s.add(line, false);
  }
  const auto variables = settings_from_environment(input.environment);
  for (const config_setting& variable : variables) s.add(variable, false);
  std::vector<std::string> bad_overrides;
  for (const std::string& text : input.overrides) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      bad_overrides.push_back("--override " + text + ": allowed is key=value");
      continue;
    }
    s.add({std::string(config_text::trim(text.substr(0, equals))), text.substr(equals + 1), "--override"}, true);
  }
  s.settle_unknown();

  loaded_config out;
  read_identity(s, out.config);
  default_listeners(s, !input.file_name.empty() || !variables.empty());
  read_listeners(s, out.config);
  read_quorum(s, out.config);
  read_connections(s, out.config);
  read_groups(s, out.config);
  read_topics_and_logs(s, out.config);
  read_own(s, out.config);

  std::vector<std::string> problems = s.problems();
  problems.insert(problems.end(), bad_overrides.begin(), bad_overrides.end());
  if (!problems.empty()) return fail(errc::invalid_argument, config_text::join(problems, "\n"));
  out.config.settings = s.plain();
  out.config.dynamic = effective_dynamic_config({.static_broker = &out.config.settings});
  out.warnings = std::move(s.warnings());
  return out;
}

}  // namespace jackdaw
