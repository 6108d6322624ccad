// What a client says about which brokers shall hold partitions.
#pragma once

#include <span>
#include <vector>

#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::controller {

// One partition's brokers: some, each once, each registered. `replication_factor` is that of the partitions before it,
// 0 for the first.
verdict check_assignment(const metadata::image& image, std::span<const broker_id> brokers,
                         std::size_t replication_factor);

// Somebody of the assignment must be able to lead.
verdict check_leader(const metadata::partition_state& state, partition_id partition);

}  // namespace jackdaw::controller
