// Members: who they are, whether they may, how long they live.
#include "jackdaw/coordinator/classic/classic_group.hpp"

#include <algorithm>
#include <chrono>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

const char* name_of(group_state s) noexcept {
  switch (s) {
    case group_state::empty: return "Empty";
    case group_state::preparing_rebalance: return "PreparingRebalance";
    case group_state::completing_rebalance: return "CompletingRebalance";
    case group_state::stable: return "Stable";
    case group_state::dead: return "Dead";
  }
  return "Unknown";
}

classic_group::classic_group(std::string id, now_t now) : id_(std::move(id)), state_since_(now.wall) {}

classic_group::classic_group(std::string id, const stored_group& found, now_t now)
    : id_(std::move(id)),
      state_since_(found.state_since),
      generation_(found.generation),
      protocol_type_(found.protocol_type),
      protocol_name_(found.protocol_name),
      leader_(found.leader.value_or("")) {
  if (found.members.empty()) return;
  state_ = group_state::stable;
  for (const auto& s : found.members) {
    auto& m = members_[s.member_id];
    m.id = s.member_id;
    m.instance_id = s.instance_id;
    m.client_id = s.client_id;
    m.client_host = s.client_host;
    m.session_timeout_ms = s.session_timeout_ms;
    m.rebalance_timeout_ms = s.rebalance_timeout_ms;
    m.protocols = {{found.protocol_name.value_or(""), s.subscription}};
    m.assignment = s.assignment;
    m.is_new = false;
    m.has_synced = true;
    if (m.instance_id) static_members_[*m.instance_id] = m.id;
    session_begins(m, now);
  }
  JD_ASSERT(members_.size() == found.members.size(), id_, members_.size(), found.members.size());
}

std::size_t classic_group::bytes() const noexcept {
  constexpr std::size_t node_bytes = 64;
  const auto of_protocols = [](const std::vector<member_protocol>& protocols) {
    std::size_t sum = 0;
    for (const auto& p : protocols) sum += sizeof p + p.name.size() + p.metadata.size();
    return sum;
  };
  std::size_t bytes = sizeof *this + id_.size() + pending_.bytes() + history_.bytes() + owners_bytes_;
  for (const auto& [id, m] : members_) {
    bytes += sizeof m + node_bytes + 2 * id.size() + m.client_id.size() + m.client_host.size() + m.assignment.size();
    if (m.instance_id) bytes += 2 * node_bytes + 2 * m.instance_id->size() + id.size();
    bytes += of_protocols(m.protocols);
  }
  for (const auto& late : late_joins_) {
    const auto& r = late.request;
    bytes += sizeof late + r.member_id.size() + r.client_id.size() + r.client_host.size() + r.reason.size() +
             late.new_member_id.size() + of_protocols(r.protocols);
    if (r.instance_id) bytes += r.instance_id->size();
  }
  return bytes;
}

const blob& classic_group::subscription(const member& m) const {
  static const blob nothing;
  for (const auto& p : m.protocols) {
    if (protocol_name_ && p.name == *protocol_name_) return p.metadata;
  }
  return nothing;
}

const classic_group::member* classic_group::find_static(std::string_view instance_id) const {
  const auto found = static_members_.find(std::string(instance_id));
  if (found == static_members_.end()) return nullptr;
  const auto m = members_.find(found->second);
  return m == members_.end() ? nullptr : &m->second;
}

// A member that is known, under its own instance id if it has one (KIP-345).
error_code classic_group::check_claim(const member_claim& claim) const {
  if (claim.instance_id) {
    const auto* holder = find_static(*claim.instance_id);
    if (holder == nullptr) return error_code::unknown_member_id;
    if (holder->id != claim.member_id) return error_code::fenced_instance_id;
  }
  return members_.contains(std::string(claim.member_id)) ? error_code::none : error_code::unknown_member_id;
}

error_code classic_group::heartbeat(const member_claim& claim, now_t now) {
  if (state_ == group_state::dead) return error_code::coordinator_not_available;
  if (const auto wrong = check_claim(claim); wrong != error_code::none) return wrong;
  if (claim.generation != generation_) return error_code::illegal_generation;
  if (state_ == group_state::empty) return error_code::unknown_member_id;
  session_begins(members_.at(std::string(claim.member_id)), now);
  return state_ == group_state::preparing_rebalance ? error_code::rebalance_in_progress : error_code::none;
}

error_code classic_group::check_commit(const member_claim& claim, now_t now) {
  if (state_ == group_state::dead) return error_code::coordinator_not_available;
  // An administrator, or a consumer that manages its partitions itself.
  if (claim.generation < 0 && state_ == group_state::empty) return error_code::none;
  if (const auto wrong = check_claim(claim); wrong != error_code::none) return wrong;
  if (claim.generation != generation_) return error_code::illegal_generation;
  session_begins(members_.at(std::string(claim.member_id)), now);
  // Its partitions may be somebody else's in a moment.
  return state_ == group_state::completing_rebalance ? error_code::rebalance_in_progress : error_code::none;
}

error_code classic_group::leave(const std::string& member_id, const std::optional<std::string>& instance_id,
                                const std::string& reason, settings_ref s, now_t now, group_effects& out) {
  if (state_ == group_state::dead) return error_code::coordinator_not_available;
  std::string id = member_id;
  if (instance_id) {
    const auto* holder = find_static(*instance_id);
    if (holder == nullptr) return error_code::unknown_member_id;
    if (!member_id.empty() && holder->id != member_id) return error_code::fenced_instance_id;
    id = holder->id;
  } else if (pending_.erase(member_id)) {
    complete_join_if_ready(now, out);
    return error_code::none;
  }
  if (!members_.contains(id)) return error_code::unknown_member_id;
  remove_member(id, {cause_kind::left, id, reason}, s, now, out);
  return error_code::none;
}

