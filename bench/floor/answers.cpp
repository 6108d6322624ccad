#include "answers.hpp"

#include "jackdaw/protocol/messages/api_versions.hpp"
#include "jackdaw/protocol/messages/metadata.hpp"

namespace jackdaw::bench {
namespace {

using protocol::api_key;
using protocol::error_code;

struct offered {
  api_key key;
  std::int16_t version_min;
  std::int16_t version_max;
};
// librdkafka concludes from Fetch, FindCoordinator and the oldest Produce, which nobody asks for, that lz4 is known.
// known.
constexpr offered offer[] = {{api_key::produce, 0, 9},
                             {api_key::fetch, 4, 11},
                             {api_key::metadata, 0, 9},
                             {api_key::find_coordinator, 0, 2},
                             {api_key::api_versions, 0, 3}};

protocol::api_versions_response versions() {
  protocol::api_versions_response out;
  for (const offered& api : offer) {
    auto& row = out.api_keys.emplace_back();
    row.api_key = static_cast<std::int16_t>(api.key);
    row.min_version = api.version_min;
    row.max_version = api.version_max;
  }
  return out;
}

protocol::metadata_response metadata(const protocol::metadata_request& request, const floor_options& options) {
  protocol::metadata_response out;
  auto& self = out.brokers.emplace_back();
  self.node_id = broker_id{1};
  self.host = "127.0.0.1";
  self.port = options.port;
  out.cluster_id = "floor";
  out.controller_id = broker_id{1};
  if (!request.topics) return out;
  for (const auto& wanted : *request.topics) {
    auto& topic = out.topics.emplace_back();
    topic.name = wanted.name;
    for (std::int32_t index = 0; index < options.partitions; ++index) {
      auto& partition = topic.partitions.emplace_back();
      partition.partition_index = partition_id{index};
      partition.leader_id = broker_id{1};
      partition.leader_epoch = leader_epoch{0};
      partition.replica_nodes = {broker_id{1}};
      partition.isr_nodes = {broker_id{1}};
    }
  }
  return out;
}

protocol::produce_response produce(const protocol::produce_request& request, const append_records& append) {
  protocol::produce_response out;
  out.responses.reserve(request.topic_data.size());
  for (const auto& topic : request.topic_data) {
    auto& answered = out.responses.emplace_back();
    answered.name = topic.name;
    for (const auto& partition : topic.partition_data) {
      auto& row = answered.partition_responses.emplace_back();
      row.index = partition.index;
      if (!partition.records) continue;
      // The view lies in the receive buffer, which is ours to patch.
      auto* first = const_cast<std::byte*>(partition.records->data);
      row.base_offset = append(topic.name, partition.index, {first, partition.records->size});
      row.log_start_offset = offset{0};
    }
  }
  return out;
}

}  // namespace

result<std::vector<std::byte>> answer(mutable_bytes frame, const floor_options& options, const append_records& append) {
  protocol::reader in(frame);
  auto header = protocol::decode_request_header(in);
  if (!header) return header.error();
  const auto id = header->correlation_id;
  const std::int16_t version = header->api_version;
  switch (static_cast<api_key>(header->api_key)) {
    case api_key::api_versions:
      if (version <= 3) return protocol::encode_response_frame(id, versions(), version).bytes;
      {
        auto refusal = versions();
        refusal.error_code = error_code::unsupported_version;
        return protocol::encode_response_frame(id, refusal, 0).bytes;
      }
    case api_key::metadata: {
      auto request = protocol::decode_message<protocol::metadata_request>(in, version);
      if (!request) return request.error();
      return protocol::encode_response_frame(id, metadata(*request, options), version).bytes;
    }
    case api_key::produce: {
      auto request = protocol::decode_message<protocol::produce_request>(in, version);
      if (!request) return request.error();
      const auto response = produce(*request, append);
      if (request->acks == 0) return std::vector<std::byte>{};
      return protocol::encode_response_frame(id, response, version).bytes;
    }
    default: return fail(errc::unsupported, "the floor only takes records, not api " + std::to_string(header->api_key));
  }
}

}  // namespace jackdaw::bench
