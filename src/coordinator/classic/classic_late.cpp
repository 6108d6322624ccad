// Those that join or leave while everybody waits for the leader's assignment.
#include <utility>

#include "jackdaw/coordinator/classic/classic_group.hpp"
#include "subscriptions.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

bool classic_group::awaits_assignment(now_t now) const noexcept {
  return state_ == group_state::completing_rebalance && now.steady < late_until_;
}

// Only what would begin a rebalance waits. The leader doesn't: the assignment would come from it.
bool classic_group::must_wait(const join_request& r, now_t now) const {
  if (!awaits_assignment(now)) return false;
  if (r.member_id.empty()) return r.instance_id || !r.requires_member_id;
  if (pending_.contains(r.member_id)) return true;
  if (r.member_id == leader_) return false;
  if (check_claim({r.member_id, r.instance_id, generation_}) != error_code::none) return false;
  return members_.at(r.member_id).protocols != r.protocols;
}

// The next rebalance begins at once: whoever gets nothing new is told now, not by a heartbeat some seconds later.
error_code classic_group::sync_code_of(const member& m) const {
  const bool can_go_on = has_late() && protocol_type_ == consumer_protocol_type;
  return can_go_on && stays_as_it_is(subscription(m), m.assignment) ? error_code::rebalance_in_progress
                                                                    : error_code::none;
}

void classic_group::let_late_in(settings_ref s, now_t now, group_effects& out) {
  auto leaves = std::exchange(late_leaves_, {});
  auto joins = std::exchange(late_joins_, {});
  for (auto& cause : leaves) {
    if (state_ == group_state::preparing_rebalance) {
      history_.caused(std::move(cause), false, now);
    } else {
      prepare(std::move(cause), s, now, out);
    }
  }
  for (auto& late : joins) {
    auto refused = join(std::move(late.request), late.from, late.new_member_id, s, now, out);
    if (refused) out.answers.emplace_back(late.from, std::move(*refused));
  }
}

}  // namespace jackdaw::coordinator
