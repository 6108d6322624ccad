// What a fetch asks of one partition: remembered by sessions, answered by the partition's owner.
#pragma once

#include <cstdint>
#include <string>

#include "jackdaw/base/ids.hpp"

namespace jackdaw::broker {

// One partition of a fetch, as the client asked for it.
struct fetch_target {
  uuid topic_id;           // zero when the name isn't known here, or a name that fetches by name has no topic
  std::string topic_name;  // empty when the client fetches by an id that isn't known here
  partition_id partition;
  leader_epoch current_leader_epoch;
  leader_epoch last_fetched_epoch;
  offset fetch_offset;
  std::int32_t max_bytes = 0;
};

}  // namespace jackdaw::broker
