// jackdaw group delete
#include "group.hpp"
#include "groups.hpp"
#include "jackdaw/base/counted.hpp"
#include "jackdaw/protocol/messages/delete_groups.hpp"
#include "jackdaw/protocol/messages/offset_delete.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

struct delete_options {
  std::vector<std::string> names;
  std::vector<std::string> topics;
  bool if_exists = false;
};

outcome<void> delete_group(context& ctx, coordinators& directory, const std::string& name, bool if_exists) {
  protocol::delete_groups_request request;
  request.groups_names.emplace_back(name);
  auto answered = ask_coordinator<protocol::delete_groups_response>(
      directory, name, [&](std::int16_t) -> const auto& { return request; },
      [](const auto& body) {
        return body.results.empty() ? error_code::unknown_server_error : body.results.front().error_code;
      });
  if (!answered) return answered.error();
  for (const auto& r : answered->body.results) {
    if (r.error_code == error_code::group_id_not_found && if_exists) {
      ctx.note(group_named(name) + " doesn't exist");
      return boost::system::in_place_value;
    }
    if (r.error_code == error_code::group_id_not_found) return no_such_group(name);
    if (r.error_code != error_code::none) return refused(group_named(name), r.error_code, r.error_message);
  }
  ctx.note(group_named(name) + " deleted");
  return boost::system::in_place_value;
}

// Those that are committed and selected.
outcome<std::set<topic_partition>> offsets_to_delete(coordinators& directory, const std::string& name,
                                                     const partition_selection& selection) {
  std::set<topic_partition> out;
  auto committed = fetch_committed(directory, name);
  if (!committed) return committed.error();
  for (const auto& [tp, at] : *committed) {
    if (is_selected(selection, tp)) out.insert(tp);
  }
  return out;
}

outcome<void> delete_offsets(context& ctx, coordinators& directory, const std::string& name,
                             const partition_selection& selection) {
  auto partitions = offsets_to_delete(directory, name, selection);
  if (!partitions) return partitions.error();
  if (partitions->empty()) {
    return failure{exit_status::not_found,
                   group_named(name) + " has no such offsets; see: jackdaw group offsets " + name};
  }
  protocol::offset_delete_request request;
  request.group_id = name;
  for (const auto& [topic, p] : *partitions) {
    if (request.topics.empty() || request.topics.back().name != topic) request.topics.emplace_back().name = topic;
    request.topics.back().partitions.push_back({p});
  }
  auto answered = ask_coordinator<protocol::offset_delete_response>(
      directory, name, [&](std::int16_t) -> const auto& { return request; },
      [](const auto& body) { return body.error_code; });
  if (!answered) return answered.error();
  const auto& body = answered->body;
  if (body.error_code == error_code::group_id_not_found) return no_such_group(name);
  if (body.error_code != error_code::none) return refused(group_named(name), body.error_code);
  for (const auto& t : body.topics) {
    for (const auto& p : t.partitions) {
      if (p.error_code == error_code::none) continue;
      return refused(group_named(name) + " at " + std::string(t.name) + ":" + std::to_string(p.partition_index.value()),
                     p.error_code);
    }
  }
  ctx.note(group_named(name) + ": " + counted(partitions->size(), "offset") + " deleted");
  return boost::system::in_place_value;
}

outcome<void> remove(context& ctx, const delete_options& o) {
  auto selection = parse_selection(o.topics);
  if (!selection) return selection.error();
  auto client = ctx.client();
  if (!client) return client.error();
  coordinators directory(**client);
  if (auto found = directory.find(o.names); !found) return found.error();
  std::optional<failure> failed;
  for (const auto& name : o.names) {
    auto done = selection->empty() ? delete_group(ctx, directory, name, o.if_exists)
                                   : delete_offsets(ctx, directory, name, *selection);
    if (done) continue;
    if (failed) ctx.note(failed->text);
    failed = done.error();
  }
  if (failed) return *failed;
  return boost::system::in_place_value;
}

}  // namespace

void add_group_delete(command noun, context& ctx) {
  add_verb<delete_options>(
      noun, ctx, "delete", "Deletes groups, or with --topic some of their offsets",
      [](command verb, delete_options& o) {
        verb.add_option("names", o.names, "The groups").required();
        verb.add_option("-t,--topic", o.topics, "Only the offsets of these: topic, or topic:0,2-4").repeatable();
        verb.add_flag("--if-exists", o.if_exists, "Fine when there is none of that name");
      },
      remove);
}

}  // namespace jackdaw::cli
