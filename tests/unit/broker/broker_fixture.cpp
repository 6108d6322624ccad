#include "broker_fixture.hpp"

#include "jackdaw/protocol/messages/delete_topics.hpp"
#include "jackdaw/protocol/messages/incremental_alter_configs.hpp"
#include "jackdaw/protocol/messages/metadata.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::testing {

void broker_test::fill_disk(test_broker& b) {
  b.disk->set_fault_hook([](disk_operation what, const std::string&) -> std::optional<errc> {
    if (what == disk_operation::write) return errc::no_space;
    return std::nullopt;
  });
}

protocol::create_topics_request broker_test::creation(const std::vector<std::string_view>& names,
                                                      std::int32_t partitions) {
  protocol::create_topics_request asked;
  for (const auto name : names) {
    auto& t = asked.topics.emplace_back();
    t.name = name;
    t.num_partitions = partitions;
    t.replication_factor = 1;
  }
  return asked;
}

error_code broker_test::create_topic(test_broker& b, std::string_view name, std::int32_t partitions,
                                     std::vector<std::pair<std::string_view, std::string_view>> configs) {
  auto asked = creation({name}, partitions);
  for (const auto& [key, value] : configs) {
    auto& c = asked.topics.back().configs.emplace_back();
    c.name = key;
    c.value = value;
  }
  const auto answer = b.call<protocol::create_topics_response>(7, asked);
  if (answer.topics.size() != 1) return error_code::unknown_server_error;
  return answer.topics[0].error_code;
}

error_code broker_test::delete_topic(test_broker& b, std::string_view name) {
  protocol::delete_topics_request asked;
  asked.topics.emplace_back().name = name;
  return b.call<protocol::delete_topics_response>(6, asked).responses.at(0).error_code;
}

error_code broker_test::alter(test_broker& b, std::int8_t type, std::string_view name, std::string_view key,
                              std::string_view value, operation how, std::int16_t version) {
  protocol::incremental_alter_configs_request asked;
  auto& r = asked.resources.emplace_back();
  r.resource_type = type;
  r.resource_name = name;
  auto& c = r.configs.emplace_back();
  c.name = key;
  c.config_operation = how;
  c.value = value;
  if (how == unset) c.value.reset();
  return b.call<protocol::incremental_alter_configs_response>(version, asked).responses.at(0).error_code;
}

uuid broker_test::topic_id_of(test_broker& b, std::string_view name) {
  protocol::metadata_request asked;
  asked.topics->emplace_back().name = name;
  asked.allow_auto_topic_creation = false;
  return b.call<protocol::metadata_response>(12, asked).topics.at(0).topic_id;
}

std::vector<std::byte> broker_test::batch(const test_broker& b, const std::vector<std::string>& values,
                                          const producer& p) {
  protocol::batch_options how;
  how.producer_id = p.id;
  how.producer_epoch = p.epoch;
  how.base_sequence = p.sequence;
  protocol::batch_builder builder(how);
  for (const auto& v : values) {
    protocol::new_record record;
    record.timestamp = b.now().wall;
    record.value = as_bytes(v);
    builder.add(record);
  }
  const auto made = builder.finish();
  EXPECT_TRUE(made);
  return {made->bytes().begin(), made->bytes().end()};
}

std::shared_ptr<test_broker::answer> broker_test::send_produce(test_broker& b, broker::connection_id connection,
                                                               std::string_view topic, std::int32_t partition,
                                                               const std::vector<std::byte>& records,
                                                               std::int16_t acks) {
  protocol::produce_request asked;
  asked.acks = acks;
  asked.timeout_ms = 1000;
  auto& t = asked.topic_data.emplace_back();
  t.name = topic;
  auto& p = t.partition_data.emplace_back();
  p.index = partition_id{partition};
  p.records = protocol::records_view::of(records);
  return b.send(connection, produce_version, asked);
}

broker_test::produced broker_test::produce(test_broker& b, std::string_view topic, std::int32_t partition,
                                           const std::vector<std::string>& values, const producer& p) {
  const auto records = batch(b, values, p);
  auto answer =
      b.decode<protocol::produce_response>(send_produce(b, b.connection(), topic, partition, records), produce_version);
  if (answer.responses.size() != 1 || answer.responses[0].partition_responses.size() != 1) {
    ADD_FAILURE() << "the answer has not one row";
    return {};
  }
  return answer.responses[0].partition_responses[0];
}

protocol::fetch_request broker_test::fetch_request(std::string_view topic, std::int32_t partition, std::int64_t from,
                                                   std::int32_t max_wait_ms, std::int32_t min_bytes) {
  protocol::fetch_request asked;
  asked.max_wait_ms = max_wait_ms;
  asked.min_bytes = min_bytes;
  asked.session_epoch = -1;
  auto& t = asked.topics.emplace_back();
  t.topic = topic;
  auto& p = t.partitions.emplace_back();
  p.partition = partition_id{partition};
  p.fetch_offset = offset{from};
  p.partition_max_bytes = 1 << 20;
  return asked;
}

std::vector<std::string> broker_test::values_of(const protocol::fetch_response& answer) {
  std::vector<std::string> values;
  protocol::record_reader reader;
  for (const auto& t : answer.responses) {
    for (const auto& p : t.partitions) {
      EXPECT_EQ(p.error_code, error_code::none);
      protocol::batch_iterator batches(p.records ? p.records->bytes() : bytes_view{});
      for (;;) {
        auto next = batches.next();
        EXPECT_TRUE(next);
        if (!next || !*next) break;
        EXPECT_TRUE(protocol::validate(**next));
        EXPECT_TRUE(reader.open(**next));
        for (protocol::record_view r; *reader.next(r);) {
          values.push_back(std::to_string(r.offset.value()) + ':' + std::string(as_text(*r.value)));
        }
      }
    }
  }
  return values;
}

std::vector<std::string> broker_test::read_all(test_broker& b, std::string_view topic, std::int32_t partition,
                                               std::int64_t from) {
  std::vector<std::string> all;
  for (;;) {
    const auto some = values_of(b.call<protocol::fetch_response>(fetch_version, fetch_request(topic, partition, from)));
    if (some.empty()) return all;
    all.insert(all.end(), some.begin(), some.end());
    from = std::stoll(some.back()) + 1;
  }
}

}  // namespace jackdaw::testing
