// jackdaw group describe
#include <algorithm>

#include "group.hpp"
#include "groups.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/consumer_group_describe.hpp"
#include "jackdaw/protocol/messages/describe_groups.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

// Java brokers put a slash before an address.
std::string host_of(std::string_view host) { return std::string(host.substr(host.starts_with('/') ? 1 : 0)); }

outcome<group_description> describe_classic(coordinators& directory, const std::string& name) {
  protocol::describe_groups_request request;
  request.groups.emplace_back(name);
  auto answered = ask_coordinator<protocol::describe_groups_response>(
      directory, name, [&](std::int16_t) -> const auto& { return request; },
      [](const auto& body) {
        return body.groups.empty() ? error_code::unknown_server_error : body.groups.front().error_code;
      });
  if (!answered) return answered.error();
  if (answered->body.groups.empty()) return refused(group_named(name), error_code::group_id_not_found);
  const auto& g = answered->body.groups.front();
  group_description out;
  out.name = name;
  out.type = "classic";
  out.state = g.group_state;
  if (g.error_code == error_code::group_id_not_found) out.state = "Dead";
  if (g.error_code != error_code::none && g.error_code != error_code::group_id_not_found) {
    return refused(group_named(name), g.error_code, g.error_message);
  }
  out.protocol_type = g.protocol_type;
  out.assignor = g.protocol_data;
  for (const auto& m : g.members) {
    group_member_description member{std::string(m.member_id),
                                    std::string(m.group_instance_id.value_or("")),
                                    std::string(m.client_id),
                                    host_of(m.client_host),
                                    {}};
    if (g.protocol_type == "consumer") {
      auto assigned = net::decode_assignment(m.member_assignment);
      if (assigned) member.assigned = std::move(*assigned);
    }
    out.members.push_back(std::move(member));
  }
  return out;
}

void take_consumer_group(group_description& out, const protocol::consumer_group_describe_response::described_group& g) {
  out.type = "consumer";
  out.state = g.group_state;
  out.protocol_type = "consumer";
  out.assignor = g.assignor_name;
  out.epoch = g.group_epoch;
  for (const auto& m : g.members) {
    group_member_description member{std::string(m.member_id),
                                    std::string(m.instance_id.value_or("")),
                                    std::string(m.client_id),
                                    host_of(m.client_host),
                                    {}};
    for (const auto& t : m.assignment.topic_partitions) {
      auto& partitions = member.assigned[std::string(t.topic_name)];
      partitions.assign(t.partitions.begin(), t.partitions.end());
      std::sort(partitions.begin(), partitions.end());
    }
    out.members.push_back(std::move(member));
  }
}

// Groups of the newer protocol (KIP-848). False when it is none, or the broker doesn't know them.
outcome<bool> describe_consumer(coordinators& directory, const std::string& name, group_description& out) {
  auto at = directory.of(name);
  if (!at) return at.error();
  protocol::consumer_group_describe_request request;
  request.group_ids.emplace_back(name);
  auto answered = directory.client().call<protocol::consumer_group_describe_response>(request, *at);
  if (!answered && answered.error().code == errc::unsupported) return false;
  if (!answered) return failure(answered.error());
  if (answered->body.groups.empty()) return false;
  const auto& g = answered->body.groups.front();
  if (g.error_code == error_code::group_id_not_found) return false;
  if (g.error_code != error_code::none) return refused(group_named(name), g.error_code, g.error_message);
  take_consumer_group(out, g);
  return true;
}

std::string partitions_text(const net::assigned_partitions& assigned) {
  std::string out;
  for (const auto& [topic, partitions] : assigned) {
    if (!out.empty()) out += ' ';
    out += topic + ':' + format_partitions(partitions);
  }
  return out;
}

std::int64_t count_of(const net::assigned_partitions& assigned) {
  std::int64_t count = 0;
  for (const auto& [topic, partitions] : assigned) count += static_cast<std::int64_t>(partitions.size());
  return count;
}

