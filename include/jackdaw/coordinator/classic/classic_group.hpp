// One consumer group of the classic protocol: who its members are, when they rebalance, who got what.
//
//   empty --join--> preparing_rebalance --all joined, or time over--> completing_rebalance --the leader's sync-->
//   stable
//                          ^    |                                        |                                          |
//                          |    +--nobody left--> empty                  +------------------------------------------+
//                          +---- a member joins anew, leaves, is silent for its session, changes its protocols -----+
//
// Deterministic: the time comes in, effects go out. What is replicated is a stored_group: at the end of a rebalance and
// when the group runs empty; the rest (who waits, pending ids, deadlines) dies with the coordinator, and members begin
// anew with it. Owned by one shard.
//
// A member that leaves or joins between the end of the joins and the leader's sync doesn't end the generation, as it
// does with Apache Kafka: it is held for at most a second, the assignment is handed out, then the next rebalance
// begins. Of cooperative members those whose partitions stay the same get REBALANCE_IN_PROGRESS instead, as followers
// that sync late do in Kafka: they join again at once, and nothing of theirs stands still meanwhile.
//
// Holds after every call: a waiter is answered exactly once; no two members have one instance id; in stable every
// member's protocols hold the chosen one; the generation never falls.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/coordinator/classic/classic_messages.hpp"
#include "jackdaw/coordinator/classic/pending_members.hpp"
#include "jackdaw/coordinator/group_history.hpp"
#include "jackdaw/coordinator/runtime/effects.hpp"
#include "jackdaw/coordinator/runtime/group_description.hpp"

namespace jackdaw::coordinator {

enum class group_state { empty, preparing_rebalance, completing_rebalance, stable, dead };

// As tools print it: "PreparingRebalance".
const char* name_of(group_state s) noexcept;

class classic_group {
 public:
  classic_group(std::string id, now_t now);
  // After a move of the coordinator: members get a whole session from now on.
  classic_group(std::string id, const stored_group& found, now_t now);

  // Answers now, or takes the waiter and answers through effects, maybe of a later call. `new_member_id` is what a new
  // member is called, drawn by the caller.
  std::optional<join_answer> join(join_request request, waiter w, const std::string& new_member_id,
                                  const group_settings& settings, now_t now, group_effects& out);
  std::optional<sync_answer> sync(sync_request request, waiter w, now_t now, group_effects& out);
  // What became of the records of this generation. Another error than none undoes the assignment.
  void ended(std::int32_t generation, protocol::error_code outcome, const group_settings& settings, now_t now,
             group_effects& out);
  protocol::error_code heartbeat(const member_claim& claim, now_t now);
  // By member id, or by instance id with an empty member id.
  protocol::error_code leave(const std::string& member_id, const std::optional<std::string>& instance_id,
                             const std::string& reason, const group_settings& settings, now_t now, group_effects& out);
  // Whether these offsets may be committed; counts as a heartbeat. A negative generation comes from somebody who is no
  // member: allowed while nobody is.
  protocol::error_code check_commit(const member_claim& claim, now_t now);

  // The end of this group here: whoever waits is answered so.
  void disband(protocol::error_code why, group_effects& out);

  // Sessions that are over, joins that waited long enough.
  void on_time(const group_settings& settings, now_t now, group_effects& out);
  // Not before this is there anything to do.
  time_point next_deadline() const noexcept;

  // ---- for describing
  struct member {
    std::string id;
    std::optional<std::string> instance_id;
    std::string client_id;
    std::string client_host;
    std::int32_t session_timeout_ms = 0;
    std::int32_t rebalance_timeout_ms = 0;
    std::vector<member_protocol> protocols;
    blob assignment;
    // A request of its that waits: a join while the group prepares, a sync while it completes.
    waiter joining = no_waiter;
    waiter syncing = no_waiter;
    bool is_new = true;       // hasn't been through a rebalance
    bool has_synced = false;  // in this generation
    time_point expires{};     // unless it waits for us
  };
  const std::string& id() const noexcept { return id_; }
  group_state state() const noexcept { return state_; }
  std::int32_t generation() const noexcept { return generation_; }
  const std::string& protocol_type() const noexcept { return protocol_type_; }
  const std::optional<std::string>& protocol_name() const noexcept { return protocol_name_; }
  const std::string& leader() const noexcept { return leader_; }
  const std::map<std::string, member>& members() const noexcept { return members_; }
  timestamp_ms state_since() const noexcept { return state_since_; }
  const group_history& history() const noexcept { return history_; }
  // Nobody is in it or on the way into it.
  bool is_idle() const noexcept { return state_ == group_state::empty && pending_.empty(); }
  // About what it takes of memory.
  std::size_t bytes() const noexcept;
  // The subscription of a member for the chosen protocol.
  const blob& subscription(const member& m) const;
  // Checks what holds after every call; O(members): for tests, and once in a generation.
  void check() const;

