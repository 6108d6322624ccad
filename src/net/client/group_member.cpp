#include "jackdaw/net/client_group_member.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::net {

using protocol::error_code;

namespace {

constexpr std::string_view protocol_type = "consumer";
constexpr std::string_view range_name = "range";
constexpr std::string_view round_robin_name = "roundrobin";

}  // namespace

group_member::group_member(group_member_options options)
    : options_(std::move(options)),
      join_reason_("the consumer starts"),
      subscription_(encode_subscription(options_.topics)) {}

std::optional<std::string_view> group_member::instance_id() const {
  return options_.instance_id.empty() ? std::nullopt : std::optional<std::string_view>(options_.instance_id);
}

group_member::step group_member::next(time_point now) {
  if (under_way_ != step::none || state_ == state::over || now < not_before_) return step::none;
  if (!has_coordinator_) return start(step::find_coordinator);
  switch (state_) {
    case state::joining: return start(step::join);
    case state::assigning: return start(step::assign);
    case state::syncing: return start(step::sync);
    case state::reading: return next_while_reading(now);
    case state::revoking: is_last_commit_ = true; return start(step::commit);
    case state::leaving: return start(step::leave);
    case state::over: break;
  }
  return step::none;
}

group_member::step group_member::next_while_reading(time_point now) {
  if (now >= session_end_) {
    // Nobody confirmed for so long that we are alive: others read our partitions by now.
    lose(false);
    return next(now);
  }
  if (now >= next_heartbeat_) return start(step::heartbeat);
  if (now < next_commit_) return step::none;
  is_last_commit_ = false;
  return start(step::commit);
}

group_member::time_point group_member::due() const {
  if (under_way_ != step::none || state_ == state::over) return time_point::max();
  if (!has_coordinator_ || state_ != state::reading) return not_before_;
  return std::max(not_before_, std::min({next_heartbeat_, next_commit_, session_end_}));
}

bool group_member::handle_common(error_code code, time_point now) {
  switch (code) {
    case error_code::not_coordinator:
    case error_code::coordinator_not_available:
      has_coordinator_ = false;
      retry(now);
      return true;
    case error_code::coordinator_load_in_progress: retry(now); return true;
    case error_code::unknown_member_id: lose(true); return true;
    case error_code::illegal_generation: lose(false); return true;
    default: return false;
  }
}

void group_member::give_up(error_code code) {
  failure_ = fail(errc::invalid_argument, "group '" + options_.group + "': " + std::string(name_of(code)));
  set_assigned({});
  state_ = state::over;
}

void group_member::set_assigned(assigned_partitions assigned) {
  if (assigned.empty() && assigned_.empty() && state_ != state::syncing)
    return;  // none again is no change, none at last is one
  assigned_ = std::move(assigned);
  ++assignment_count_;
}

void group_member::rejoin() {
  set_assigned({});
  committed_.clear();
  is_leader_ = false;
  state_ = state::joining;
  if (is_stopping_) leave();
}

// Others own the partitions now: nothing may be committed any more.
void group_member::lose(bool forget_member_id) {
  generation_ = -1;
  if (forget_member_id) member_id_.clear();
  join_reason_ = "the group went on without this member";
  rejoin();
}

void group_member::revoke(std::string reason, time_point now) {
  state_ = state::revoking;
  join_reason_ = std::move(reason);
  revoke_end_ = now + options_.rebalance_timeout / 2;
}

void group_member::leave() {
  set_assigned({});
  const bool stays = !options_.instance_id.empty() || member_id_.empty();
  state_ = stays ? state::over : state::leaving;
}

void group_member::on_coordinator(error_code code, time_point now) {
  answered();
  if (code == error_code::none) {
    has_coordinator_ = true;
  } else if (is_retriable(code)) {
    retry(now);
  } else {
    give_up(code);
  }
}

void group_member::on_unreachable(time_point now) {
  const step lost = under_way_;
  answered();
  has_coordinator_ = false;
  retry(now);
  if (lost == step::sync) rejoin();
  // The session's end tells the group, too.
  if (is_stopping_ && state_ == state::leaving) state_ = state::over;
  if (state_ == state::revoking && now >= revoke_end_) rejoin();
}

void group_member::on_heartbeat(error_code code, time_point now) {
  answered();
  if (state_ != state::reading) return;
  next_heartbeat_ = now + options_.heartbeat_interval;
  if (code == error_code::none) {
    session_end_ = now + options_.session_timeout;
  } else if (code == error_code::rebalance_in_progress) {
    session_end_ = now + options_.session_timeout;
    revoke("the group rebalances", now);
  } else if (handle_common(code, now)) {
    if (state_ == state::reading) next_heartbeat_ = now;  // again, when that is possible
  } else {
    give_up(code);
  }
}

