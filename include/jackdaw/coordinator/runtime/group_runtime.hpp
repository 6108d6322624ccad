// What every kind of group needs of its coordinator: the groups that are alive here, their deadlines and memory, the
// records on their way to the log and who waits for them.
//
//   request --decide on the newest--> records --replayed onto the newest, proposed--> in flight --finished--> answer
//                                '--none--> answer at once                                '--end(): NOT_COORDINATOR
//
// Exists only while this node coordinates: made of what is committed, ended when somebody else does. Members, waiting
// requests and deadlines live here alone and end with it; members then begin anew with whoever coordinates next.
// Owned by one shard; deterministic: the time comes in.
//
// Holds after every call: a waiter is answered exactly once; what depends on a record is answered after it;
// next_deadline() is not later than the earliest thing to do.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jackdaw/base/memory_use.hpp"
#include "jackdaw/coordinator/runtime/effects.hpp"
#include "jackdaw/coordinator/runtime/group_kind.hpp"
#include "jackdaw/coordinator/runtime/newest_groups.hpp"

namespace jackdaw::coordinator {

struct group_listing {
  std::string group;
  std::string protocol_type;
  std::string state;
};

class group_runtime {
 public:
  // Everything that was committed before is in `committed`, which outlives this. Members get a whole session.
  group_runtime(const coordinator_settings& settings, group_table& committed, now_t now);
  group_runtime(const group_runtime&) = delete;
  group_runtime& operator=(const group_runtime&) = delete;

  // This node coordinates no longer: whoever waits is sent to who does. Nothing else may be asked afterwards.
  void end(coordinator_effects& out);

  // ---- time and the log
  void on_time(now_t now, coordinator_effects& out);
  time_point next_deadline() const noexcept;
  // The end of a proposal: error_code::none once it is replayed into the committed table, which those that went well
  // are in order; or what became of it.
  void finished(newest_groups::batch_id id, protocol::error_code outcome, now_t now, coordinator_effects& out);

  // ---- for requests of every kind
  // Groups without members, and their offsets: a row for each.
  void remove_groups(const std::vector<std::string>& groups, waiter w, coordinator_effects& out);
  // What is committed: what a reader is told survives.
  const group_table& committed() const noexcept { return newest_.committed(); }
  bool exists(std::string_view group) const noexcept;
  std::vector<group_listing> list() const;
  // Its state is Dead if there is no such group.
  group_description describe(std::string_view group) const;
  memory_use use() const noexcept { return {newest().bytes() + live_bytes_, settings_.memory_max_bytes, refused_}; }

  // ---- for the kinds and their neighbours in this module
  const coordinator_settings& settings() const noexcept { return settings_; }
  const group_table& newest() const noexcept { return newest_.newest(); }
  // Null when the group has no members and had none since this began.
  const group_kind* find(std::string_view group) const noexcept;
  group_kind* find(std::string_view group) noexcept;
  // Found, or made of the newest state.
  group_kind& open(const std::string& group, now_t now);
  // After each change of an open group: its effects become the coordinator's, its deadline and memory are noted.
  void settle(const std::string& group, group_effects& from, coordinator_effects& out);
  // Puts records on their way; `then` is true once they are stored. Without records it is true at once.
  void propose(std::vector<metadata::record> records, waiter w, answer then, coordinator_effects& out);
  // True, and counted, if what is allowed is spent.
  bool refuse_for_memory() noexcept;

 private:
  struct live_group {
    group_kind kind;
    time_point scheduled = time_point::max();
    std::uint32_t in_flight = 0;  // its own proposals
    std::size_t counted_bytes = 0;
  };
  using live_map = std::map<std::string, live_group, std::less<>>;
  // What follows when a proposal is finished.
  struct pending {
    newest_groups::batch_id id = 0;
    std::string group;  // is told, if there is one
    std::int32_t generation = 0;
    std::vector<std::pair<waiter, answer>> answers;
  };

  void put_in_flight(pending p, std::vector<metadata::record> records, coordinator_effects& out);
  void settle(live_map::iterator at, group_effects& from, coordinator_effects& out);
  void schedule(live_map::iterator at);
  void drop_if_idle(live_map::iterator at);
  void count(live_group& l) noexcept;
  void check_in_flight() const;  // O(groups)

  coordinator_settings settings_;
  newest_groups newest_;
  std::deque<pending> pending_;  // in the order of ids
  live_map live_;
  std::set<std::pair<time_point, std::string>> deadlines_;
  std::size_t live_bytes_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace jackdaw::coordinator