 private:
  using settings_ref = const group_settings&;

  // Joining (classic_join.cpp).
  bool supports(const std::string& type, const std::vector<member_protocol>& protocols) const;
  std::optional<join_answer> join_new(join_request& r, waiter w, const std::string& new_id, settings_ref s, now_t now,
                                      group_effects& out);
  std::optional<join_answer> join_static_again(join_request& r, waiter w, const std::string& new_id, settings_ref s,
                                               now_t now, group_effects& out);
  std::optional<join_answer> join_known(join_request& r, waiter w, settings_ref s, now_t now, group_effects& out);
  void add_member(join_request& r, waiter w, const std::string& id, settings_ref s, now_t now, group_effects& out);
  void update_member(member& m, join_request& r, waiter w, now_t now, group_effects& out);
  void replace_member_id(const std::string& old_id, const std::string& new_id, group_effects& out);
  join_answer current_answer(const member& m, bool may_skip_assignment) const;

  // Rebalancing (classic_rebalance.cpp).
  void prepare(rebalance_cause cause, settings_ref s, now_t now, group_effects& out);
  void complete_join_if_ready(now_t now, group_effects& out);
  void complete_join(now_t now, group_effects& out);
  void await_absent(now_t now);
  void expire_join(settings_ref s, now_t now, group_effects& out);
  bool elect_leader();
  std::string select_protocol() const;
  void reset_assignments(protocol::error_code why, now_t now, group_effects& out);
  void remove_member(const std::string& id, rebalance_cause cause, settings_ref s, now_t now, group_effects& out);
  void remember_owners();
  void assign(sync_request& r);
  void store(group_effects& out) const;

  // Those that come and go before an assignment (classic_late.cpp).
  bool awaits_assignment(now_t now) const noexcept;
  bool must_wait(const join_request& r, now_t now) const;
  protocol::error_code sync_code_of(const member& m) const;
  void let_late_in(settings_ref s, now_t now, group_effects& out);
  bool has_late() const noexcept { return !late_joins_.empty() || !late_leaves_.empty(); }

  // Members.
  protocol::error_code check_claim(const member_claim& claim) const;
  const member* find_static(std::string_view instance_id) const;
  void answer_sync(member& m, protocol::error_code error, now_t now, group_effects& out);
  void session_begins(member& m, now_t now);
  void deadline(time_point when) noexcept;
  void find_deadline();
  void set_state(group_state s, now_t now);
  bool is_awaiting_syncs() const noexcept {
    return state_ == group_state::completing_rebalance || state_ == group_state::stable;
  }
  std::int32_t longest_rebalance_timeout_ms() const;

  std::string id_;
  group_state state_ = group_state::empty;
  timestamp_ms state_since_;
  std::int32_t generation_ = 0;
  std::string protocol_type_;
  std::optional<std::string> protocol_name_;
  std::string leader_;
  std::map<std::string, member> members_;              // by id
  std::map<std::string, std::string> static_members_;  // instance id -> member id
  pending_members pending_;
  bool is_storing_ = false;  // an assignment is on its way to the log

  // The rebalance that is being prepared.
  time_point join_ends_{};
  bool is_initial_ = false;    // out of an empty group: waits for more members, not for those there are
  bool has_newcomer_ = false;  // since the initial delay last began
  std::int64_t delay_left_ms_ = 0;
  time_point sync_ends_{};  // then members that didn't sync in this generation are out
  // Only in completing_rebalance, and until late_until_.
  struct late_join {
    join_request request;
    waiter from = no_waiter;
    std::string new_member_id;
  };
  std::vector<late_join> late_joins_;
  std::vector<rebalance_cause> late_leaves_;  // of members that are out already
  time_point late_until_{};
  // Topic and partition to the member that had it in the last generation that was handed out; only until the next is.
  std::map<std::pair<std::string, std::int32_t>, std::string> owners_before_;
  std::size_t owners_bytes_ = 0;

  time_point next_deadline_ = time_point::max();
  group_history history_;
};

// What the runtime asks of every kind (runtime/group_kind.hpp).
const char* state_name(const classic_group& group) noexcept;
group_description describe(const classic_group& group);
offsets_use use_of_offsets(const classic_group& group);

}  // namespace jackdaw::coordinator
