// The rebalance: gather everybody, begin a generation, hand out what the leader assigned.
#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/coordinator/classic/classic_group.hpp"
#include "subscriptions.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

namespace {

// Much longer than a leader that is well takes to assign, much shorter than one that isn't is waited for.
constexpr std::chrono::milliseconds longest_hold{1000};
// Whatever time clients give each other for a rebalance.
constexpr std::chrono::milliseconds shortest_retry{1000};

}  // namespace

void classic_group::prepare(rebalance_cause cause, settings_ref s, now_t now, group_effects& out) {
  const bool begins = state_ != group_state::preparing_rebalance;
  if (const auto who = members_.find(cause.member_id); who != members_.end()) {
    cause.client_id = who->second.client_id;
    cause.client_host = who->second.client_host;
  }
  history_.caused(std::move(cause), begins, now);
  if (begins) {
    if (state_ == group_state::completing_rebalance) reset_assignments(error_code::rebalance_in_progress, now, out);
    is_initial_ = state_ == group_state::empty;
    has_newcomer_ = false;
    const std::int64_t longest_ms = longest_rebalance_timeout_ms();
    const std::int64_t wait_ms = is_initial_ ? s.initial_rebalance_delay_ms : longest_ms;
    delay_left_ms_ = is_initial_ ? std::max<std::int64_t>(longest_ms - wait_ms, 0) : 0;
    join_ends_ = now.steady + std::chrono::milliseconds(wait_ms);
    deadline(join_ends_);
    set_state(group_state::preparing_rebalance, now);
    if (is_initial_ && wait_ms == 0) return expire_join(s, now, out);
    let_late_in(s, now, out);
  }
  complete_join_if_ready(now, out);
}

void classic_group::complete_join_if_ready(now_t now, group_effects& out) {
  if (state_ != group_state::preparing_rebalance || (is_initial_ && !members_.empty()) || !pending_.empty()) return;
  const bool all_joined =
      std::all_of(members_.begin(), members_.end(), [](const auto& m) { return m.second.joining != no_waiter; });
  if (all_joined) complete_join(now, out);
}

// The first members of a group come one after the other: as long as more come, wait a little more (KIP-134).
void classic_group::expire_join(settings_ref s, now_t now, group_effects& out) {
  if (is_initial_ && has_newcomer_ && delay_left_ms_ > 0) {
    const auto wait_ms = std::min<std::int64_t>(s.initial_rebalance_delay_ms, delay_left_ms_);
    delay_left_ms_ -= wait_ms;
    has_newcomer_ = false;
    join_ends_ = now.steady + std::chrono::milliseconds(wait_ms);
    deadline(join_ends_);
    return;
  }
  is_initial_ = false;
  complete_join(now, out);
}

// The leader stays if it joined; else the first that did leads.
bool classic_group::elect_leader() {
  const auto current = members_.find(leader_);
  if (current != members_.end() && current->second.joining != no_waiter) return true;
  for (const auto& [id, m] : members_) {
    if (m.joining == no_waiter) continue;
    leader_ = id;
    return true;
  }
  return false;
}

// Only static members are left, and none has joined yet: their sessions decide.
void classic_group::await_absent(now_t now) {
  const duration wait = std::chrono::milliseconds(longest_rebalance_timeout_ms());
  join_ends_ = now.steady + std::max<duration>(wait, shortest_retry);
  deadline(join_ends_);
}

void classic_group::complete_join(now_t now, group_effects& out) {
  JD_ASSERT(state_ == group_state::preparing_rebalance && !has_late(), id_, name_of(state_));
  // A static member may be away for its whole session; the others are out.
  std::vector<std::string> absent;
  for (const auto& [id, m] : members_) {
    if (m.joining == no_waiter && !m.instance_id) absent.push_back(id);
  }
  for (const auto& id : absent) {
    history_.member_dropped(id);
    members_.erase(id);
  }
  if (!members_.empty() && !elect_leader()) return await_absent(now);
  ++generation_;
  is_initial_ = false;
  pending_.clear();
  history_.join_done(generation_, members_.size(), now);
  if (members_.empty()) {
    leader_.clear();
    protocol_name_.reset();
    set_state(group_state::empty, now);
    history_.sync_done(now);
    store(out);
    return check();
  }
  JD_ASSERT(members_.contains(leader_), id_, leader_, generation_);
  protocol_name_ = select_protocol();
  remember_owners();
  set_state(group_state::completing_rebalance, now);
  sync_ends_ = now.steady + std::chrono::milliseconds(longest_rebalance_timeout_ms());
  deadline(sync_ends_);
  late_until_ = std::min(sync_ends_, now.steady + longest_hold);
  for (auto& [id, m] : members_) {
    m.has_synced = false;
    if (m.joining == no_waiter) {
      m.has_synced = true;  // a static member that is away: nobody waits for it
      continue;
    }
    out.answers.emplace_back(m.joining, current_answer(m, false));
    m.joining = no_waiter;
    m.is_new = false;
    session_begins(m, now);
  }
  check();
}