void group_member::on_commit(error_code code, time_point now) {
  answered();
  if (state_ != state::reading && state_ != state::revoking) return;
  next_commit_ = now + options_.commit_interval;
  // A topic that was deleted takes no offsets; the others are there.
  const bool is_done = code == error_code::none || code == error_code::unknown_topic_or_partition;
  if (is_done) {
    for (const auto& [tp, at] : committing_) committed_[tp] = at;
    if (state_ == state::revoking && is_last_commit_) rejoin();
  } else if (code == error_code::rebalance_in_progress) {
    rejoin();  // too late for a commit: what was read since the last one is read again
  } else if (handle_common(code, now) || is_retriable(code)) {
    retry(now);
    if (state_ == state::reading) next_commit_ = now;
    if (state_ == state::revoking && now >= revoke_end_) rejoin();
  } else {
    give_up(code);
  }
}

void group_member::on_leave() {
  answered();
  state_ = state::over;
}

void group_member::stop() {
  if (is_stopping_ || state_ == state::over) return;
  is_stopping_ = true;
  if (under_way_ != step::commit) answered();
  if (state_ == state::reading) {
    state_ = state::revoking;
    revoke_end_ = {};
  } else if (state_ != state::revoking) {
    leave();
  }
}

std::optional<protocol::offset_commit_request> group_member::commit_request(const group_positions& positions) {
  committing_.clear();
  protocol::offset_commit_request request;
  request.group_id = options_.group;
  request.generation_id_or_member_epoch = generation_;
  request.member_id = member_id_;
  request.group_instance_id = instance_id();
  for (const auto& [tp, at] : positions) {
    const auto mine = assigned_.find(tp.first);
    if (mine == assigned_.end() || !std::binary_search(mine->second.begin(), mine->second.end(), tp.second)) continue;
    const auto known = committed_.find(tp);
    if (known == committed_.end() || known->second != at) committing_[tp] = at;
  }
  if (committing_.empty()) return std::nullopt;
  for (const auto& [tp, at] : committing_) {
    if (request.topics.empty() || request.topics.back().name != tp.first) request.topics.emplace_back().name = tp.first;
    auto& p = request.topics.back().partitions.emplace_back();
    p.partition_index = tp.second;
    p.committed_offset = at;
    p.committed_metadata = "";
  }
  return request;
}

protocol::join_group_request group_member::join_request(std::int16_t) const {
  protocol::join_group_request request;
  request.group_id = options_.group;
  request.session_timeout_ms = static_cast<std::int32_t>(options_.session_timeout.count());
  request.rebalance_timeout_ms = static_cast<std::int32_t>(options_.rebalance_timeout.count());
  request.member_id = member_id_;
  request.group_instance_id = instance_id();
  request.protocol_type = protocol_type;
  for (const auto name : {range_name, round_robin_name}) {
    auto& offered = request.protocols.emplace_back();
    offered.name = name;
    offered.metadata = bytes_view(subscription_);
  }
  request.reason = join_reason_;
  return request;
}

protocol::sync_group_request group_member::sync_request(std::int16_t) const {
  protocol::sync_group_request request;
  request.group_id = options_.group;
  request.generation_id = generation_;
  request.member_id = member_id_;
  request.group_instance_id = instance_id();
  request.protocol_type = protocol_type;
  request.protocol_name = protocol_;
  for (const auto& [member, assignment] : assignments_) {
    auto& row = request.assignments.emplace_back();
    row.member_id = member;
    row.assignment = bytes_view(assignment);
  }
  return request;
}

protocol::heartbeat_request group_member::heartbeat_request(std::int16_t) const {
  protocol::heartbeat_request request;
  request.group_id = options_.group;
  request.generation_id = generation_;
  request.member_id = member_id_;
  request.group_instance_id = instance_id();
  return request;
}

protocol::leave_group_request group_member::leave_request(std::int16_t version) const {
  constexpr std::int16_t first_with_many = 3;
  protocol::leave_group_request request;
  request.group_id = options_.group;
  if (version < first_with_many) {
    request.member_id = member_id_;
  } else {
    auto& me = request.members.emplace_back();
    me.member_id = member_id_;
    me.reason = "the consumer ends";
  }
  return request;
}

}  // namespace jackdaw::net
