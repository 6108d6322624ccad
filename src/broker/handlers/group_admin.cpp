// ListGroups, DescribeGroups, DeleteGroups, ConsumerGroupDescribe: groups as an administrator sees them.
#include <algorithm>
#include <cctype>
#include <set>

#include "ask_coordinator.hpp"
#include "cluster_view.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/messages/consumer_group_describe.hpp"
#include "jackdaw/protocol/messages/delete_groups.hpp"
#include "jackdaw/protocol/messages/describe_groups.hpp"
#include "jackdaw/protocol/messages/group_history.hpp"
#include "jackdaw/protocol/messages/list_groups.hpp"

namespace jackdaw::broker {
namespace {

using coordinator::group_description;
using coordinator::group_listing;
using protocol::error_code;

constexpr std::string_view classic_type = "classic";
constexpr std::int16_t describe_version_says_unknown = 6;
// docs/formats/group_history.md
constexpr std::uint32_t history_tag = 10000;

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

bool is_asked_for(const std::vector<std::string_view>& filter, std::string_view word) {
  return filter.empty() ||
         std::any_of(filter.begin(), filter.end(), [word](std::string_view f) { return same_word(f, word); });
}

struct listing {
  error_code error = error_code::none;
  std::vector<group_listing> groups;
};

}  // namespace

void handle_list_groups(request_ptr r) {
  protocol::list_groups_request asked;
  if (!r->decode(asked)) return;
  ask_coordinator<listing>(
      std::move(r),
      [](active_coordinator& groups, request&, auto done) mutable {
        done(listing{error_code::none, groups.groups().list()});
      },
      [asked](request& it, const listing& found) {
        protocol::list_groups_response message;
        message.error_code = found.error;
        for (const auto& g : found.groups) {
          if (!is_asked_for(asked.states_filter, g.state) || !is_asked_for(asked.types_filter, classic_type)) continue;
          auto& row = message.groups.emplace_back();
          row.group_id = g.group;
          row.protocol_type = g.protocol_type;
          row.group_state = g.state;
          row.group_type = classic_type;
        }
        it.respond(message);
      });
}

// ---- DescribeGroups

namespace {

struct described_group {
  std::string group;
  group_description what;
};

struct described_groups {
  error_code error = error_code::none;
  std::vector<described_group> groups;
};

protocol::group_history to_message(const std::vector<coordinator::rebalance_report>& reports) {
  protocol::group_history h;
  for (const auto& report : reports) {
    auto& row = h.rebalances.emplace_back();
    row.began_ms = report.began.value;
    for (const auto& c : report.causes) {
      row.causes.push_back({coordinator::name_of(c.kind), c.member_id, c.client_id, c.client_host, c.reason, {}});
    }
    row.generation = report.generation;
    row.joined_after_ms = report.joined_after_ms;
    row.synced_after_ms = report.synced_after_ms;
    row.slowest_member = report.slowest_member;
    for (const auto& member : report.dropped) row.dropped_members.push_back(member);
    row.member_count = static_cast<std::int32_t>(report.member_count);
    row.partitions_moved = report.partitions_moved;
    row.partitions_assigned = report.partitions_assigned;
  }
  return h;
}

bool asks_for_history(const protocol::describe_groups_request& asked) {
  const auto tags = asked.unknown_tags.all();
  return std::any_of(tags.begin(), tags.end(), [](const auto& t) { return t.tag == history_tag; });
}

using described_row = protocol::describe_groups_response::described_group;

void fill(request& r, described_row& row, const described_group& found, bool with_operations, bool with_history) {
  const auto& d = found.what;
  row.group_id = found.group;
  row.group_state = d.state;
  if (with_operations) row.authorized_operations = all_group_operations;
  if (d.is_dead) {
    // Older clients take a group that is dead for one that isn't there.
    if (r.version() >= describe_version_says_unknown) row.error_code = error_code::group_id_not_found;
    row.error_message = r.keep("Group " + found.group + " not found.");
    return;
  }
  row.protocol_type = d.protocol_type;
  row.protocol_data = d.protocol_name;
  for (const auto& m : d.members) {
    auto& member = row.members.emplace_back();
    member.member_id = m.member_id;
    member.group_instance_id = m.instance_id;
    member.client_id = m.client_id;
    member.client_host = m.client_host;
    member.member_metadata = m.subscription;
    member.member_assignment = m.assignment;
  }
  if (!with_history) return;
  const auto history = to_message(d.history);
  std::string bytes(history.encoded_size(0), '\0');
  const auto kept = r.keep(std::move(bytes));
  const std::span<std::byte> into(reinterpret_cast<std::byte*>(const_cast<char*>(kept.data())), kept.size());
  protocol::writer out(into);
  history.encode(out, 0);
  row.unknown_tags.add({history_tag, into});
}

}  // namespace

void handle_describe_groups(request_ptr r) {
  protocol::describe_groups_request asked;
  if (!r->decode(asked)) return;
  ask_coordinator<described_groups>(
      std::move(r),
      [asked](active_coordinator& groups, request&, auto done) mutable {
        // A group that is named more than once has one row: an answer is no larger than what there is to tell.
        described_groups found;
        std::set<std::string_view> named;
        for (const auto name : asked.groups) {
          if (!named.insert(name).second) continue;
          found.groups.push_back({std::string(name), groups.groups().describe(name)});
        }
        done(std::move(found));
      },
      [asked](request& it, const described_groups& found) {
        protocol::describe_groups_response message;
        for (const auto& d : found.groups) {
          fill(it, message.groups.emplace_back(), d, asked.include_authorized_operations, asks_for_history(asked));
        }
        if (found.error != error_code::none) {
          for (const auto name : asked.groups) {
            auto& row = message.groups.emplace_back();
            row.group_id = name;
            row.error_code = found.error;
          }
        }
        it.respond(message);
      });
}

namespace {

struct known_groups {
  error_code error = error_code::none;
  std::vector<bool> are_there;
};

}  // namespace

// The consumer protocol (KIP-848) isn't coordinated here: clients then ask again with DescribeGroups.
void handle_consumer_group_describe(request_ptr r) {
  protocol::consumer_group_describe_request asked;
  if (!r->decode(asked)) return;
  ask_coordinator<known_groups>(
      std::move(r),
      [asked](active_coordinator& groups, request&, auto done) mutable {
        known_groups known;
        for (const auto name : asked.group_ids) known.are_there.push_back(groups.groups().exists(name));
        done(std::move(known));
      },
      [asked](request& it, const known_groups& known) {
        JD_ASSERT(known.error != error_code::none || known.are_there.size() == asked.group_ids.size(),
                  known.are_there.size(), asked.group_ids.size());
        protocol::consumer_group_describe_response message;
        for (std::size_t i = 0; i < asked.group_ids.size(); ++i) {
          auto& row = message.groups.emplace_back();
          const std::string name(asked.group_ids[i]);
          row.group_id = asked.group_ids[i];
          row.error_code = known.error;
          if (known.error != error_code::none) continue;
          row.error_code = error_code::group_id_not_found;
          row.error_message = it.keep(known.are_there[i] ? "Group " + name + " is not a consumer group."
                                                         : "Group " + name + " not found.");
        }
        it.respond(message);
      });
}

void handle_delete_groups(request_ptr r) {
  protocol::delete_groups_request asked;
  if (!r->decode(asked)) return;
  ask_coordinator<coordinator::rows_answer>(
      std::move(r),
      [asked](active_coordinator& groups, request&, auto done) mutable {
        groups.remove_groups({asked.groups_names.begin(), asked.groups_names.end()}, std::move(done));
      },
      [asked](request& it, const coordinator::rows_answer& a) {
        JD_ASSERT(a.rows.empty() || a.rows.size() == asked.groups_names.size(), a.rows.size());
        protocol::delete_groups_response message;
        for (std::size_t i = 0; i < asked.groups_names.size(); ++i) {
          auto& row = message.results.emplace_back();
          row.group_id = asked.groups_names[i];
          // What was refused was so whatever became of the others.
          const auto own = i < a.rows.size() ? a.rows[i] : error_code::none;
          row.error_code = own != error_code::none ? own : a.error;
        }
        it.respond(message);
      });
}

}  // namespace jackdaw::broker
