// What this broker did and does, for `jackdaw top`: docs/formats/activity.md.
#pragma once

#include "clients/activity.hpp"
#include "jackdaw/protocol/messages/broker_activity.hpp"
#include "jackdaw/protocol/tagged_fields.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {

// In a request of DescribeCluster: asks for it; in the answer: has it.
constexpr std::uint32_t activity_tag = 10000;

// Asks all shards; `done` runs at home.
void gather_activity(shard_state& home, unique_function<void(const activity_report&)> done);
// Views of `report`.
protocol::broker_activity to_message(const activity_report& report);

}  // namespace jackdaw::broker
