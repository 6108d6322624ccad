// jackdaw group reset
#include <fstream>
#include <iterator>

#include "group.hpp"
#include "groups.hpp"
#include "jackdaw/base/counted.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/offset_reset.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "jackdaw/protocol/messages/offset_commit.hpp"
#include "offsets.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr std::int16_t last_commit_with_names = 9;  // OffsetCommit: afterwards topics have ids

struct reset_options {
  std::string name;
  std::vector<std::string> topics;
  std::optional<std::int64_t> to_offset;
  bool to_earliest = false;
  bool to_latest = false;
  bool to_current = false;
  std::string to_datetime;
  std::string by_duration;
  std::optional<std::int64_t> shift_by;
  std::string from_file;
  bool execute = false;
  bool do_export = false;
};

outcome<reset_target> parse_target(const reset_options& o) {
  using kind = reset_target::kind;
  std::vector<reset_target> given;
  if (o.to_offset) given.push_back({kind::offset, *o.to_offset});
  if (o.to_earliest) given.push_back({kind::earliest, 0});
  if (o.to_latest) given.push_back({kind::latest, 0});
  if (o.to_current) given.push_back({kind::current, 0});
  if (o.shift_by) given.push_back({kind::shift, *o.shift_by});
  if (!o.from_file.empty()) given.push_back({kind::file, 0});
  if (!o.to_datetime.empty()) {
    auto ms = parse_time_ms(o.to_datetime, wall_clock_ms());
    if (!ms) return failure(ms.error());
    given.push_back({kind::time, *ms});
  }
  if (!o.by_duration.empty()) {
    auto ms = parse_duration_ms(o.by_duration);
    if (!ms) return failure(ms.error());
    given.push_back({kind::time, wall_clock_ms() - *ms});
  }
  if (given.size() != 1) {
    return usage(
        "say once where to: --to-earliest, --to-latest, --to-offset N, --to-datetime TIME, --by-duration 1h, "
        "--shift-by N, --to-current or --from-file FILE");
  }
  return given.front();
}

outcome<file_offsets> read_file(const reset_options& o) {
  std::ifstream in(o.from_file == "-" ? "/dev/stdin" : o.from_file, std::ios::binary);
  if (!in) return failure{exit_status::not_found, "the file '" + o.from_file + "' can't be read"};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  auto offsets = parse_offsets_file(text, o.name);
  if (!offsets) return failure{exit_status::usage, o.from_file + ": " + offsets.error().detail};
  return std::move(*offsets);
}

struct moved {
  reset_input in;
  std::optional<reset_plan> plan;
};
using moves = std::map<topic_partition, moved>;

// What is committed, what the file names, and all partitions of a topic that --topic names.
outcome<moves> partitions_to_move(coordinators& directory, const reset_options& o, const partition_selection& selection,
                                  const file_offsets& file) {
  auto committed = fetch_committed(directory, o.name);
  if (!committed) return committed.error();
  moves out;
  for (const auto& [tp, at] : file) {
    if (is_selected(selection, tp)) out[tp].in.in_file = at;
  }
  if (o.from_file.empty()) {
    for (const auto& [topic, partitions] : selection) {
      auto found = find_topic(directory.client(), topic);
      if (!found) return found.error();
      for (const partition_id p : partitions ? *partitions : all_partitions(**found)) out[{topic, p}];
    }
  }
  for (const auto& [tp, at] : *committed) {
    const bool is_meant = selection.empty() && o.from_file.empty();
    if (is_meant || out.contains(tp)) out[tp].in.current = at;
  }
  return out;
}

// Asks for the offsets that the rules need.
outcome<void> look_up(net::client& client, const reset_target& target, const partition_selection& selection,
                      moves& all) {
  std::map<std::string, std::vector<partition_id>> by_topic;
  for (const auto& [tp, m] : all) by_topic[tp.first].push_back(tp.second);
  for (const auto& [topic, partitions] : by_topic) {
    auto found = find_topic(client, topic);
    const bool is_gone = !found && found.error().status == exit_status::not_found;
    if (is_gone && !selection.contains(topic)) continue;  // what is committed for a deleted topic stays as it is
    if (!found) return found.error();
    auto starts = list_offsets(client, topic, partitions, earliest_offset);
    if (!starts) return starts.error();
    auto ends = list_offsets(client, topic, partitions, latest_offset);
    if (!ends) return ends.error();
    std::map<partition_id, offset> timed;
    if (target.to == reset_target::kind::time) {
      auto since = list_offsets(client, topic, partitions, target.value);
      if (!since) return since.error();
      timed = std::move(*since);
    }
    for (const partition_id p : partitions) {
      auto& m = all[{topic, p}];
      m.in.log_start = (*starts)[p];
      m.in.log_end = (*ends)[p];
      if (const auto at = timed.find(p); at != timed.end() && at->second.value() >= 0) m.in.at_time = at->second;
      m.plan = plan_reset(target, m.in);
    }
  }
  return boost::system::in_place_value;
}

