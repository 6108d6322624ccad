// Every whole number of a request at both ends of its type. Where the numbers lie isn't asked: each place of a frame is
// overwritten in turn, so that no field is forgotten, those that messages get later included. What isn't a number then
// is nonsense, which must do no harm either.
#include <limits>

#include "group_fixture.hpp"
#include "jackdaw/base/endian.hpp"
#include "jackdaw/protocol/messages/alter_client_quotas.hpp"
#include "jackdaw/protocol/messages/alter_partition_reassignments.hpp"
#include "jackdaw/protocol/messages/create_partitions.hpp"
#include "jackdaw/protocol/messages/delete_records.hpp"
#include "jackdaw/protocol/messages/describe_topic_partitions.hpp"
#include "jackdaw/protocol/messages/elect_leaders.hpp"
#include "jackdaw/protocol/messages/init_producer_id.hpp"
#include "jackdaw/protocol/messages/list_offsets.hpp"
#include "jackdaw/protocol/messages/offset_for_leader_epoch.hpp"
#include "jackdaw/protocol/messages/update_features.hpp"

namespace jackdaw::testing {
namespace {

class extreme_requests : public group_test {
 protected:
  void SetUp() override {
    ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
    ASSERT_EQ(create_topic(b, "kept", 1), error_code::none);
  }

  // Sends the request with each place overwritten, each time on a connection of its own.
  template <class Request>
  void try_all(std::int16_t version, const Request& request) {
    protocol::request_header header;
    header.api_version = version;
    header.correlation_id = correlation_id{1};
    header.client_id = "test";
    const auto frame = protocol::encode_request_frame(header, request);
    ASSERT_TRUE(frame);
    const std::size_t body = frame->size() - request.encoded_size(version);
    for (std::size_t at = body; at < frame->size(); ++at) {
      try_values<std::int16_t>(*frame, at);
      try_values<std::int32_t>(*frame, at);
      try_values<std::int64_t>(*frame, at);
    }
    // Whatever waits now waits for something; nothing may spin, and all must go with its connection.
    for (const std::int64_t ms : {1, 1'000, 60'000, 3'600'000}) b.advance(ms);
    for (const auto id : connections_) b.disconnect(id);
    connections_.clear();
    expect_all_is_well();
  }

  template <class Number>
  void try_values(const std::vector<std::byte>& frame, std::size_t at) {
    if (at + sizeof(Number) > frame.size()) return;
    for (const Number value : {std::numeric_limits<Number>::min(), std::numeric_limits<Number>::max()}) {
      auto bytes = std::make_shared<buffer>(frame.size() - 4);
      std::memcpy(bytes->data(), frame.data() + 4, bytes->size());
      store_be(bytes->data() + at - 4, value);
      connections_.push_back(b.connect(static_cast<std::uint32_t>(at % 2)));
      b.send_bytes(connections_.back(), std::move(bytes));
    }
  }

  void expect_all_is_well() {
    ASSERT_EQ(produce(b, "kept", 0, {"record"}).error_code, error_code::none);
    ASSERT_EQ(read_all(b, "kept", 0).size(), static_cast<std::size_t>(++written_));
    ASSERT_EQ(commit(b, "kept", {"", -1, ""}, "kept", 0, written_), error_code::none);
    ASSERT_EQ(committed(b, "kept", "kept", 0), written_);
  }

  test_broker b;
  std::vector<broker::connection_id> connections_;
  std::int64_t written_ = 0;
};

TEST_F(extreme_requests, of_producers_and_consumers) {
  protocol::produce_request produce;
  produce.acks = -1;
  produce.timeout_ms = 1000;
  auto& topic = produce.topic_data.emplace_back();
  topic.name = "t";
  auto& partition = topic.partition_data.emplace_back();
  const auto records = batch(b, {"record"}, {});
  partition.records = protocol::records_view::of(records);
  try_all(produce_version, produce);
  try_all(fetch_version, fetch_request("t", 0, 0, 500, 1));
  try_all(fetch_version, fetch_request("t", 1, 0, 500, 1 << 20));

  protocol::list_offsets_request list;
  auto& listed = list.topics.emplace_back();
  listed.name = "t";
  listed.partitions.emplace_back().timestamp = 1;
  try_all(10, list);

  protocol::offset_for_leader_epoch_request epochs;
  auto& asked = epochs.topics.emplace_back();
  asked.topic = "t";
  asked.partitions.emplace_back();
  try_all(4, epochs);

  protocol::init_producer_id_request init;
  init.transactional_id.reset();
  try_all(5, init);
}

TEST_F(extreme_requests, of_members_and_committers) {
  for (const std::int16_t version : {2, 4, 8}) {
    auto asked = commit_request("g", {"", -1, ""}, "t", 0, 5);
    asked.retention_time_ms = 1000;
    try_all(version, asked);
  }
  for (const std::int16_t version : {0, 3, 5, 9}) try_all(version, join_request("joined", ""));
  protocol::sync_group_request sync;
  sync.group_id = "joined";
  sync.generation_id = 1;
  sync.member_id = "m";
  try_all(3, sync);
  protocol::heartbeat_request heartbeat;
  heartbeat.group_id = "joined";
  heartbeat.generation_id = 1;
  heartbeat.member_id = "m";
  try_all(3, heartbeat);
}

TEST_F(extreme_requests, of_administrators) {
  auto create = creation({"new"});
  create.validate_only = true;
  try_all(7, create);

  protocol::create_partitions_request more;
  auto& grown = more.topics.emplace_back();
  grown.name = "t";
  grown.count = 3;
  try_all(3, more);

  protocol::delete_records_request remove;
  auto& from = remove.topics.emplace_back();
  from.name = "t";
  from.partitions.emplace_back();
  try_all(2, remove);

  protocol::elect_leaders_request elect;
  elect.topic_partitions->emplace_back().topic = "t";
  try_all(2, elect);

  protocol::alter_partition_reassignments_request move;
  auto& moved = move.topics.emplace_back();
  moved.name = "t";
  moved.partitions.emplace_back().replicas = std::vector<broker_id>{broker_id{1}};
  try_all(1, move);

  protocol::describe_topic_partitions_request describe;
  describe.topics.emplace_back().name = "t";
  describe.cursor.emplace().topic_name = "t";
  try_all(0, describe);
}

TEST_F(extreme_requests, of_those_who_set_quotas_and_features) {
  protocol::alter_client_quotas_request quotas;
  auto& entry = quotas.entries.emplace_back();
  auto& entity = entry.entity.emplace_back();
  entity.entity_type = "client-id";
  entity.entity_name = "somebody";
  auto& op = entry.ops.emplace_back();
  op.key = "producer_byte_rate";
  op.value = 1000;
  try_all(1, quotas);

  protocol::update_features_request features;
  features.feature_updates.emplace_back().feature = "metadata.version";
  features.validate_only = true;
  try_all(2, features);
}

}  // namespace
}  // namespace jackdaw::testing
