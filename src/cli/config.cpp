// jackdaw config describe|set|unset
#include <algorithm>

#include "configs.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

namespace {

using described = protocol::describe_configs_response::describe_configs_resource_result;

struct describe_options {
  std::string type;
  std::string name;
  std::vector<std::string> keys;
  bool all = false;
  bool help = false;
};

bool is_wanted(const described& config, const describe_options& o) {
  if (!o.keys.empty()) return std::find(o.keys.begin(), o.keys.end(), config.name) != o.keys.end();
  return o.all || config.config_source != source_default;
}

cell value_of(const described& config) {
  if (config.is_sensitive) return std::string("(hidden)");
  if (!config.value) return {};
  return std::string(*config.value);
}

outcome<void> describe(context& ctx, const describe_options& o) {
  auto of = parse_resource(o.type, o.name);
  if (!of) return of.error();
  auto answered = describe_configs(ctx, *of, o.help);
  if (!answered) return answered.error();
  std::vector<column> columns{{"name"}, {"value"}, {"source"}, {"read_only"}};
  if (o.help) columns.push_back({"help"});
  table rows(std::move(columns));
  auto& configs = answered->body.results.front().configs;
  std::sort(configs.begin(), configs.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  for (const auto& config : configs) {
    if (!is_wanted(config, o)) continue;
    std::vector<cell> row{std::string(config.name), value_of(config),
                          std::string(name_of_config_source(config.config_source)), config.read_only};
    if (o.help) row.emplace_back(std::string(config.documentation.value_or("")));
    rows.add(std::move(row));
  }
  if (rows.empty() && !o.keys.empty()) {
    return failure{exit_status::not_found,
                   of->describe() + " has no setting '" + o.keys.front() + "'; see: jackdaw config describe --all"};
  }
  if (rows.empty()) ctx.note(of->describe() + " has no settings of its own; --all shows the defaults, too");
  if (!rows.empty() || ctx.is_json()) ctx.print(rows);
  return boost::system::in_place_value;
}

struct change_options {
  std::string type;
  std::string name;
  std::vector<std::string> items;
  bool validate_only = false;
};

outcome<void> change(context& ctx, const change_options& o, bool is_unset) {
  auto of = parse_resource(o.type, o.name);
  if (!of) return of.error();
  const std::vector<std::string> none;
  auto changes = parse_changes(is_unset ? none : o.items, is_unset ? o.items : none);
  if (!changes) return changes.error();
  auto done = change_configs(ctx, *of, *changes, o.validate_only);
  if (!done) return done.error();
  ctx.note(of->describe() + (o.validate_only ? ": would be changed" : ": changed"));
  return done;
}

void add_resource(command verb, std::string& type, std::string& name) {
  verb.add_option("type", type, "topic, broker, broker-logger, group or client-metrics").required();
  verb.add_option("name", name, "The topic's name, the broker's id (default: all brokers)").required();
}

void add_change(command verb, change_options& o, const char* help) {
  add_resource(verb, o.type, o.name);
  verb.add_option("changes", o.items, help).required();
  verb.add_flag("--dry-run", o.validate_only, "Only ask whether it could be done");
}

}  // namespace

void add_config(command app, context& ctx) {
  const command noun = add_noun(app, "config", "Settings of topics, brokers and loggers");
  add_verb<describe_options>(
      noun, ctx, "describe", "Shows settings and where they come from",
      [](command verb, describe_options& o) {
        add_resource(verb, o.type, o.name);
        verb.add_option("keys", o.keys, "Only these");
        verb.add_flag("-a,--all", o.all, "Defaults, too");
        verb.add_flag("--explain", o.help, "With the broker's documentation");
      },
      describe);
  add_verb<change_options>(
      noun, ctx, "set", "Changes settings: key=value, or key+=item and key-=item for lists",
      [](command verb, change_options& o) { add_change(verb, o, "key=value ..."); },
      [](context& c, const change_options& o) { return change(c, o, false); });
  add_verb<change_options>(
      noun, ctx, "unset", "Takes settings back to their defaults",
      [](command verb, change_options& o) { add_change(verb, o, "key ..."); },
      [](context& c, const change_options& o) { return change(c, o, true); });
}

}  // namespace jackdaw::cli
