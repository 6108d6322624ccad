#include "request_template.hpp"

#include "jackdaw/protocol/messages/metadata.hpp"
#include "jackdaw/protocol/messages/produce.hpp"
#include "jackdaw/protocol/record_builder.hpp"

namespace jackdaw::bench {
namespace {

constexpr std::int16_t produce_version = 9;
constexpr std::int16_t metadata_version = 9;
constexpr std::size_t correlation_id_at = 8;  // after size, api key and version

}  // namespace

std::vector<std::byte> produce_frame(const produce_shape& shape) {
  // As rdkafka_performance fills its records, so that codecs and caches see the same.
  std::string value;
  while (value.size() < static_cast<std::size_t>(shape.record_bytes))
    value += "librdkafka_performance testing payload ";
  value.resize(static_cast<std::size_t>(shape.record_bytes));
  protocol::batch_builder builder;
  for (std::int32_t i = 0; i < shape.records; ++i) {
    protocol::new_record record;
    record.timestamp = timestamp_ms{1'700'000'000'000};
    record.value = as_bytes(value);
    builder.add(record);
  }
  const auto batch = builder.finish().value();
  protocol::produce_request request;
  request.acks = shape.acks;
  request.timeout_ms = 30'000;
  auto& topic = request.topic_data.emplace_back();
  topic.name = shape.topic;
  auto& partition = topic.partition_data.emplace_back();
  partition.index = partition_id{shape.partition};
  partition.records = protocol::records_view::of(batch.bytes());
  return frame_of(request, produce_version);
}

void set_correlation_id(std::vector<std::byte>& frame, std::int32_t id) {
  store_be(frame.data() + correlation_id_at, id);
}

void request_outcome::note(protocol::error_code code) {
  if (code != protocol::error_code::none) error = "error code " + std::to_string(static_cast<int>(code));
}

request_outcome read_produce_response(bytes_view frame) {
  auto response = protocol::decode_response<protocol::produce_response>(frame, produce_version);
  if (!response) return {0, to_string(response.error())};
  request_outcome outcome{response->id.value(), {}};
  for (const auto& topic : response->body.responses) {
    for (const auto& partition : topic.partition_responses) outcome.note(partition.error_code);
  }
  return outcome;
}

std::vector<std::byte> metadata_frame(const std::string& topic) {
  protocol::metadata_request request;
  request.topics.emplace().emplace_back().name = topic;
  return frame_of(request, metadata_version);
}

bool all_led(bytes_view frame, std::int32_t partitions) {
  auto response = protocol::decode_response<protocol::metadata_response>(frame, metadata_version);
  if (!response || response->body.topics.size() != 1) return false;
  const auto& topic = response->body.topics.front();
  if (topic.error_code != protocol::error_code::none) return false;
  if (topic.partitions.size() < static_cast<std::size_t>(partitions)) return false;
  for (const auto& partition : topic.partitions) {
    if (partition.leader_id.value() < 0) return false;
  }
  return true;
}

}  // namespace jackdaw::bench
