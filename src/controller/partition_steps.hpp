// What decisions about partitions are made of.
#pragma once

#include <optional>

#include "jackdaw/metadata/image.hpp"

namespace jackdaw::controller {

// Registered, and neither fenced nor about to stop: it may lead.
bool is_active(const metadata::image& image, broker_id id);

metadata::broker_list without(const metadata::broker_list& list, broker_id id);
metadata::broker_list without(const metadata::broker_list& list, const metadata::broker_list& others);

// Who may lead next and has every record that was acknowledged: the first replica in sync, or, when none is in sync,
// the first eligible one (KIP-966).
std::optional<broker_id> next_leader(const metadata::image& image, const metadata::partition_state& state);
bool may_lead(const metadata::image& image, const metadata::partition_state& state, broker_id id);

// The state in which `id` leads. One from outside the ISR is in sync with itself alone.
metadata::partition_state led_by(metadata::partition_state state, broker_id id);
// In which nobody leads.
metadata::partition_state leaderless(metadata::partition_state state);

// Assert what holds in every state that a decision yields, and between a state and the next one.
void check_state(const metadata::partition_state& state);
void check_step(const metadata::partition_state& before, const metadata::partition_state& after);

}  // namespace jackdaw::controller
