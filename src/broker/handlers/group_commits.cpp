// OffsetCommit, OffsetFetch, OffsetDelete.
#include <algorithm>
#include <set>

#include "ask_coordinator.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/messages/offset_commit.hpp"
#include "jackdaw/protocol/messages/offset_delete.hpp"
#include "jackdaw/protocol/messages/offset_fetch.hpp"

namespace jackdaw::broker {
namespace {

using coordinator::offset_key;
using coordinator::rows_answer;
using protocol::error_code;

constexpr std::int16_t commit_version_absent_groups = 9;
constexpr std::int16_t commit_version_topic_ids = 10;
constexpr std::int16_t fetch_version_top_level_error = 2;
constexpr std::int16_t fetch_version_many_groups = 8;
constexpr std::int16_t fetch_version_topic_ids = 10;

struct commit_work {
  protocol::offset_commit_request asked;
  std::vector<error_code> refused;  // of each partition, in the order asked: it isn't there
};

// Only partitions that are there get offsets.
coordinator::commit_request to_core(request& r, commit_work& work) {
  const auto& image = *r.home().image;
  coordinator::commit_request c;
  c.group = work.asked.group_id;
  c.member_id = work.asked.member_id;
  if (work.asked.group_instance_id) c.instance_id = std::string(*work.asked.group_instance_id);
  c.generation = work.asked.generation_id_or_member_epoch;
  c.retention_ms = work.asked.retention_time_ms;
  c.knows_absent_groups = r.version() >= commit_version_absent_groups;
  const bool by_id = r.version() >= commit_version_topic_ids;
  for (const auto& t : work.asked.topics) {
    const auto* topic = by_id ? image.find_topic(t.topic_id) : image.find_topic(t.name);
    const auto absent = by_id ? error_code::unknown_topic_id : error_code::unknown_topic_or_partition;
    for (const auto& p : t.partitions) {
      const bool is_there = topic && topic->has(p.partition_index);
      work.refused.push_back(is_there ? error_code::none : topic ? error_code::unknown_topic_or_partition : absent);
      if (!is_there) continue;
      metadata::committed_offset o;
      o.topic = topic->name();
      o.topic_id = topic->id();
      o.partition = p.partition_index;
      o.offset = p.committed_offset;
      o.leader_epoch = p.committed_leader_epoch;
      o.metadata = p.committed_metadata.value_or("");
      c.offsets.push_back(std::move(o));
    }
  }
  return c;
}

void answer_commit(request& r, const commit_work& work, const rows_answer& a) {
  protocol::offset_commit_response message;
  std::size_t next = 0;
  auto refused = work.refused.begin();
  for (const auto& topic : work.asked.topics) {
    auto& row = message.topics.emplace_back();
    row.name = topic.name;
    row.topic_id = topic.topic_id;
    for (const auto& p : topic.partitions) {
      auto& cell = row.partitions.emplace_back();
      cell.partition_index = p.partition_index;
      JD_ASSERT(refused != work.refused.end(), work.refused.size());
      cell.error_code = *refused++;
      if (cell.error_code != error_code::none) continue;
      JD_ASSERT(a.error != error_code::none || next < a.rows.size(), next, a.rows.size());
      cell.error_code = a.error != error_code::none ? a.error : a.rows[next];
      ++next;
    }
  }
  // A code for each offset that was committed, and for no other.
  JD_ASSERT(a.error != error_code::none || next == a.rows.size(), next, a.rows.size());
  r.respond(message);
}

}  // namespace

void handle_offset_commit(request_ptr r) {
  commit_work work;
  if (!r->decode(work.asked)) return;
  auto core = to_core(*r, work);
  if (core.offsets.empty()) return answer_commit(*r, work, {});
  ask_coordinator<rows_answer>(
      std::move(r),
      [core = std::move(core)](active_coordinator& groups, request&, auto done) mutable {
        groups.commit(std::move(core), std::move(done));
      },
      [work = std::move(work)](request& it, const rows_answer& a) { answer_commit(it, work, a); });
}

// ---- OffsetFetch

namespace {

// One group's question and the coordinator's answer to it.
struct fetched_group {
  std::string group;
  bool all = false;
  std::vector<offset_key> asked;
  error_code error = error_code::none;
  std::vector<std::pair<offset_key, std::optional<coordinator::stored_offset>>> found;
};

// What is committed: what a fetch tells survives.
void look_up(const coordinator::group_table& table, fetched_group& g) {
  const auto* entry = table.find(g.group);
  if (g.all && entry) {
    for (const auto& [key, o] : entry->offsets()) g.found.emplace_back(key, o);
  }
  for (auto& key : g.asked) {
    const auto* o = entry ? entry->offsets().find(key) : nullptr;
    g.found.emplace_back(std::move(key), o ? std::optional(*o) : std::nullopt);
  }
}

// An offset of a topic that was deleted, and made again under its name, is none of the new one's.
bool is_of(const coordinator::stored_offset& o, const metadata::topic* topic) {
  return o.topic_id.is_zero() || (topic && topic->id() == o.topic_id);
}

template <class Cell>
void fill(Cell& cell, partition_id p, const coordinator::stored_offset* o) {
  cell.partition_index = p;
  cell.committed_offset = o ? o->offset : offset{-1};
  cell.committed_leader_epoch = o ? o->leader_epoch : leader_epoch{-1};
  cell.metadata = o ? std::string_view(o->metadata) : std::string_view();
}

// The rows of one group, its partitions in the order asked, by topics that follow each other.
template <class Topics, class Name>
void add_rows(const metadata::image& image, const fetched_group& g, Topics& topics, Name name_row) {
  const std::string* last = nullptr;
  for (const auto& [key, o] : g.found) {
    const auto* topic = image.find_topic(key.topic);
    const bool counts = o && is_of(*o, topic);
    if (g.all && !counts) continue;
    if (!last || *last != key.topic) {
      auto& row = topics.emplace_back();
      name_row(row, key.topic, topic);
      last = &key.topic;
    }
    fill(topics.back().partitions.emplace_back(), key.partition, counts ? &*o : nullptr);
  }
}

struct fetch_work {
  protocol::offset_fetch_request asked;
  std::vector<fetched_group> groups;
};

struct fetched_groups {
  error_code error = error_code::none;
  std::vector<fetched_group> groups;
};

// Before version 8: one group. An error of it, up to version 1, is told for each partition.
void answer_one(request& r, fetch_work& work, const fetched_group& g) {
  protocol::offset_fetch_response message;
  message.error_code = g.error;
  add_rows(*r.home().image, g, message.topics,
           [](auto& row, const std::string& name, const auto*) { row.name = name; });
  if (g.error != error_code::none && r.version() < fetch_version_top_level_error && work.asked.topics) {
    for (const auto& t : *work.asked.topics) {
      auto& row = message.topics.emplace_back();
      row.name = t.name;
      for (const auto p : t.partition_indexes) {
        fill(row.partitions.emplace_back(), p, nullptr);
        row.partitions.back().error_code = g.error;
      }
    }
  }
  r.respond(message);
}

void answer_many(request& r, const fetch_work& work, const std::vector<fetched_group>& answered) {
  JD_ASSERT(answered.size() == work.asked.groups.size(), answered.size(), work.asked.groups.size());
  protocol::offset_fetch_response message;
  for (std::size_t i = 0; i < answered.size(); ++i) {
    const auto& g = answered[i];
    auto& row = message.groups.emplace_back();
    row.group_id = g.group;
    row.error_code = g.error;
    add_rows(*r.home().image, g, row.topics, [](auto& topic_row, const std::string& name, const auto* topic) {
      topic_row.name = name;
      if (topic) topic_row.topic_id = topic->id();
    });
    if (r.version() < fetch_version_topic_ids || !work.asked.groups[i].topics || g.error != error_code::none) continue;
    for (const auto& t : *work.asked.groups[i].topics) {
      if (r.home().image->find_topic(t.topic_id)) continue;
      auto& unknown = row.topics.emplace_back();
      unknown.topic_id = t.topic_id;
      for (const auto p : t.partition_indexes) {
        fill(unknown.partitions.emplace_back(), p, nullptr);
        unknown.partitions.back().error_code = error_code::unknown_topic_id;
      }
    }
  }
  r.respond(message);
}

std::vector<fetched_group> all_refused(const request& r, const fetch_work& work, error_code why) {
  std::vector<fetched_group> all;
  if (r.version() < fetch_version_many_groups) all.push_back({std::string(work.asked.group_id), false, {}, why, {}});
  for (const auto& g : work.asked.groups) all.push_back({std::string(g.group_id), false, {}, why, {}});
  return all;
}

template <class Topics>
void add_asked(fetched_group& g, const std::optional<Topics>& topics) {
  g.all = !topics;
  if (!topics) return;
  for (const auto& t : *topics) {
    for (const auto p : t.partition_indexes) g.asked.push_back({std::string(t.name), p});
  }
}

void add_asked_by_id(const metadata::image& image, fetched_group& g,
                     const protocol::offset_fetch_request::offset_fetch_request_group& asked) {
  g.all = !asked.topics;
  if (!asked.topics) return;
  for (const auto& t : *asked.topics) {
    const auto* topic = image.find_topic(t.topic_id);
    if (!topic) continue;
    for (const auto p : t.partition_indexes) g.asked.push_back({topic->name(), p});
  }
}

}  // namespace

void handle_offset_fetch(request_ptr r) {
  fetch_work work;
  if (!r->decode(work.asked)) return;
  if (r->version() < fetch_version_many_groups) {
    auto& g = work.groups.emplace_back();
    g.group = work.asked.group_id;
    add_asked(g, work.asked.topics);
  }
  for (const auto& asked : work.asked.groups) {
    auto& g = work.groups.emplace_back();
    g.group = asked.group_id;
    if (r->version() >= fetch_version_topic_ids) {
      add_asked_by_id(*r->home().image, g, asked);
    } else {
      add_asked(g, asked.topics);
    }
  }
  auto groups = std::move(work.groups);
  ask_coordinator<fetched_groups>(
      std::move(r),
      [groups = std::move(groups)](active_coordinator& host, request&, auto done) mutable {
        // All offsets of a group are told once: an answer is no larger than what there is to tell.
        std::set<std::string> told;
        for (auto& g : groups) {
          if (g.all && !told.insert(g.group).second) {
            g.error = error_code::invalid_request;
          } else {
            look_up(host.groups().committed(), g);
          }
        }
        done(fetched_groups{error_code::none, std::move(groups)});
      },
      [work = std::move(work)](request& it, fetched_groups& found) mutable {
        if (found.error != error_code::none) found.groups = all_refused(it, work, found.error);
        if (it.version() < fetch_version_many_groups) return answer_one(it, work, found.groups.front());
        answer_many(it, work, found.groups);
      });
}

// ---- OffsetDelete

namespace {

void answer_delete(request& r, const protocol::offset_delete_request& asked, const std::vector<bool>& there,
                   const rows_answer& a) {
  protocol::offset_delete_response message;
  message.error_code = a.error;
  std::size_t next = 0;
  auto is_there = there.begin();
  for (std::size_t t = 0; t < asked.topics.size() && a.error == error_code::none; ++t) {
    auto& row = message.topics.emplace_back();
    row.name = asked.topics[t].name;
    for (const auto& p : asked.topics[t].partitions) {
      auto& cell = row.partitions.emplace_back();
      cell.partition_index = p.partition_index;
      JD_ASSERT(is_there != there.end() && (!*is_there || next < a.rows.size()), next, a.rows.size(), there.size());
      cell.error_code = *is_there++ ? a.rows[next++] : error_code::unknown_topic_or_partition;
    }
  }
  r.respond(message);
}

}  // namespace

void handle_offset_delete(request_ptr r) {
  protocol::offset_delete_request asked;
  if (!r->decode(asked)) return;
  std::vector<offset_key> keys;
  std::vector<bool> there;  // of each partition, in the order asked
  for (const auto& t : asked.topics) {
    const auto* topic = r->home().image->find_topic(t.name);
    for (const auto& p : t.partitions) {
      there.push_back(topic && topic->has(p.partition_index));
      if (there.back()) keys.push_back({std::string(t.name), p.partition_index});
    }
  }
  ask_coordinator<rows_answer>(
      std::move(r),
      [group = std::string(asked.group_id), keys = std::move(keys)](active_coordinator& groups, request&,
                                                                    auto done) mutable {
        groups.remove_offsets(group, keys, std::move(done));
      },
      [asked, there = std::move(there)](request& it, const rows_answer& a) { answer_delete(it, asked, there, a); });
}

}  // namespace jackdaw::broker
