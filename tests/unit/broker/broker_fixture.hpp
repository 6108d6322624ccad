// What tests of requests say often: make a topic, produce, fetch.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/protocol/messages/create_topics.hpp"
#include "jackdaw/protocol/messages/delete_topics.hpp"
#include "jackdaw/protocol/messages/fetch.hpp"
#include "jackdaw/protocol/messages/incremental_alter_configs.hpp"
#include "jackdaw/protocol/messages/metadata.hpp"
#include "jackdaw/protocol/messages/produce.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "test_broker.hpp"

namespace jackdaw::testing {

using protocol::error_code;

// Whose settings, as requests number them.
constexpr std::int8_t topic_type = 2;
constexpr std::int8_t broker_type = 4;

// Who writes a batch; by default nobody in particular.
struct producer {
  producer_id id{};
  producer_epoch epoch{};
  std::int32_t sequence = -1;
};

class broker_test : public ::testing::Test {
 protected:
  static constexpr std::int16_t produce_version = 12;  // the last by name
  static constexpr std::int16_t fetch_version = 12;

  // Not even what is reserved can be written to, as on a file system that copies what is overwritten.
  static void fill_disk(test_broker& b);
  static void free_disk(test_broker& b) { b.disk->set_fault_hook(nullptr); }

  static protocol::create_topics_request creation(const std::vector<std::string_view>& names,
                                                  std::int32_t partitions = 1);
  error_code create_topic(test_broker& b, std::string_view name, std::int32_t partitions = 1,
                          std::vector<std::pair<std::string_view, std::string_view>> configs = {});

  error_code delete_topic(test_broker& b, std::string_view name);
  enum operation : std::int8_t { set, unset, append, subtract };
  static error_code alter(test_broker& b, std::int8_t type, std::string_view name, std::string_view key,
                          std::string_view value, operation how = set, std::int16_t version = 1);
  uuid topic_id_of(test_broker& b, std::string_view name);

  std::vector<std::byte> batch(const test_broker& b, const std::vector<std::string>& values, const producer& p);

  using produced = protocol::produce_response::partition_produce_response;
  std::shared_ptr<test_broker::answer> send_produce(test_broker& b, broker::connection_id connection,
                                                    std::string_view topic, std::int32_t partition,
                                                    const std::vector<std::byte>& records, std::int16_t acks = -1);
  produced produce(test_broker& b, std::string_view topic, std::int32_t partition,
                   const std::vector<std::string>& values, const producer& p = {});

  static protocol::fetch_request fetch_request(std::string_view topic, std::int32_t partition, std::int64_t from,
                                               std::int32_t max_wait_ms = 0, std::int32_t min_bytes = 1);
  // Values of whole records in an answer, "offset:value"; a torn batch at the end is dropped, as clients do.
  static std::vector<std::string> values_of(const protocol::fetch_response& answer);
  std::vector<std::string> read_all(test_broker& b, std::string_view topic, std::int32_t partition,
                                    std::int64_t from = 0);
};

}  // namespace jackdaw::testing
