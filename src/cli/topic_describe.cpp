// jackdaw topic list|describe
#include "configs.hpp"
#include "offsets.hpp"
#include "topic.hpp"

namespace jackdaw::cli {

namespace {

struct list_options {
  bool internal = false;
};

outcome<void> list(context& ctx, const list_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  if (auto fresh = (*client)->refresh_metadata(std::nullopt); !fresh) return failure(fresh.error());
  table rows({{"topic"}, {"partitions"}, {"replicas"}, {"under_replicated"}, {"id"}});
  for (const auto& [name, topic] : (*client)->metadata().topics()) {
    if (topic.is_internal && !o.internal) continue;
    const auto lagging = std::count_if(topic.partitions.begin(), topic.partitions.end(),
                                       [](const auto& p) { return p.in_sync.size() < p.replicas.size(); });
    const std::size_t replicas = topic.partitions.empty() ? 0 : topic.partitions.front().replicas.size();
    rows.add({name, static_cast<std::int64_t>(topic.partitions.size()), static_cast<std::int64_t>(replicas),
              std::int64_t{lagging}, to_string(topic.id)});
  }
  if (rows.empty()) ctx.note("there are no topics yet; make one with: jackdaw topic create NAME");
  if (!rows.empty() || ctx.is_json()) ctx.print(rows);
  return boost::system::in_place_value;
}

struct describe_options {
  std::vector<std::string> names;
  bool offsets = false;
  bool internal = false;
};

std::vector<std::int64_t> numbers(const std::vector<broker_id>& ids) {
  std::vector<std::int64_t> out;
  for (const broker_id id : ids) out.push_back(id.value());
  return out;
}

cell leader_of(const net::partition_metadata& p) {
  if (p.leader.value() < 0) return {};
  return std::int64_t{p.leader.value()};
}

outcome<table> partition_rows(net::client& client, const net::topic_metadata& topic, bool with_offsets) {
  std::vector<column> columns{{"partition"}, {"leader"}, {"epoch"}, {"replicas"}, {"in_sync"}, {"offline"}};
  std::map<partition_id, offset> first;
  std::map<partition_id, offset> end;
  if (with_offsets) {
    columns.insert(columns.end(), {{"first"}, {"end"}, {"records"}});
    auto begins = list_offsets(client, topic.name, all_partitions(topic), earliest_offset);
    if (!begins) return begins.error();
    auto ends = list_offsets(client, topic.name, all_partitions(topic), latest_offset);
    if (!ends) return ends.error();
    first = std::move(*begins);
    end = std::move(*ends);
  }
  table rows(std::move(columns));
  for (const auto& p : topic.partitions) {
    std::vector<cell> row{std::int64_t{p.id.value()}, leader_of(p),       std::int64_t{p.epoch.value()},
                          numbers(p.replicas),        numbers(p.in_sync), numbers(p.offline)};
    if (with_offsets) {
      row.insert(row.end(), {first[p.id].value(), end[p.id].value(), end[p.id] - first[p.id]});
    }
    rows.add(std::move(row));
  }
  return rows;
}

using settings = std::vector<std::pair<std::string, std::string>>;

outcome<settings> own_settings(context& ctx, const std::string& topic) {
  auto answered = describe_configs(ctx, {resource_type::topic, topic}, false);
  if (!answered) return answered.error();
  settings out;
  for (const auto& config : answered->body.results.front().configs) {
    if (config.config_source == source_topic) out.emplace_back(config.name, config.value.value_or(""));
  }
  return out;
}

void print_people(context& ctx, const net::topic_metadata& topic, const settings& own, const table& rows) {
  std::string text = "topic " + topic.name + "  id " + to_string(topic.id);
  for (const auto& [key, value] : own) text += "  " + key + "=" + value;
  context::print(text + "\n");
  ctx.print(rows);
}

void append_json(protocol::json_printer& json, const net::topic_metadata& topic, const settings& own,
                 const table& rows) {
  json.begin_object();
  json.key("topic");
  json.value(std::string_view(topic.name));
  json.key("id");
  json.value(topic.id);
  json.key("internal");
  json.value(topic.is_internal);
  json.key("configs");
  json.begin_object();
  for (const auto& [key, value] : own) {
    json.key(key);
    json.value(std::string_view(value));
  }
  json.end_object();
  json.key("partitions");
  rows.print(json);
  json.end_object();
}

outcome<std::vector<std::string>> names_to_describe(net::client& client, const describe_options& o) {
  if (o.names.empty()) {
    if (auto fresh = client.refresh_metadata(std::nullopt); !fresh) return failure(fresh.error());
    std::vector<std::string> all;
    for (const auto& [name, topic] : client.metadata().topics()) {
      if (!topic.is_internal || o.internal) all.push_back(name);
    }
    return all;
  }
  for (const auto& name : o.names) {
    auto found = find_topic(client, name);
    if (!found) return found.error();
  }
  return o.names;
}

outcome<void> describe(context& ctx, const describe_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  auto names = names_to_describe(**client, o);
  if (!names) return names.error();
  protocol::json_printer json;
  json.begin_array();
  bool first = true;
  for (const auto& name : *names) {
    const net::topic_metadata topic = *(*client)->metadata().topic(name);
    auto rows = partition_rows(**client, topic, o.offsets);
    if (!rows) return rows.error();
    auto own = own_settings(ctx, name);
    if (!own) return own.error();
    if (ctx.is_json()) {
      append_json(json, topic, *own, *rows);
    } else {
      if (!std::exchange(first, false)) context::print("\n");
      print_people(ctx, topic, *own, *rows);
    }
  }
  json.end_array();
  if (ctx.is_json()) context::print(json);
  return boost::system::in_place_value;
}

}  // namespace

void add_topic_list(command noun, context& ctx) {
  add_verb<list_options>(
      noun, ctx, "list", "Lists topics",
      [](command verb, list_options& o) {
        verb.add_flag("--internal", o.internal, "Those of the cluster itself, too");
      },
      list);
}

void add_topic_describe(command noun, context& ctx) {
  add_verb<describe_options>(
      noun, ctx, "describe", "Shows partitions, leaders, replicas and settings",
      [](command verb, describe_options& o) {
        verb.add_option("names", o.names, "Only these topics");
        verb.add_flag("--offsets", o.offsets, "With first and end offsets");
        verb.add_flag("--internal", o.internal, "Topics of the cluster itself, too");
      },
      describe);
}

}  // namespace jackdaw::cli
