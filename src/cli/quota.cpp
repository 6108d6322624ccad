// jackdaw quota describe|set|unset
#include <charconv>
#include <cmath>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/alter_client_quotas.hpp"
#include "jackdaw/protocol/messages/describe_client_quotas.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr std::string_view entity_types[] = {"user", "client-id", "ip"};
constexpr std::string_view default_name = "(default)";

// Whom a quota is for, as on the command line.
struct entity_options {
  std::string user;
  std::string client_id;
  std::string ip;
  bool user_default = false;
  bool client_id_default = false;
  bool ip_default = false;
};

struct entity_part {
  std::string_view type;
  std::optional<std::string_view> name;  // nothing: the default of that type
};

outcome<std::vector<entity_part>> parts_of(const entity_options& o) {
  std::vector<entity_part> out;
  const auto add = [&](std::string_view type, const std::string& name, bool is_default) {
    if (is_default) out.push_back({type, std::nullopt});
    if (!name.empty()) out.push_back({type, name});
    return !is_default || name.empty();
  };
  const bool is_once = add("user", o.user, o.user_default) && add("client-id", o.client_id, o.client_id_default) &&
                       add("ip", o.ip, o.ip_default);
  if (!is_once) return usage("name a user, client id or ip, or its default, but not both");
  if (out.size() > 1 && out.back().type == "ip") return usage("a quota of an ip is for nothing else");
  return out;
}

std::string describe(const std::vector<entity_part>& parts) {
  std::string out;
  for (const auto& p : parts) {
    if (!out.empty()) out += ", ";
    out += p.type;
    out += p.name ? " '" + std::string(*p.name) + "'" : " " + std::string(default_name);
  }
  return out;
}

// Whole numbers print without a point.
cell number(double value) {
  constexpr double exact_max = 9007199254740992;  // 2^53
  if (std::floor(value) == value && std::abs(value) <= exact_max) return static_cast<std::int64_t>(value);
  return value;
}

struct describe_options {
  entity_options entity;
};

protocol::describe_client_quotas_request describe_request(const std::vector<entity_part>& parts) {
  constexpr std::int8_t match_exact = 0;
  constexpr std::int8_t match_default = 1;
  protocol::describe_client_quotas_request request;
  for (const auto& part : parts) {
    auto& c = request.components.emplace_back();
    c.entity_type = part.type;
    c.match_type = part.name ? match_exact : match_default;
    c.match = part.name;
  }
  return request;
}

outcome<void> describe_quotas(context& ctx, const describe_options& o) {
  auto parts = parts_of(o.entity);
  if (!parts) return parts.error();
  auto client = ctx.client();
  if (!client) return client.error();
  auto answered = (*client)->call<protocol::describe_client_quotas_response>(describe_request(*parts));
  if (!answered) return failure(answered.error());
  const auto& body = answered->body;
  if (body.error_code != error_code::none) return refused("the quotas", body.error_code, body.error_message);
  std::map<std::vector<std::string>, double> sorted;
  if (body.entries) {
    for (const auto& entry : *body.entries) {
      std::vector<std::string> row(std::size(entity_types));
      for (const auto& e : entry.entity) {
        const auto at = std::find(std::begin(entity_types), std::end(entity_types), e.entity_type);
        if (at == std::end(entity_types)) continue;
        row[static_cast<std::size_t>(at - std::begin(entity_types))] = e.entity_name.value_or(default_name);
      }
      row.emplace_back();
      for (const auto& value : entry.values) {
        row.back() = value.key;
        sorted[row] = value.value;
      }
    }
  }
  table rows({{"user"}, {"client_id"}, {"ip"}, {"quota"}, {"value"}});
  const auto known = [](const std::string& text) { return text.empty() ? cell{} : cell{text}; };
  for (const auto& [row, value] : sorted) {
    rows.add({known(row[0]), known(row[1]), known(row[2]), row[3], number(value)});
  }
  if (rows.empty()) ctx.note(parts->empty() ? "there are no quotas" : "there are no such quotas");
  if (!rows.empty() || ctx.is_json()) ctx.print(rows);
  return boost::system::in_place_value;
}

