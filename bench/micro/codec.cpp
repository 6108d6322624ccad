// What it costs to read and write the messages of the data path.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/messages/fetch.hpp"
#include "jackdaw/protocol/messages/metadata.hpp"
#include "jackdaw/protocol/messages/produce.hpp"

namespace {

using namespace jackdaw;
using namespace jackdaw::protocol;

void count_bytes(benchmark::State& state, std::size_t each) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(each));
  state.counters["message_bytes"] = static_cast<double>(each);
}

produce_request produce_to(std::size_t partitions, bytes_view batch) {
  produce_request request;
  request.acks = -1;
  request.timeout_ms = 30'000;
  request.topic_data.resize(1);
  request.topic_data[0].name = "orders";
  request.topic_data[0].partition_data.resize(partitions);
  for (std::size_t i = 0; i < partitions; ++i) {
    auto& partition = request.topic_data[0].partition_data[i];
    partition.index = partition_id{static_cast<std::int32_t>(i)};
    partition.records = records_view::of(batch);
  }
  return request;
}

void produce_request_decode(benchmark::State& state) {
  const auto version = static_cast<std::int16_t>(state.range(0));
  const std::vector<std::byte> batch(200);
  request_header header;
  header.api_version = version;
  header.client_id = "producer-1";
  const auto frame = encode_request_frame(header, produce_to(static_cast<std::size_t>(state.range(1)), batch)).value();
  for (auto _ : state) {
    reader in(bytes_view(frame).subspan(4));
    const auto read = decode_request_header(in);
    auto request = decode_message<produce_request>(in, read->api_version);
    benchmark::DoNotOptimize(request);
  }
  count_bytes(state, frame.size());
}
BENCHMARK(produce_request_decode)->ArgNames({"version", "partitions"})->ArgsProduct({{7, 11}, {1, 6, 100}});

void produce_response_encode(benchmark::State& state) {
  produce_response response;
  response.responses.resize(1);
  response.responses[0].name = "orders";
  response.responses[0].partition_responses.resize(static_cast<std::size_t>(state.range(1)));
  std::size_t bytes = 0;
  for (auto _ : state) {
    auto frame = encode_response_frame(correlation_id{1}, response, static_cast<std::int16_t>(state.range(0)));
    benchmark::DoNotOptimize(frame.bytes.data());
    bytes = frame.bytes.size();
  }
  count_bytes(state, bytes);
}
BENCHMARK(produce_response_encode)->ArgNames({"version", "partitions"})->ArgsProduct({{7, 11}, {1, 6, 100}});

void fetch_request_decode(benchmark::State& state) {
  const auto version = static_cast<std::int16_t>(state.range(0));
  fetch_request request;
  request.topics.resize(1);
  request.topics[0].topic = "orders";
  request.topics[0].partitions.resize(static_cast<std::size_t>(state.range(1)));
  const auto bytes = encode_message(request, version);
  for (auto _ : state) {
    auto decoded = decode_message<fetch_request>(bytes, version);
    benchmark::DoNotOptimize(decoded);
  }
  count_bytes(state, bytes.size());
}
BENCHMARK(fetch_request_decode)->ArgNames({"version", "partitions"})->ArgsProduct({{11, 12}, {1, 6, 100}});

// Records stay in the file: only their place is noted.
void fetch_response_encode(benchmark::State& state) {
  fetch_response response;
  response.responses.resize(1);
  response.responses[0].topic = "orders";
  response.responses[0].partitions.resize(static_cast<std::size_t>(state.range(1)));
  for (auto& partition : response.responses[0].partitions) partition.records = records_view::external(100'000);
  std::size_t bytes = 0;
  for (auto _ : state) {
    auto frame = encode_response_frame(correlation_id{1}, response, static_cast<std::int16_t>(state.range(0)));
    benchmark::DoNotOptimize(frame.bytes.data());
    bytes = frame.bytes.size();
  }
  count_bytes(state, bytes);
}
BENCHMARK(fetch_response_encode)->ArgNames({"version", "partitions"})->ArgsProduct({{11, 12, 17}, {1, 6, 100}});

metadata_response metadata_of(std::size_t topics, std::vector<std::string>& names) {
  metadata_response response;
  response.brokers.resize(3);
  for (auto& broker : response.brokers) broker.host = "broker.example.org";
  response.topics.resize(topics);
  for (std::size_t i = 0; i < topics; ++i) names.push_back("topic-" + std::to_string(i));
  for (std::size_t i = 0; i < topics; ++i) {
    auto& topic = response.topics[i];
    topic.name = names[i];
    topic.partitions.resize(12);
    for (auto& partition : topic.partitions) {
      partition.replica_nodes = {broker_id{1}, broker_id{2}, broker_id{3}};
      partition.isr_nodes = partition.replica_nodes;
    }
  }
  return response;
}

void metadata_response_encode(benchmark::State& state) {
  std::vector<std::string> names;
  const auto response = metadata_of(static_cast<std::size_t>(state.range(1)), names);
  std::size_t bytes = 0;
  for (auto _ : state) {
    auto frame = encode_response_frame(correlation_id{1}, response, static_cast<std::int16_t>(state.range(0)));
    benchmark::DoNotOptimize(frame.bytes.data());
    bytes = frame.bytes.size();
  }
  count_bytes(state, bytes);
}
BENCHMARK(metadata_response_encode)->ArgNames({"version", "topics"})->ArgsProduct({{8, 12}, {1, 1000}});

void metadata_response_decode(benchmark::State& state) {
  std::vector<std::string> names;
  const auto version = static_cast<std::int16_t>(state.range(0));
  const auto frame =
      encode_response_frame(correlation_id{1}, metadata_of(static_cast<std::size_t>(state.range(1)), names), version);
  const bytes_view bytes = bytes_view(frame.bytes).subspan(4);
  for (auto _ : state) {
    auto response = decode_response<metadata_response>(bytes, version);
    benchmark::DoNotOptimize(response);
  }
  count_bytes(state, bytes.size());
}
BENCHMARK(metadata_response_decode)->ArgNames({"version", "topics"})->ArgsProduct({{8, 12}, {1, 1000}});

}  // namespace
