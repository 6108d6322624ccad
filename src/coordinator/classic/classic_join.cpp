// JoinGroup: who comes in, who comes again, and who needn't.
#include <algorithm>
#include <chrono>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/coordinator/classic/classic_group.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

namespace {

bool has_protocol(const std::vector<member_protocol>& protocols, const std::string& name) {
  return std::any_of(protocols.begin(), protocols.end(), [&](const auto& p) { return p.name == name; });
}

}  // namespace

// An empty group takes any kind; else the kind is fixed, and one protocol must be known to everybody.
bool classic_group::supports(const std::string& type, const std::vector<member_protocol>& protocols) const {
  if (type.empty() || protocols.empty()) return false;
  if (members_.empty()) return true;
  if (type != protocol_type_) return false;
  return std::any_of(protocols.begin(), protocols.end(), [&](const member_protocol& p) {
    return std::all_of(members_.begin(), members_.end(),
                       [&](const auto& m) { return has_protocol(m.second.protocols, p.name); });
  });
}

std::optional<join_answer> classic_group::join(join_request r, waiter w, const std::string& new_member_id,
                                               settings_ref s, now_t now, group_effects& out) {
  JD_ASSERT(w != no_waiter, id_);
  if (state_ == group_state::dead) return refused_join(error_code::coordinator_not_available, r.member_id);
  const bool is_inside = members_.contains(r.member_id) || (r.instance_id && find_static(*r.instance_id) != nullptr);
  const auto awaited = static_cast<std::size_t>(
      std::count_if(members_.begin(), members_.end(), [](const auto& m) { return m.second.joining != no_waiter; }));
  const auto counted = state_ == group_state::preparing_rebalance ? awaited : members_.size();
  const bool is_in = is_inside && (state_ != group_state::preparing_rebalance || !members_.contains(r.member_id) ||
                                   members_.at(r.member_id).joining != no_waiter);
  if (!is_in && counted >= static_cast<std::size_t>(s.max_size)) {
    // A group that is too large already (the limit was lowered) sheds who comes last.
    pending_.erase(r.member_id);
    return refused_join(error_code::group_max_size_reached, is_inside ? r.member_id : "");
  }
  if (!supports(r.protocol_type, r.protocols))
    return refused_join(error_code::inconsistent_group_protocol, r.member_id);
  if (must_wait(r, now)) {
    late_joins_.push_back({std::move(r), w, new_member_id});
    deadline(late_until_);
    return std::nullopt;
  }
  if (r.member_id.empty()) return join_new(r, w, new_member_id, s, now, out);
  if (pending_.contains(r.member_id) && !r.instance_id) {
    const std::string id = r.member_id;
    pending_.erase(id);
    add_member(r, w, id, s, now, out);
    return std::nullopt;
  }
  if (const auto wrong = check_claim({r.member_id, r.instance_id, generation_}); wrong != error_code::none) {
    return refused_join(wrong, r.member_id);
  }
  return join_known(r, w, s, now, out);
}

std::optional<join_answer> classic_group::join_new(join_request& r, waiter w, const std::string& new_id, settings_ref s,
                                                   now_t now, group_effects& out) {
  JD_ASSERT(!new_id.empty(), id_, w);
  if (r.instance_id && find_static(*r.instance_id) != nullptr) return join_static_again(r, w, new_id, s, now, out);
  if (!r.instance_id && r.requires_member_id) {
    const auto until = now.steady + std::chrono::milliseconds(r.session_timeout_ms);
    pending_.add(new_id, until);
    deadline(until);
    return refused_join(error_code::member_id_required, new_id);
  }
  add_member(r, w, new_id, s, now, out);
  return std::nullopt;
}

void classic_group::add_member(join_request& r, waiter w, const std::string& id, settings_ref s, now_t now,
                               group_effects& out) {
  JD_ASSERT(!members_.contains(id), id_, id);
  JD_ASSERT(!r.instance_id || !static_members_.contains(*r.instance_id), id_, id);
  if (members_.empty()) protocol_type_ = r.protocol_type;
  auto& m = members_[id];
  m.id = id;
  m.instance_id = r.instance_id;
  m.client_id = r.client_id;
  m.client_host = r.client_host;
  if (m.instance_id) static_members_[*m.instance_id] = id;
  if (leader_.empty()) leader_ = id;
  if (state_ == group_state::preparing_rebalance) has_newcomer_ = true;
  update_member(m, r, w, now, out);
  prepare({cause_kind::joined, id, r.reason}, s, now, out);
}

