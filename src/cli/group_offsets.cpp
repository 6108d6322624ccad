// jackdaw group offsets
#include "group.hpp"
#include "groups.hpp"

namespace jackdaw::cli {

namespace {

struct offsets_options {
  std::string name;
  std::vector<std::string> topics;
};

struct row {
  std::optional<offset> current;
  std::optional<offset> end;
  const group_member_description* member = nullptr;

  std::optional<std::int64_t> lag() const {
    if (!current || !end) return std::nullopt;
    return std::max<std::int64_t>(0, *end - *current);
  }
};
using rows_by_partition = std::map<topic_partition, row>;

// What is committed, and what is assigned without a commit yet.
outcome<rows_by_partition> gather(coordinators& directory, const group_description& group,
                                  const partition_selection& selection) {
  auto committed = fetch_committed(directory, group.name);
  if (!committed) return committed.error();
  rows_by_partition rows;
  for (const auto& [tp, at] : *committed) {
    if (is_selected(selection, tp)) rows[tp].current = at;
  }
  for (const auto& m : group.members) {
    for (const auto& [topic, partitions] : m.assigned) {
      for (const partition_id p : partitions) {
        if (is_selected(selection, {topic, p})) rows[{topic, p}].member = &m;
      }
    }
  }
  std::set<topic_partition> partitions;
  for (const auto& [tp, r] : rows) partitions.insert(tp);
  auto ends = log_ends(directory.client(), partitions);
  if (!ends) return ends.error();
  for (const auto& [tp, end] : *ends) rows[tp].end = end;
  return rows;
}

template <class T>
cell number(const std::optional<T>& value) {
  if (!value) return {};
  if constexpr (std::is_same_v<T, offset>) {
    return value->value();
  } else {
    return *value;
  }
}

outcome<void> offsets(context& ctx, const offsets_options& o) {
  auto selection = parse_selection(o.topics);
  if (!selection) return selection.error();
  auto client = ctx.client();
  if (!client) return client.error();
  coordinators directory(**client);
  auto group = describe_group(directory, o.name);
  if (!group) return group.error();
  auto rows = gather(directory, *group, *selection);
  if (!rows) return rows.error();
  table out({{"topic"}, {"partition"}, {"current"}, {"log_end"}, {"lag"}, {"client"}, {"host"}, {"member"}});
  std::int64_t total = 0;
  for (const auto& [tp, r] : *rows) {
    const auto member = [&](auto field) { return r.member == nullptr ? cell{} : cell{r.member->*field}; };
    total += r.lag().value_or(0);
    out.add({tp.first, std::int64_t{tp.second.value()}, number(r.current), number(r.end), number(r.lag()),
             member(&group_member_description::client_id), member(&group_member_description::host),
             member(&group_member_description::id)});
  }
  if (ctx.is_json()) {
    ctx.print(out);
  } else if (out.empty()) {
    ctx.note(group_named(o.name) + " has no offsets" + (selection->empty() ? "" : " there"));
  } else {
    context::print("group " + o.name + "  state " + group->state + "  lag " + std::to_string(total) + "\n");
    ctx.print(out);
  }
  return boost::system::in_place_value;
}

}  // namespace

void add_group_offsets(command noun, context& ctx) {
  add_verb<offsets_options>(
      noun, ctx, "offsets", "Shows what is committed, how far behind the logs' ends, and who reads what",
      [](command verb, offsets_options& o) {
        verb.add_option("name", o.name, "The group").required();
        verb.add_option("-t,--topic", o.topics, "Only these: topic, or topic:0,2-4").repeatable();
      },
      offsets);
}

}  // namespace jackdaw::cli
