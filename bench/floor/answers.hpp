// The answers of the floor: as little of Kafka's protocol as makes a producer send.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/messages/produce.hpp"

namespace jackdaw::bench {

struct floor_options {
  int port = 19094;
  std::string folder = ".";
  std::int32_t partitions = 6;  // of every topic that anybody names
};

// Appends `records` to a partition and returns the offset of the first.
using append_records = std::function<offset(std::string_view topic, partition_id, mutable_bytes records)>;

// The bytes to send for one frame (without its size), which may be patched in place; empty for a request that expects
// no answer. An error says that the peer speaks something else.
result<std::vector<std::byte>> answer(mutable_bytes frame, const floor_options& options, const append_records& append);

}  // namespace jackdaw::bench
