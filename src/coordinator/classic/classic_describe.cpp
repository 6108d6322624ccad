// A classic group as others see it: administrators, and who keeps its offsets.
#include "jackdaw/coordinator/classic/classic_group.hpp"
#include "jackdaw/coordinator/runtime/group_kind.hpp"
#include "subscriptions.hpp"

namespace jackdaw::coordinator {

static_assert(kind_of_group<classic_group>);

const char* state_name(const classic_group& group) noexcept { return name_of(group.state()); }

group_description describe(const classic_group& group) {
  group_description d;
  d.state = name_of(group.state());
  d.is_dead = group.state() == group_state::dead;
  d.protocol_type = group.protocol_type();
  // In the middle of a rebalance what a member has is over.
  const bool is_settled = group.state() == group_state::stable;
  if (is_settled) d.protocol_name = group.protocol_name().value_or("");
  for (const auto& [id, m] : group.members()) {
    auto& copy = d.members.emplace_back(metadata::group_member{
        id, m.instance_id, m.client_id, m.client_host, m.session_timeout_ms, m.rebalance_timeout_ms, {}, {}});
    if (!is_settled) continue;
    copy.subscription = group.subscription(m);
    copy.assignment = m.assignment;
  }
  d.history.assign(group.history().reports().begin(), group.history().reports().end());
  return d;
}

offsets_use use_of_offsets(const classic_group& group) {
  offsets_use use;
  use.has_members = group.state() != group_state::empty;
  use.is_by_topic = group.protocol_type() == consumer_protocol_type;
  use.is_settled = group.state() == group_state::stable;
  if (use.has_members && use.is_by_topic) use.topics = subscribed_topics(group);
  return use;
}

}  // namespace jackdaw::coordinator
