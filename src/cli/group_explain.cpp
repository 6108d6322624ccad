// jackdaw group explain
#include <algorithm>

#include "group.hpp"
#include "groups.hpp"
#include "jackdaw/cli/group_story.hpp"
#include "jackdaw/protocol/messages/describe_groups.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

// docs/formats/group_history.md
constexpr std::uint32_t history_tag = 10000;

struct explain_options {
  std::string name;
  std::size_t last = 5;
};

using described = protocol::describe_groups_response::described_group;

failure no_history(std::string_view name) {
  return {exit_status::failed, group_named(name) +
                                   ": this broker keeps no history of its rebalances (Jackdaw does for classic "
                                   "groups); see what there is with: jackdaw group describe " +
                                   std::string(name)};
}

outcome<protocol::group_history> history_of(const described& group) {
  for (const auto& tag : group.unknown_tags.all()) {
    if (tag.tag != history_tag) continue;
    auto history = protocol::decode_message<protocol::group_history>(tag.value, 0);
    if (!history) return failure(history.error());
    return std::move(*history);
  }
  return no_history(group.group_id);
}

// The coordinator has no classic group of that name: there may be one of the newer protocol.
outcome<protocol::group_history> no_classic_group(coordinators& directory, const std::string& name) {
  auto group = describe_group(directory, name);
  return group ? no_history(name) : group.error();
}

outcome<void> explain(context& ctx, const explain_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  coordinators directory(**client);
  const auto make = [&](std::int16_t version) {
    protocol::describe_groups_request request;
    request.groups.emplace_back(o.name);
    if (version >= protocol::describe_groups_request::flexible_from) request.unknown_tags.add({history_tag, {}});
    return request;
  };
  auto answered = ask_coordinator<protocol::describe_groups_response>(directory, o.name, make, [](const auto& body) {
    return body.groups.empty() ? error_code::unknown_server_error : body.groups.front().error_code;
  });
  if (!answered) return answered.error();
  if (answered->body.groups.empty()) return no_such_group(o.name);
  const auto& group = answered->body.groups.front();
  const bool is_missing = group.error_code == error_code::group_id_not_found || group.group_state == "Dead";
  if (!is_missing && group.error_code != error_code::none) {
    return refused(group_named(o.name), group.error_code, group.error_message);
  }
  auto history = is_missing ? no_classic_group(directory, o.name) : history_of(group);
  if (!history) return history.error();
  const auto& all = history->rebalances;
  const std::size_t first = all.size() - std::min(all.size(), o.last);
  protocol::json_printer json;
  json.begin_array();
  std::string text;
  for (std::size_t i = first; i < all.size(); ++i) {
    if (i != first) text += '\n';
    text += tell(all[i]);
    print(json, all[i]);
  }
  json.end_array();
  if (ctx.is_json()) {
    context::print(json);
  } else if (all.empty()) {
    ctx.note(group_named(o.name) + " hasn't rebalanced since its coordinator started");
  } else {
    context::print(text);
  }
  return boost::system::in_place_value;
}

}  // namespace

void add_group_explain(command noun, context& ctx) {
  add_verb<explain_options>(
      noun, ctx, "explain", "Tells why and how the group rebalanced lately (of a Jackdaw broker)",
      [](command verb, explain_options& o) {
        verb.add_option("name", o.name, "The group").required();
        verb.add_option("-n,--last", o.last, "So many rebalances, the newest last").positive().show_default();
      },
      explain);
}

}  // namespace jackdaw::cli