struct change_options {
  entity_options entity;
  std::vector<std::string> items;
  bool validate_only = false;
};

struct quota_change {
  std::string key;
  std::optional<double> value;  // nothing: removed
};

outcome<quota_change> parse_set(const std::string& text) {
  auto pair = parse_pair(text);
  if (!pair) return failure(pair.error());
  auto& [key, value] = *pair;
  double parsed = 0;
  const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), parsed);
  if (status == std::errc{} && end == value.data() + value.size()) return quota_change{key, parsed};
  if (!key.ends_with("byte_rate")) return usage("'" + value + "' is no number, as the value of " + key + " must be");
  auto bytes = parse_bytes(value);
  if (!bytes) return failure(bytes.error());
  return quota_change{key, static_cast<double>(*bytes)};
}

outcome<void> change(context& ctx, const change_options& o, bool is_unset) {
  auto parts = parts_of(o.entity);
  if (!parts) return parts.error();
  if (parts->empty()) return usage("name whom the quota is for: --user, --client-id, --ip, or a default of them");
  std::vector<quota_change> changes;
  for (const auto& item : o.items) {
    auto parsed = is_unset ? outcome<quota_change>(quota_change{item, std::nullopt}) : parse_set(item);
    if (!parsed) return parsed.error();
    changes.push_back(std::move(*parsed));
  }
  auto client = ctx.client();
  if (!client) return client.error();
  protocol::alter_client_quotas_request request;
  request.validate_only = o.validate_only;
  auto& entry = request.entries.emplace_back();
  for (const auto& part : *parts) {
    auto& e = entry.entity.emplace_back();
    e.entity_type = part.type;
    e.entity_name = part.name;
  }
  for (const auto& c : changes) {
    auto& op = entry.ops.emplace_back();
    op.key = c.key;
    op.value = c.value.value_or(0);
    op.remove = !c.value;
  }
  auto answered = (*client)->call<protocol::alter_client_quotas_response>(request);
  if (!answered) return failure(answered.error());
  for (const auto& e : answered->body.entries) {
    if (e.error_code != error_code::none) return refused(describe(*parts), e.error_code, e.error_message);
  }
  ctx.note(describe(*parts) + (o.validate_only ? ": could be changed" : ": changed"));
  return boost::system::in_place_value;
}

void add_entity(command verb, entity_options& o) {
  verb.add_option("-u,--user", o.user, "A user");
  verb.add_flag("--user-default", o.user_default, "Users without a quota of their own");
  verb.add_option("-c,--client-id", o.client_id, "A client id; with a user: of that user");
  verb.add_flag("--client-id-default", o.client_id_default, "Client ids without a quota of their own");
  verb.add_option("--ip", o.ip, "An address that connections come from");
  verb.add_flag("--ip-default", o.ip_default, "Addresses without a quota of their own");
}

void add_change(command verb, change_options& o, const char* help) {
  add_entity(verb, o.entity);
  verb.add_option("quotas", o.items, help).required();
  verb.add_flag("--dry-run", o.validate_only, "Only ask whether it could be done");
}

}  // namespace

void add_quota(command app, context& ctx) {
  const command noun = add_noun(app, "quota", "Limits for users, client ids and addresses");
  noun.footer(
      "Quotas are producer_byte_rate and consumer_byte_rate (bytes a second), request_percentage,\n"
      "controller_mutation_rate (partitions a second), and for an ip connection_creation_rate.");
  add_verb<describe_options>(
      noun, ctx, "describe", "Shows quotas: all, or those that name whom you name",
      [](command verb, describe_options& o) { add_entity(verb, o.entity); }, describe_quotas);
  add_verb<change_options>(
      noun, ctx, "set", "Sets quotas: producer_byte_rate=10M",
      [](command verb, change_options& o) { add_change(verb, o, "key=value ..."); },
      [](context& c, const change_options& o) { return change(c, o, false); });
  add_verb<change_options>(
      noun, ctx, "unset", "Removes quotas", [](command verb, change_options& o) { add_change(verb, o, "key ..."); },
      [](context& c, const change_options& o) { return change(c, o, true); });
}

}  // namespace jackdaw::cli
