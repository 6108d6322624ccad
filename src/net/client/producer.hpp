// The parts of the producer: batches, the queue of each partition.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/net/client_producer.hpp"

namespace jackdaw::net {

// A sealed batch, from the end of its filling until the broker's last word on it.
struct client_producer::batch {
  partition_queue* queue = nullptr;
  std::vector<std::byte> bytes;
  std::int32_t records = 0;
  std::size_t buffered_bytes = 0;  // what it counts in the producer's buffer
  client::clock::time_point created;
  bool in_flight = false;
};

// One partition. Batches leave in order; after a failure that may pass, nothing more is sent before all that was in
// flight has come back, so that a retry can't overtake or be overtaken.
struct client_producer::partition_queue {
  topic_state* topic = nullptr;
  partition_id id;
  protocol::batch_builder filling;
  client::clock::time_point filling_since;
  std::int32_t next_sequence = 0;
  std::deque<batch_ptr> sealed;  // in flight ones first
  std::size_t in_flight = 0;
  bool is_retrying = false;
  client::clock::time_point not_before{};  // back-off
};

struct client_producer::topic_state {
  std::string name;
  std::vector<std::unique_ptr<partition_queue>> partitions;
  std::size_t sticky = 0;  // where records without key go until a batch is full
};

struct client_producer::outcome {
  protocol::error_code code = protocol::error_code::none;
  std::string message;
  offset base_offset = no_offset;
};

}  // namespace jackdaw::net
