// All groups of a cluster, on the node that coordinates them: members that come and go (classic_group.hpp), commits,
// deletions, expiry.
//
// Decides and replays: a call that changes what must survive yields records, and the table changes only when they come
// back by replay(). Members, waiting requests and deadlines live here alone and end with end(); members then begin anew
// with whoever coordinates next. Owned by one shard; deterministic.
//
// Holds after every call: a waiter is answered exactly once; what depends on a record is answered after it;
// next_deadline() is not later than the earliest thing to do.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jackdaw/base/memory_use.hpp"
#include "jackdaw/coordinator/classic_group.hpp"
#include "jackdaw/coordinator/group_messages.hpp"
#include "jackdaw/coordinator/group_table.hpp"

namespace jackdaw::coordinator {

struct coordinator_settings {
  group_settings classic;
  std::int32_t session_timeout_min_ms = 6000;
  std::int32_t session_timeout_max_ms = 1800000;
  std::int32_t offset_metadata_max_bytes = 4096;
  // Of a generation's subscriptions and assignments together; with more it can't be stored.
  std::size_t generation_bytes_max = 16 << 20;
  std::int64_t offsets_retention_ms = 7LL * 24 * 3600 * 1000;
  // Of all groups' members and offsets. With more, new members and offsets are refused by an error that clients retry.
  std::size_t memory_max_bytes = std::size_t{1} << 30;
};

// A record on its way to the log, and who is told of its end.
struct store_job {
  std::string group;
  std::int32_t generation = 0;
  metadata::record record;
  // Answers that are true once it is stored.
  std::vector<std::pair<waiter, join_answer>> joins;
};

// What a call brought about besides its return value.
struct coordinator_effects {
  std::vector<std::pair<waiter, join_answer>> joins;
  std::vector<std::pair<waiter, sync_answer>> syncs;
  std::vector<store_job> stores;  // the caller stores each and then says so by stored()
};

// A part of a decision's reply, by the caller's own order.
struct commit_request {
  std::string group;
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
  std::int64_t retention_ms = -1;                   // of OffsetCommit up to version 4
  std::vector<metadata::committed_offset> offsets;  // times are filled in here
};

struct group_listing {
  std::string group;
  std::string protocol_type;
  group_state state = group_state::empty;
};

class group_coordinator {
 public:
  explicit group_coordinator(coordinator_settings settings) : settings_(settings) {}

  // ---- what is replicated
  bool replay(const metadata::record& r);
  const group_table& table() const noexcept { return table_; }
  group_table& table() noexcept { return table_; }

  // This node coordinates from now on: it has replayed everything. Members get a whole session.
  void begin(now_t now);
  // Another node does: whoever waits is sent there.
  void end(coordinator_effects& out);
  bool is_active() const noexcept { return is_active_; }

  // ---- members. Each answers now, or takes the waiter and answers through effects, maybe of a later call.
  std::optional<join_answer> join(const std::string& group, join_request request, waiter w,
                                  const std::string& new_member_id, now_t now, coordinator_effects& out);
  std::optional<sync_answer> sync(const std::string& group, sync_request request, waiter w, now_t now,
                                  coordinator_effects& out);
  protocol::error_code heartbeat(const std::string& group, const member_claim& claim, now_t now);
  protocol::error_code leave(const std::string& group, const std::string& member_id,
                             const std::optional<std::string>& instance_id, const std::string& reason, now_t now,
                             coordinator_effects& out);
  // The end of a store_job: error_code::none, or what became of it.
  void stored(store_job& job, protocol::error_code outcome, now_t now, coordinator_effects& out);

  // ---- offsets
  // Whether the whole commit may be; then `refused` tells for each offset of it, and the good ones are in the record.
  struct commit_decision {
    protocol::error_code error = protocol::error_code::none;
    std::vector<protocol::error_code> rows;
    std::optional<metadata::record> record;
  };
  commit_decision commit(commit_request request, now_t now);

  struct removal {
    protocol::error_code error = protocol::error_code::none;
    std::vector<protocol::error_code> rows;
    std::optional<metadata::record> record;
  };
  removal remove_offsets(const std::string& group, const std::vector<offset_key>& offsets);
  // A group without members, and its offsets.
  removal remove_group(const std::string& group);

  // ---- time
  void on_time(now_t now, coordinator_effects& out);
  time_point next_deadline() const noexcept;
  // Offsets and groups that are past their retention, among up to `count` groups from `after` on. Empty when the last
  // group was reached; else where to go on.
  std::string expire(const std::string& after, std::size_t count, now_t now, std::vector<metadata::record>& out) const;
  // Offsets for which `is_gone` holds (their topic is), in the same way.
  using gone_function = std::function<bool(const offset_key&, const stored_offset&)>;
  std::string forget_if(const gone_function& is_gone, const std::string& after, std::size_t count,
                        std::vector<metadata::record>& out) const;

  // ---- for describing
  // Null when the group has no members and had none since begin().
  const classic_group* find_live(std::string_view group) const noexcept;
  // Neither live nor replicated: unknown.
  bool exists(std::string_view group) const noexcept;
  std::vector<group_listing> list() const;
  memory_use use() const noexcept { return {table_.bytes() + live_bytes_, settings_.memory_max_bytes, refused_}; }

 private:
  struct live_group {
    classic_group group;
    time_point scheduled = time_point::max();
    std::uint32_t stores_in_flight = 0;
    std::size_t counted_bytes = 0;
  };
  using live_map = std::map<std::string, live_group, std::less<>>;

  live_group& live(const std::string& group, now_t now);
  live_group* find(std::string_view group);
  // Makes a group's effects the coordinator's, and keeps its deadline.
  void take(live_map::iterator at, group_effects& from, coordinator_effects& out, std::optional<join_answer>* held,
            waiter w);
  void schedule(live_map::iterator at);
  void drop_if_idle(live_map::iterator at);
  void erase(live_map::iterator at);
  void count(live_group& l) noexcept;
  bool refuse_for_memory() noexcept;

  coordinator_settings settings_;
  group_table table_;
  std::size_t live_bytes_ = 0;
  std::uint64_t refused_ = 0;
  bool is_active_ = false;
  live_map live_;
  std::set<std::pair<time_point, std::string>> deadlines_;
};

}  // namespace jackdaw::coordinator
