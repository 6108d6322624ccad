// Who leads a partition and which brokers hold it: elections (KIP-460) and reassignments (KIP-455). Pure: `image` is
// the newest state, what is decided but not yet committed included.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/protocol/messages/alter_partition_reassignments.hpp"
#include "jackdaw/protocol/messages/elect_leaders.hpp"

namespace jackdaw::controller {

struct decided_partition {
  partition_id partition;
  verdict outcome;
};

struct decided_topic {
  std::string name;
  std::vector<decided_partition> partitions;
};

// Kafka's numbers: to the first replica of each partition; or to any that can, also one that may miss records.
enum class election_type : std::int8_t { preferred = 0, unclean = 1 };
bool is_election_type(std::int8_t number) noexcept;

// Rows in the order of the request. Without a list of topics: every topic of the cluster, with those of its partitions
// that needed an election.
decision<std::vector<decided_topic>> elect_leaders(const metadata::image& image,
                                                   const protocol::elect_leaders_request& request);

// Starts, completes at once, or (no replicas named) takes back moves of partitions between brokers.
decision<std::vector<decided_topic>> alter_reassignments(
    const metadata::image& image, const protocol::alter_partition_reassignments_request& request);

}  // namespace jackdaw::controller