void print_people(context& ctx, const net::client& client, const group_description& g) {
  std::string text = "group " + g.name + "  type " + g.type + "  state " + g.state;
  if (!g.protocol_type.empty()) text += "  protocol " + g.protocol_type;
  if (!g.assignor.empty()) text += "  assignor " + g.assignor;
  if (g.epoch) text += "  epoch " + std::to_string(*g.epoch);
  text += "  coordinator " + std::to_string(g.coordinator.value());
  if (const auto* broker = client.metadata().broker(g.coordinator)) text += " (" + to_string(broker->at) + ")";
  text += "  members " + std::to_string(g.members.size());
  context::print(text + "\n");
  if (g.members.empty()) return;
  table rows({{"member"}, {"instance"}, {"client"}, {"host"}, {"partitions"}, {"assigned"}});
  for (const auto& m : g.members) {
    rows.add({m.id, m.instance_id.empty() ? cell{} : cell{m.instance_id}, m.client_id, m.host, count_of(m.assigned),
              m.assigned.empty() ? cell{} : cell{partitions_text(m.assigned)}});
  }
  ctx.print(rows);
}

void append_assigned(protocol::json_printer& json, const net::assigned_partitions& assigned) {
  json.begin_object();
  for (const auto& [topic, partitions] : assigned) {
    json.key(topic);
    json.begin_array();
    for (const partition_id p : partitions) json.value(p);
    json.end_array();
  }
  json.end_object();
}

void append_json(protocol::json_printer& json, const group_description& g) {
  const auto text = [&](std::string_view key, const std::string& value) {
    json.key(key);
    if (value.empty()) return json.null();
    json.value(std::string_view(value));
  };
  json.begin_object();
  text("group", g.name);
  text("type", g.type);
  text("state", g.state);
  text("protocol", g.protocol_type);
  text("assignor", g.assignor);
  json.key("epoch");
  g.epoch ? json.value(*g.epoch) : json.null();
  json.key("coordinator");
  json.value(g.coordinator);
  json.key("members");
  json.begin_array();
  for (const auto& m : g.members) {
    json.begin_object();
    text("member", m.id);
    text("instance", m.instance_id);
    text("client", m.client_id);
    text("host", m.host);
    json.key("assigned");
    append_assigned(json, m.assigned);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

struct describe_options {
  std::vector<std::string> names;
};

outcome<void> describe(context& ctx, const describe_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  coordinators directory(**client);
  if (auto found = directory.find(o.names); !found) return found.error();
  protocol::json_printer json;
  json.begin_array();
  bool is_first = true;
  std::optional<failure> failed;
  for (const auto& name : o.names) {
    auto group = describe_group(directory, name);
    if (!group && group.error().status == exit_status::unreachable) return group.error();
    if (!group) {
      if (failed) ctx.note(failed->text);
      failed = group.error();
      continue;
    }
    if (ctx.is_json()) {
      append_json(json, *group);
    } else {
      if (!std::exchange(is_first, false)) context::print("\n");
      print_people(ctx, **client, *group);
    }
  }
  json.end_array();
  if (ctx.is_json()) context::print(json);
  if (failed) return *failed;
  return boost::system::in_place_value;
}

}  // namespace

outcome<group_description> describe_group_or_none(coordinators& directory, const std::string& name) {
  auto group = describe_classic(directory, name);
  if (!group) return group;
  if (group->state == "Dead") {
    auto is_newer = describe_consumer(directory, name, *group);
    if (!is_newer) return is_newer.error();
  }
  auto at = directory.of(name);
  if (!at) return at.error();
  group->coordinator = *at;
  return group;
}

outcome<group_description> describe_group(coordinators& directory, const std::string& name) {
  auto group = describe_group_or_none(directory, name);
  if (group && group->state == "Dead") return no_such_group(name);
  return group;
}

void add_group_describe(command noun, context& ctx) {
  add_verb<describe_options>(
      noun, ctx, "describe", "Shows state, coordinator, members and what they are assigned",
      [](command verb, describe_options& o) { verb.add_option("names", o.names, "The groups").required(); }, describe);
}

}  // namespace jackdaw::cli
