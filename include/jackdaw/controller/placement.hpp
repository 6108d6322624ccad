// Which brokers hold a new partition.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::controller {

struct placement_broker {
  broker_id id;
  std::string rack;    // empty: not known; all of these count as one rack
  bool active = true;  // neither fenced nor about to stop
};

std::vector<placement_broker> brokers_for_placement(const metadata::image& image);

struct placement {
  verdict outcome;
  std::vector<metadata::broker_list> replicas;  // one list a partition, its preferred leader first
};

// Leaders and replicas are spread evenly over brokers, the replicas of a partition over racks, and followers of one
// leader over the others. Leaders are active; brokers that aren't serve only where others are missing.
placement place_replicas(std::span<const placement_broker> brokers, std::int32_t partitions,
                         std::int16_t replication_factor, random_source& random);

// A new partition's first state: in sync is who is active, the first of them leads. No leader: nobody is active.
metadata::partition_state first_state(const metadata::image& image, const metadata::broker_list& replicas);

}  // namespace jackdaw::controller