// The answer to an earlier join of the same member is overtaken by this one.
void classic_group::update_member(member& m, join_request& r, waiter w, now_t now, group_effects& out) {
  if (m.joining != no_waiter) out.answers.emplace_back(m.joining, refused_join(error_code::unknown_member_id, m.id));
  m.protocols = std::move(r.protocols);
  m.session_timeout_ms = r.session_timeout_ms;
  m.rebalance_timeout_ms = r.rebalance_timeout_ms;
  m.client_id = r.client_id;
  m.client_host = r.client_host;
  m.joining = w;
  session_begins(m, now);
  history_.member_joined(m.id);
}

// The process of a static member came back: it takes its old place, the old process is fenced (KIP-345).
std::optional<join_answer> classic_group::join_static_again(join_request& r, waiter w, const std::string& new_id,
                                                            settings_ref s, now_t now, group_effects& out) {
  const std::string old_id = static_members_.at(*r.instance_id);
  const bool was_leader = leader_ == old_id;
  replace_member_id(old_id, new_id, out);
  member& m = members_.at(new_id);
  if (state_ != group_state::stable) {
    const std::string reason = r.reason;
    update_member(m, r, w, now, out);
    prepare({cause_kind::joined_again, new_id, reason}, s, now, out);
    return std::nullopt;
  }
  const bool same = protocol_name_ && has_protocol(r.protocols, *protocol_name_);
  const std::string reason = r.reason;
  const bool can_skip = r.can_skip_assignment;
  update_member(m, r, no_waiter, now, out);
  // Other metadata alone isn't a reason: a consumer that was restarted owns nothing any more, and gets all of it back.
  if (!same || select_protocol() != *protocol_name_) {
    m.joining = w;
    prepare({cause_kind::protocols_changed, new_id, reason}, s, now, out);
    return std::nullopt;
  }
  // Nothing changed for the others: no rebalance, only the new id is stored.
  store(out);
  auto told = current_answer(m, can_skip);
  // A client that can't be told to skip would assign anew, and nobody would take it: let it think it follows.
  if (was_leader && !can_skip) {
    told.leader = old_id;
    told.members.clear();
  }
  // The new id must survive the coordinator before the member hears of it.
  out.when_stored.emplace_back(w, std::move(told));
  return std::nullopt;
}

void classic_group::replace_member_id(const std::string& old_id, const std::string& new_id, group_effects& out) {
  auto node = members_.extract(old_id);
  JD_ASSERT(!node.empty() && node.mapped().instance_id, id_, old_id);
  node.key() = new_id;
  member& m = node.mapped();
  if (m.joining != no_waiter) out.answers.emplace_back(m.joining, refused_join(error_code::fenced_instance_id, old_id));
  if (m.syncing != no_waiter) out.answers.emplace_back(m.syncing, refused_sync(error_code::fenced_instance_id));
  m.joining = m.syncing = no_waiter;
  m.id = new_id;
  if (leader_ == old_id) leader_ = new_id;
  static_members_[*m.instance_id] = new_id;
  const bool is_new = members_.insert(std::move(node)).inserted;
  JD_ASSERT(is_new, id_, new_id);
}

std::optional<join_answer> classic_group::join_known(join_request& r, waiter w, settings_ref s, now_t now,
                                                     group_effects& out) {
  member& m = members_.at(r.member_id);
  const bool changed = m.protocols != r.protocols;
  const std::string reason = r.reason;
  const std::string id = m.id;
  switch (state_) {
    case group_state::empty:
    case group_state::dead: return refused_join(error_code::unknown_member_id, r.member_id);
    case group_state::preparing_rebalance:
      update_member(m, r, w, now, out);
      complete_join_if_ready(now, out);
      return std::nullopt;
    case group_state::completing_rebalance:
      // The answer to its join got lost: here it is again.
      if (!changed) return current_answer(m, false);
      break;
    case group_state::stable:
      // A leader that joins again wants to assign anew; a follower has missed an answer.
      if (!changed && id != leader_) return current_answer(m, false);
      break;
  }
  update_member(m, r, w, now, out);
  prepare({changed ? cause_kind::protocols_changed : cause_kind::joined_again, id, reason}, s, now, out);
  return std::nullopt;
}

join_answer classic_group::current_answer(const member& m, bool may_skip_assignment) const {
  join_answer a;
  a.generation = generation_;
  a.protocol_type = protocol_type_;
  a.protocol_name = protocol_name_;
  a.leader = leader_;
  a.member_id = m.id;
  a.skip_assignment = may_skip_assignment && m.id == leader_;
  if (m.id != leader_) return a;
  for (const auto& [id, each] : members_) a.members.push_back({id, each.instance_id, subscription(each)});
  return a;
}

}  // namespace jackdaw::coordinator
