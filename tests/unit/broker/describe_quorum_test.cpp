// DescribeQuorum on one node.
#include "jackdaw/protocol/messages/describe_quorum.hpp"
#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

using describe_quorum = broker_test;

TEST_F(describe_quorum, every_version_tells_the_leader_and_how_far_it_is) {
  test_broker b(3);
  const auto reader = b.connect(2);
  for (std::int16_t v = 0; v <= 2; ++v) {
    protocol::describe_quorum_request asked;
    auto& t = asked.topics.emplace_back();
    t.topic_name = "__cluster_metadata";
    t.partitions.resize(2);
    t.partitions[1].partition_index = partition_id{1};
    const auto q = b.decode<protocol::describe_quorum_response>(b.send(reader, v, asked), v);
    EXPECT_EQ(q.error_code, error_code::none);
    const auto& p = q.topics.at(0).partitions.at(0);
    EXPECT_EQ(p.error_code, error_code::none);
    EXPECT_EQ(p.leader_id, b.server().config.node_id);
    EXPECT_GT(p.high_watermark.value(), 0);
    ASSERT_EQ(p.current_voters.size(), 1U);
    EXPECT_EQ(p.current_voters[0].replica_id, p.leader_id);
    EXPECT_EQ(p.current_voters[0].log_end_offset, p.high_watermark);
    EXPECT_TRUE(p.observers.empty());
    EXPECT_EQ(q.topics[0].partitions.at(1).error_code, error_code::unknown_topic_or_partition);
    if (v >= 2) {
      ASSERT_EQ(q.nodes.size(), 1U);
      EXPECT_EQ(q.nodes[0].node_id, p.leader_id);
    }
  }
}

}  // namespace
}  // namespace jackdaw::testing