void classic_group::disband(error_code why, group_effects& out) {
  JD_ASSERT(state_ != group_state::dead, id_);  // or somebody would be answered twice
  for (auto& [id, m] : members_) {
    if (m.joining != no_waiter) {
      out.answers.emplace_back(m.joining, refused_join(why, id));
    }
    if (m.syncing != no_waiter) {
      out.answers.emplace_back(m.syncing, refused_sync(why));
    }
  }
  for (auto& late : late_joins_) {
    out.answers.emplace_back(late.from, refused_join(why, std::move(late.request.member_id)));
  }
  late_joins_.clear();
  late_leaves_.clear();
  members_.clear();
  static_members_.clear();
  pending_.clear();
  state_ = group_state::dead;
  next_deadline_ = time_point::max();
}

// ---- time

void classic_group::deadline(time_point when) noexcept { next_deadline_ = std::min(next_deadline_, when); }

// A member that is new sends no heartbeats before its first answer: it gets five minutes for its join.
void classic_group::session_begins(member& m, now_t now) {
  constexpr std::int64_t new_member_ms = 300'000;
  const std::int64_t ms =
      m.is_new && m.joining != no_waiter ? new_member_ms : std::max<std::int64_t>(m.session_timeout_ms, 1);
  m.expires = now.steady + std::chrono::milliseconds(ms);
  deadline(m.expires);
}

time_point classic_group::next_deadline() const noexcept { return next_deadline_; }

namespace {

// Then it isn't silent. But a new member whose connection went stays for its five minutes only.
bool waits_for_us(const classic_group::member& m) {
  return (m.joining != no_waiter && !m.is_new) || m.syncing != no_waiter;
}

}  // namespace

void classic_group::on_time(settings_ref s, now_t now, group_effects& out) {
  if (now.steady < next_deadline_) return;
  std::vector<std::string> silent;
  for (const auto& [id, m] : members_) {
    if (!waits_for_us(m) && m.expires <= now.steady) silent.push_back(id);
  }
  for (const auto& id : silent) remove_member(id, {cause_kind::session_over, id, ""}, s, now, out);
  if (pending_.erase_until(now.steady)) complete_join_if_ready(now, out);
  if (state_ == group_state::preparing_rebalance && join_ends_ <= now.steady) expire_join(s, now, out);
  if (state_ == group_state::completing_rebalance && late_until_ <= now.steady) let_late_in(s, now, out);
  if (is_awaiting_syncs() && sync_ends_ <= now.steady) {
    std::vector<std::string> late;
    for (const auto& [id, m] : members_) {
      if (!m.has_synced) late.push_back(id);
    }
    for (const auto& id : late) remove_member(id, {cause_kind::did_not_sync, id, ""}, s, now, out);
  }
  find_deadline();
}

void classic_group::find_deadline() {
  next_deadline_ = time_point::max();
  bool awaits_syncs = false;
  for (const auto& [id, m] : members_) {
    if (!waits_for_us(m)) deadline(m.expires);
    awaits_syncs = awaits_syncs || !m.has_synced;
  }
  deadline(pending_.next());
  if (state_ == group_state::preparing_rebalance) deadline(join_ends_);
  if (is_awaiting_syncs() && awaits_syncs) deadline(sync_ends_);
  if (has_late()) deadline(late_until_);
}

namespace {

bool may_follow(group_state before, group_state after) {
  switch (after) {
    case group_state::empty:
    case group_state::completing_rebalance: return before == group_state::preparing_rebalance;
    case group_state::preparing_rebalance:
      return before != group_state::preparing_rebalance && before != group_state::dead;
    case group_state::stable: return before == group_state::completing_rebalance;
    case group_state::dead: return false;
  }
  return false;
}

}  // namespace

void classic_group::set_state(group_state s, now_t now) {
  JD_ASSERT(may_follow(state_, s), id_, name_of(state_), name_of(s));
  state_ = s;
  state_since_ = now.wall;
}

// Clients may give any number; time goes on with each.
std::int32_t classic_group::longest_rebalance_timeout_ms() const {
  std::int32_t longest = 1;
  for (const auto& [id, m] : members_) longest = std::max(longest, m.rebalance_timeout_ms);
  return longest;
}

void classic_group::check() const {
  std::size_t with_instances = 0;
  for (const auto& [id, m] : members_) {
    JD_ASSERT(id == m.id, id_, id);
    JD_ASSERT(m.joining == no_waiter || state_ == group_state::preparing_rebalance, id_, id);
    JD_ASSERT(m.syncing == no_waiter || state_ == group_state::completing_rebalance, id_, id);
    if (m.instance_id) JD_ASSERT(static_members_.at(*m.instance_id) == id, id_, id);
    if (m.instance_id) ++with_instances;
  }
  JD_ASSERT(static_members_.size() == with_instances, id_, static_members_.size(), with_instances);
  JD_ASSERT(!has_late() || state_ == group_state::completing_rebalance, id_);
  const bool has_members = state_ != group_state::empty && state_ != group_state::dead;
  JD_ASSERT(has_members || members_.empty(), id_);
  if (state_ == group_state::stable) JD_ASSERT(members_.contains(leader_) && protocol_name_.has_value(), id_, leader_);
}

}  // namespace jackdaw::coordinator
