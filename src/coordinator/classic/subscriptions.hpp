// What consumers tell each other through the coordinator (ConsumerProtocolSubscription, ConsumerProtocolAssignment).
// Members may send anything: what doesn't parse says nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "jackdaw/coordinator/classic/classic_group.hpp"

namespace jackdaw::coordinator {

inline constexpr std::string_view consumer_protocol_type = "consumer";

// Topics that any member is subscribed to.
std::set<std::string> subscribed_topics(const classic_group& group);

// Whether a cooperative member is assigned exactly what it said it owns when it joined (KIP-429). Of one that had given
// up everything before it joined this is true only if it gets nothing.
bool stays_as_it_is(const blob& subscription, const blob& assignment);

// Topic and partition to the member that has it.
using partition_owners = std::map<std::pair<std::string, std::int32_t>, std::string>;
void add_assignment(partition_owners& owners, const std::string& member_id, const blob& assignment);

}  // namespace jackdaw::coordinator
