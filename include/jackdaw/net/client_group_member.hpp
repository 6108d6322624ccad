// One member of a consumer group, classic protocol, eager rebalances: what it sends next, and what an answer changes.
// Decides only; it neither sends nor looks at a clock.
//
//   joining --joined--> assigning (the leader) --> syncing --synced--> reading --group rebalances--> revoking -->
//   joining
//        ^------------------------------ the group went on without us --------------+
//   stop(): reading -> revoking -> leaving -> over; from elsewhere: leaving -> over, or over when nobody knows us yet.
//   A code that can't be mended: over, with failure().
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/net/client_assignor.hpp"
#include "jackdaw/protocol/messages/heartbeat.hpp"
#include "jackdaw/protocol/messages/join_group.hpp"
#include "jackdaw/protocol/messages/leave_group.hpp"
#include "jackdaw/protocol/messages/offset_commit.hpp"
#include "jackdaw/protocol/messages/sync_group.hpp"

namespace jackdaw::net {

struct group_member_options {
  std::string group;
  std::vector<std::string> topics;
  std::string instance_id;  // empty: a dynamic member; a static one doesn't leave when it ends (KIP-345)
  std::chrono::milliseconds session_timeout{45'000};
  std::chrono::milliseconds rebalance_timeout{60'000};
  std::chrono::milliseconds heartbeat_interval{3'000};
  std::chrono::milliseconds commit_interval{5'000};
  std::chrono::milliseconds retry_backoff{100};
};

// By partition: the offset to go on from.
using group_positions = std::map<std::pair<std::string, partition_id>, offset>;

class group_member {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  enum class step { none, find_coordinator, join, assign, sync, heartbeat, commit, leave };

  explicit group_member(group_member_options options);

  // What to do now. One thing at a time: until its on_ function, on_unreachable() or stop() it is none.
  step next(time_point now);
  // When to ask next() again if nothing happens before; max() while an answer is awaited.
  time_point due() const;

  void on_coordinator(protocol::error_code code, time_point now);
  // The request that was under way got no answer.
  void on_unreachable(time_point now);
  void on_join(const protocol::join_group_response& response, time_point now);
  void on_sync(const protocol::sync_group_response& response, time_point now);
  void on_heartbeat(protocol::error_code code, time_point now);
  // Of the partitions' codes the first that isn't none.
  void on_commit(protocol::error_code code, time_point now);
  void on_leave();
  // Commits, leaves, and is over; what is under way but a commit is waited for no more.
  void stop();

  // For the step `assign`: the topics of all members, and how many partitions those that exist have.
  const std::vector<std::string>& topics_to_count() const noexcept { return all_topics_; }
  void assign(const partition_counts& counts);
  // The leader lets the group rebalance when they aren't what it assigned.
  void check_counts(const partition_counts& counts, time_point now);

  // Requests for the step of their name. Their views point into this object.
  protocol::join_group_request join_request(std::int16_t version) const;
  protocol::sync_group_request sync_request(std::int16_t version) const;
  protocol::heartbeat_request heartbeat_request(std::int16_t version) const;
  protocol::leave_group_request leave_request(std::int16_t version) const;
  // Nothing when everything is committed already: then on_commit(none) comes at once.
  std::optional<protocol::offset_commit_request> commit_request(const group_positions& positions);
  static constexpr std::int16_t commit_version_max = 9;  // afterwards topics have ids

  // Records may be handed out: from an assignment until the group rebalances.
  bool may_read() const noexcept { return state_ == state::reading && !is_stopping_; }
  const assigned_partitions& assigned() const noexcept { return assigned_; }
  // Grows with every change of assigned(): partitions got, given up, or lost.
  std::uint64_t assignment_count() const noexcept { return assignment_count_; }
  bool is_over() const noexcept { return state_ == state::over; }
  bool is_leader() const noexcept { return is_leader_; }
  const std::optional<error>& failure() const noexcept { return failure_; }
  const std::string& member_id() const noexcept { return member_id_; }
  std::int32_t generation() const noexcept { return generation_; }

 private:
  enum class state { joining, assigning, syncing, reading, revoking, leaving, over };

  step start(step s) { return under_way_ = s; }
  step next_while_reading(time_point now);
  // True when the code is one that every request may get, and is dealt with.
  bool handle_common(protocol::error_code code, time_point now);
  void answered() noexcept { under_way_ = step::none; }
  void retry(time_point now) { not_before_ = now + options_.retry_backoff; }
  void revoke(std::string reason, time_point now);
  void rejoin();
  void lose(bool forget_member_id);
  void set_assigned(assigned_partitions assigned);
  void leave();
  void give_up(protocol::error_code code);
  void become_leader(const protocol::join_group_response& response);
  std::optional<std::string_view> instance_id() const;

  group_member_options options_;
  state state_ = state::joining;
  step under_way_ = step::none;
  bool has_coordinator_ = false;
  bool is_stopping_ = false;
  bool is_leader_ = false;
  std::string member_id_;
  std::string protocol_;
  std::int32_t generation_ = -1;
  std::string join_reason_;
  std::vector<std::byte> subscription_;
  assigned_partitions assigned_;
  std::uint64_t assignment_count_ = 0;
  std::optional<error> failure_;

  // The leader's part.
  std::vector<subscribed_member> members_;
  std::vector<std::string> all_topics_;
  std::optional<partition_counts> counts_;  // as assigned; nothing: somebody else did
  std::map<std::string, std::vector<std::byte>> assignments_;

  group_positions committed_;
  group_positions committing_;
  bool is_last_commit_ = false;  // made when nothing was read any more

  time_point not_before_{};
  time_point next_heartbeat_{};
  time_point next_commit_{};
  time_point session_end_{};
  time_point revoke_end_{};
};

}  // namespace jackdaw::net