// Of those that everybody knows, the one that most like best; on a tie the one that the leader likes better.
std::string classic_group::select_protocol() const {
  const auto known_to_all = [this](const std::string& name) {
    return std::all_of(members_.begin(), members_.end(), [&](const auto& m) {
      return std::any_of(m.second.protocols.begin(), m.second.protocols.end(),
                         [&](const auto& p) { return p.name == name; });
    });
  };
  std::map<std::string, std::size_t> votes;
  for (const auto& [id, m] : members_) {
    const auto best =
        std::find_if(m.protocols.begin(), m.protocols.end(), [&](const auto& p) { return known_to_all(p.name); });
    JD_ASSERT(best != m.protocols.end(), id_, id);
    ++votes[best->name];
  }
  const auto leader = members_.find(leader_);
  const auto& order = leader == members_.end() ? members_.begin()->second.protocols : leader->second.protocols;
  std::string chosen;
  std::size_t most = 0;
  for (const auto& p : order) {
    const auto counted = votes.find(p.name);
    if (counted == votes.end() || counted->second <= most) continue;
    most = counted->second;
    chosen = p.name;
  }
  JD_ASSERT(most > 0 && most <= members_.size(), id_, chosen, most);
  return chosen;
}

// ---- SyncGroup

std::optional<sync_answer> classic_group::sync(sync_request r, waiter w, now_t now, group_effects& out) {
  JD_ASSERT(w != no_waiter, id_);
  if (state_ == group_state::dead) return refused_sync(error_code::coordinator_not_available);
  if (const auto wrong = check_claim({r.member_id, r.instance_id, r.generation}); wrong != error_code::none) {
    return refused_sync(wrong);
  }
  if (r.generation != generation_) return refused_sync(error_code::illegal_generation);
  const bool other_type = r.protocol_type && *r.protocol_type != protocol_type_;
  if (other_type || (r.protocol_name && r.protocol_name != protocol_name_)) {
    return refused_sync(error_code::inconsistent_group_protocol);
  }
  member& m = members_.at(r.member_id);
  switch (state_) {
    case group_state::empty:
    case group_state::dead: return refused_sync(error_code::unknown_member_id);
    case group_state::preparing_rebalance: return refused_sync(error_code::rebalance_in_progress);
    case group_state::stable: {
      m.has_synced = true;
      session_begins(m, now);
      sync_answer a;
      a.protocol_type = protocol_type_;
      a.protocol_name = protocol_name_;
      a.assignment = m.assignment;
      return a;
    }
    case group_state::completing_rebalance: break;
  }
  if (m.syncing != no_waiter) answer_sync(m, error_code::unknown_member_id, now, out);  // overtaken by this one
  m.syncing = w;
  m.has_synced = true;
  if (r.member_id != leader_ || is_storing_) return std::nullopt;
  assign(r);
  is_storing_ = true;
  store(out);
  return std::nullopt;
}

// Before a generation that ended without an assignment the members had what they had before that.
void classic_group::remember_owners() {
  const bool was_handed_out =
      std::any_of(members_.begin(), members_.end(), [](const auto& m) { return !m.second.assignment.empty(); });
  if (!was_handed_out || protocol_type_ != consumer_protocol_type) return;
  owners_before_.clear();
  owners_bytes_ = 0;
  for (const auto& [id, m] : members_) add_assignment(owners_before_, id, m.assignment);
  constexpr std::size_t node_bytes = 128;
  for (const auto& [partition, owner] : owners_before_)
    owners_bytes_ += node_bytes + partition.first.size() + owner.size();
}