outcome<void> commit(coordinators& directory, const std::string& group, const moves& all) {
  protocol::offset_commit_request request;
  request.group_id = group;
  for (const auto& [tp, m] : all) {
    if (!m.plan) continue;
    if (request.topics.empty() || request.topics.back().name != tp.first) request.topics.emplace_back().name = tp.first;
    auto& p = request.topics.back().partitions.emplace_back();
    p.partition_index = tp.second;
    p.committed_offset = m.plan->to;
    p.committed_metadata = "";
  }
  const auto first_error = [](const protocol::offset_commit_response& body) {
    for (const auto& t : body.topics) {
      for (const auto& p : t.partitions) {
        if (p.error_code != error_code::none) return p.error_code;
      }
    }
    return error_code::none;
  };
  auto answered = ask_coordinator<protocol::offset_commit_response>(
      directory, group, [&](std::int16_t) -> const auto& { return request; }, first_error, last_commit_with_names);
  if (!answered) return answered.error();
  const error_code code = first_error(answered->body);
  if (code == error_code::unknown_member_id || code == error_code::illegal_generation) {
    return failure{exit_status::failed, group_named(group) +
                                            " got a member meanwhile, nothing is changed; stop its members first, see "
                                            "them with: jackdaw group describe " +
                                            group};
  }
  if (code != error_code::none) return refused(group_named(group), code);
  return boost::system::in_place_value;
}

cell known(offset at) { return at.value() < 0 ? cell{} : cell{at.value()}; }

void print_moves(context& ctx, const reset_options& o, const moves& all) {
  if (o.do_export) {
    file_offsets file;
    for (const auto& [tp, m] : all) {
      if (m.plan) file[tp] = m.plan->to;
    }
    return context::print(format_offsets_file(file));
  }
  table rows({{"topic"}, {"partition"}, {"current"}, {"new"}, {"log_start"}, {"log_end"}, {"note"}});
  for (const auto& [tp, m] : all) {
    cell note;
    if (!m.plan) note = std::string(m.in.log_end.value() < 0 ? "topic is gone" : "nothing committed to shift");
    if (m.plan && m.plan->is_clamped) note = std::string("moved into the log");
    rows.add({tp.first, std::int64_t{tp.second.value()}, m.in.current ? cell{m.in.current->value()} : cell{},
              m.plan ? cell{m.plan->to.value()} : cell{}, known(m.in.log_start), known(m.in.log_end), note});
  }
  ctx.print(rows);
}

// Whether it may be done; a dry run tells, and goes on.
outcome<void> check_members(context& ctx, coordinators& directory, const reset_options& o) {
  auto group = describe_group_or_none(directory, o.name);
  if (!group) return group.error();
  if (group->is_inactive()) return boost::system::in_place_value;
  const std::string why = group_named(o.name) + " is " + group->state + " with " +
                          counted(group->members.size(), "member") + ", and only a group without members can be " +
                          "reset; stop them, see them with: jackdaw group describe " + o.name;
  if (o.execute) return failure{exit_status::failed, why};
  ctx.note(why);
  return boost::system::in_place_value;
}

outcome<void> reset(context& ctx, const reset_options& o) {
  auto target = parse_target(o);
  if (!target) return target.error();
  auto selection = parse_selection(o.topics);
  if (!selection) return selection.error();
  file_offsets file;
  if (target->to == reset_target::kind::file) {
    auto read = read_file(o);
    if (!read) return read.error();
    file = std::move(*read);
  }
  auto client = ctx.client();
  if (!client) return client.error();
  coordinators directory(**client);
  if (auto fine = check_members(ctx, directory, o); !fine) return fine;
  auto all = partitions_to_move(directory, o, *selection, file);
  if (!all) return all.error();
  if (all->empty() && !o.from_file.empty()) return usage(o.from_file + " names no partitions of this group");
  if (all->empty()) {
    return failure{exit_status::not_found,
                   group_named(o.name) + " has no offsets yet; name what it shall read with --topic"};
  }
  if (auto known = look_up(**client, *target, *selection, *all); !known) return known;
  if (o.execute) {
    if (auto done = commit(directory, o.name, *all); !done) return done;
  }
  print_moves(ctx, o, *all);
  if (o.execute) ctx.note(group_named(o.name) + ": offsets moved");
  if (!o.execute && !o.do_export) ctx.note("nothing is changed yet; do it with --execute");
  return boost::system::in_place_value;
}

void declare_reset(command verb, reset_options& o) {
  verb.add_option("name", o.name, "The group; it must have no members").required();
  verb.add_option("-t,--topic", o.topics, "Only these: topic, or topic:0,2-4; else all that it has offsets of")
      .repeatable();
  verb.add_option("--to-offset", o.to_offset, "This offset").non_negative();
  verb.add_flag("--to-earliest", o.to_earliest, "The first record that there is");
  verb.add_flag("--to-latest", o.to_latest, "The end: only what comes from now on");
  verb.add_option("--to-datetime", o.to_datetime,
                  "The first record since then: 2026-05-01T10:20:30Z, milliseconds, -1h");
  verb.add_option("--by-duration", o.by_duration, "The first record since so long ago: 90s, 1h, 7d, PT1H30M");
  verb.add_option("--shift-by", o.shift_by, "So many records on, or back when negative");
  verb.add_flag("--to-current", o.to_current, "Where it is; partitions without offset: the end");
  verb.add_option("--from-file", o.from_file, "Lines of topic,partition,offset; - for standard input");
  verb.add_flag("--export", o.do_export, "Print lines for --from-file");
  verb.add_flag("--execute", o.execute, "Do it; without this it is only shown");
  verb.footer("Targets outside of a partition's log are moved to its nearer end.");
}

}  // namespace

void add_group_reset(command noun, context& ctx) {
  add_verb<reset_options>(noun, ctx, "reset",
                          "Moves a group's offsets; shows what would happen unless --execute is given", declare_reset,
                          reset);
}

}  // namespace jackdaw::cli
