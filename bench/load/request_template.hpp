// A request that is built once and sent many times: only its correlation id changes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace jackdaw::bench {

struct produce_shape {
  std::string topic;
  std::int32_t partition = 0;
  std::int32_t records = 1;
  std::int32_t record_bytes = 100;
  std::int16_t acks = -1;
};

// The frame with its size field, of the newest version that names topics.
std::vector<std::byte> produce_frame(const produce_shape& shape);
void set_correlation_id(std::vector<std::byte>& frame, std::int32_t id);

// What one response frame (without its size) says; an error when the broker refused.
struct request_outcome {
  std::int32_t correlation_id = 0;
  std::string error;

  void note(protocol::error_code code);
};
request_outcome read_produce_response(bytes_view frame);

template <class Request>
std::vector<std::byte> frame_of(const Request& request, std::int16_t version) {
  protocol::request_header header;
  header.api_version = version;
  header.client_id = "bench_load";
  return protocol::encode_request_frame(header, request).value();
}

// A Metadata request that creates the topic, and whether its answer names a leader for every one of `partitions`.
std::vector<std::byte> metadata_frame(const std::string& topic);
bool all_led(bytes_view frame, std::int32_t partitions);

}  // namespace jackdaw::bench
