// Joining, leading, syncing.
#include <algorithm>
#include <set>

#include "jackdaw/net/client_group_member.hpp"

namespace jackdaw::net {

using protocol::error_code;

void group_member::on_join(const protocol::join_group_response& response, time_point now) {
  answered();
  if (state_ != state::joining) return;
  switch (response.error_code) {
    case error_code::none: break;
    case error_code::member_id_required: member_id_ = response.member_id; return;  // KIP-394
    case error_code::rebalance_in_progress: return retry(now);
    default:
      if (handle_common(response.error_code, now)) return retry(now);
      if (is_retriable(response.error_code)) return retry(now);
      return give_up(response.error_code);
  }
  member_id_ = response.member_id;
  generation_ = response.generation_id;
  protocol_ = response.protocol_name.value_or("");
  is_leader_ = response.leader == member_id_;
  assignments_.clear();
  committed_.clear();
  state_ = state::syncing;
  if (is_leader_) become_leader(response);
}

void group_member::become_leader(const protocol::join_group_response& response) {
  members_.clear();
  std::set<std::string> topics;
  for (const auto& m : response.members) {
    subscribed_member member{std::string(m.member_id), std::string(m.group_instance_id.value_or("")), {}};
    // Who can't be understood gets nothing.
    if (auto subscribed = decode_subscription(m.metadata)) member.topics = std::move(*subscribed);
    topics.insert(member.topics.begin(), member.topics.end());
    members_.push_back(std::move(member));
  }
  all_topics_.assign(topics.begin(), topics.end());
  // KIP-814: a static leader that came back; the group keeps its assignment.
  state_ = response.skip_assignment ? state::syncing : state::assigning;
  counts_.reset();
}

void group_member::assign(const partition_counts& counts) {
  answered();
  if (state_ != state::assigning) return;
  counts_ = counts;
  const auto all = protocol_ == "roundrobin" ? assign_round_robin(members_, counts) : assign_range(members_, counts);
  assignments_.clear();
  for (const auto& [member, assigned] : all) assignments_[member] = encode_assignment(assigned);
  state_ = state::syncing;
}

void group_member::check_counts(const partition_counts& counts, time_point now) {
  if (state_ != state::reading || !is_leader_ || under_way_ != step::none) return;
  if (!counts_) counts_ = counts;
  if (counts != *counts_) revoke("the topics have other partitions now", now);
}

void group_member::on_sync(const protocol::sync_group_response& response, time_point now) {
  answered();
  if (state_ != state::syncing) return;
  const error_code code = response.error_code;
  if (code == error_code::rebalance_in_progress) {
    join_reason_ = "the group rebalances";
    return rejoin();
  }
  if (code != error_code::none) {
    if (handle_common(code, now) || is_retriable(code)) {
      retry(now);
      if (state_ == state::syncing) rejoin();
      return;
    }
    return give_up(code);
  }
  auto assigned = decode_assignment(response.assignment);
  if (!assigned) {
    failure_ = assigned.error();
    state_ = state::over;
    return;
  }
  set_assigned(std::move(*assigned));
  state_ = state::reading;
  session_end_ = now + options_.session_timeout;
  next_heartbeat_ = now + options_.heartbeat_interval;
  next_commit_ = now + options_.commit_interval;
}

}  // namespace jackdaw::net
