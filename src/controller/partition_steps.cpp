#include "partition_steps.hpp"

#include <vector>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::controller {

bool is_active(const metadata::image& image, broker_id id) {
  const auto* b = image.find_broker(id);
  return b != nullptr && !b->fenced && !b->shutting_down;
}

metadata::broker_list without(const metadata::broker_list& list, broker_id id) {
  return without(list, metadata::broker_list{id});
}

metadata::broker_list without(const metadata::broker_list& list, const metadata::broker_list& others) {
  std::vector<broker_id> kept;
  for (const broker_id id : list) {
    if (!others.contains(id)) kept.push_back(id);
  }
  return metadata::broker_list(std::span<const broker_id>(kept));
}

bool may_lead(const metadata::image& image, const metadata::partition_state& state, broker_id id) {
  const auto& able = state.isr.empty() ? state.elr : state.isr;
  return able.contains(id) && is_active(image, id);
}

std::optional<broker_id> next_leader(const metadata::image& image, const metadata::partition_state& state) {
  for (const broker_id id : state.replicas) {
    if (may_lead(image, state, id)) return id;
  }
  return std::nullopt;
}

metadata::partition_state led_by(metadata::partition_state state, broker_id id) {
  JD_ASSERT(state.replicas.contains(id), id.value(), state.leader.value(), state.leader_epoch.value());
  if (!state.isr.contains(id)) {
    state.isr = {id};
    state.elr = without(state.elr, id);
  }
  state.leader = id;
  ++state.leader_epoch;
  ++state.partition_epoch;
  return state;
}

metadata::partition_state leaderless(metadata::partition_state state) {
  JD_ASSERT(state.leader != broker_id{}, state.leader_epoch.value());
  state.leader = broker_id{};
  ++state.leader_epoch;
  ++state.partition_epoch;
  return state;
}

void check_state(const metadata::partition_state& s) {
  JD_ASSERT(!s.replicas.empty(), s.leader.value(), s.partition_epoch.value());
  JD_ASSERT(s.leader == broker_id{} || s.isr.contains(s.leader), s.leader.value(), s.partition_epoch.value());
  for (const broker_id id : s.isr) JD_ASSERT(s.replicas.contains(id), id.value(), s.leader.value());
  for (const broker_id id : s.elr) JD_ASSERT(s.replicas.contains(id) && !s.isr.contains(id), id.value());
  for (const broker_id id : s.adding_replicas)
    JD_ASSERT(s.replicas.contains(id) && !s.removing_replicas.contains(id), id.value());
  for (const broker_id id : s.removing_replicas) JD_ASSERT(s.replicas.contains(id), id.value());
}

void check_step(const metadata::partition_state& before, const metadata::partition_state& after) {
  check_state(after);
  JD_ASSERT(after.partition_epoch == before.partition_epoch + 1, before.partition_epoch.value(),
            after.partition_epoch.value());
  JD_ASSERT(after.leader_epoch >= before.leader_epoch, before.leader_epoch.value(), after.leader_epoch.value());
  JD_ASSERT(after.leader == before.leader || after.leader_epoch > before.leader_epoch, before.leader.value(),
            after.leader.value(), after.leader_epoch.value());
}

}  // namespace jackdaw::controller