void classic_group::assign(sync_request& r) {
  for (auto& [id, each] : members_) each.assignment.clear();
  partition_owners after;
  for (auto& [id, assignment] : r.assignments) {
    const auto found = members_.find(id);
    if (found == members_.end()) continue;
    found->second.assignment = std::move(assignment);
    if (protocol_type_ == consumer_protocol_type) add_assignment(after, id, found->second.assignment);
  }
  if (protocol_type_ != consumer_protocol_type) return;
  const auto moved = std::count_if(after.begin(), after.end(), [this](const auto& owned) {
    const auto old = owners_before_.find(owned.first);
    return old == owners_before_.end() || old->second != owned.second;
  });
  history_.assigned(static_cast<std::int32_t>(moved), static_cast<std::int32_t>(after.size()));
}

void classic_group::ended(std::int32_t generation, error_code outcome, settings_ref s, now_t now, group_effects& out) {
  JD_ASSERT(generation <= generation_, id_, generation, generation_);
  if (!is_storing_ || generation != generation_ || state_ != group_state::completing_rebalance) return;
  is_storing_ = false;
  if (outcome != error_code::none) {
    reset_assignments(outcome, now, out);
    return prepare({cause_kind::store_failed, leader_, "", "", ""}, s, now, out);
  }
  owners_before_.clear();
  owners_bytes_ = 0;
  set_state(group_state::stable, now);
  history_.sync_done(now);
  for (auto& [id, m] : members_) answer_sync(m, sync_code_of(m), now, out);
  let_late_in(s, now, out);
  check();
}

void classic_group::answer_sync(member& m, error_code error, now_t now, group_effects& out) {
  if (m.syncing == no_waiter) return;
  session_begins(m, now);
  sync_answer a;
  a.error = error;
  if (error == error_code::none) {
    a.protocol_type = protocol_type_;
    a.protocol_name = protocol_name_;
    a.assignment = m.assignment;
  }
  out.answers.emplace_back(std::exchange(m.syncing, no_waiter), std::move(a));
}

void classic_group::reset_assignments(error_code why, now_t now, group_effects& out) {
  is_storing_ = false;
  for (auto& [id, m] : members_) {
    m.assignment.clear();
    answer_sync(m, why, now, out);
  }
}

// ---- going

void classic_group::remove_member(const std::string& id, rebalance_cause cause, settings_ref s, now_t now,
                                  group_effects& out) {
  auto node = members_.extract(id);
  if (node.empty()) return;
  member& m = node.mapped();
  cause.client_id = m.client_id;
  cause.client_host = m.client_host;
  if (m.joining != no_waiter) {
    out.answers.emplace_back(m.joining, refused_join(error_code::unknown_member_id, id));
  }
  answer_sync(m, error_code::unknown_member_id, now, out);
  const std::size_t freed = m.instance_id ? static_members_.erase(*m.instance_id) : 0;
  JD_ASSERT(freed == (m.instance_id ? 1 : 0), id_, id, freed);
  if (awaits_assignment(now) && leader_ != id) {
    late_leaves_.push_back(std::move(cause));
    return deadline(late_until_);
  }
  if (leader_ == id) leader_ = members_.empty() ? "" : members_.begin()->first;
  if (state_ == group_state::stable || state_ == group_state::completing_rebalance) {
    prepare(std::move(cause), s, now, out);
  } else if (state_ == group_state::preparing_rebalance) {
    history_.caused(std::move(cause), false, now);
    complete_join_if_ready(now, out);
  }
}

void classic_group::store(group_effects& out) const {
  stored_group g;
  g.group = id_;
  g.protocol_type = protocol_type_;
  g.generation = generation_;
  g.protocol_name = protocol_name_;
  if (!leader_.empty()) g.leader = leader_;
  g.state_since = state_since_;
  for (const auto& [id, m] : members_) {
    g.members.push_back({id, m.instance_id, m.client_id, m.client_host, m.session_timeout_ms, m.rebalance_timeout_ms,
                         subscription(m), m.assignment});
  }
  // The runtime tells the group of all of them by one generation.
  JD_ASSERT(out.records.empty() || out.generation == generation_, id_, out.generation, generation_);
  JD_ASSERT(g.members.empty() == (state_ == group_state::empty), id_, g.members.size(), name_of(state_));
  out.generation = generation_;
  out.records.emplace_back(std::move(g));
}

}  // namespace jackdaw::coordinator
