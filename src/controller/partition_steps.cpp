#include "partition_steps.hpp"

#include <vector>

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
  state.leader = broker_id{};
  ++state.leader_epoch;
  ++state.partition_epoch;
  return state;
}

}  // namespace jackdaw::controller
