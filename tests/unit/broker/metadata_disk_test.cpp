// Cluster state while the disk is full or failing: changes are refused, everything else goes on, and when the disk is
// well again changes are accepted without a restart.
#include <gtest/gtest.h>

#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

class metadata_disk : public broker_test {
 protected:
  std::size_t partitions_of(test_broker& b, std::string_view name) {
    protocol::metadata_request asked;
    asked.topics.emplace().emplace_back().name = name;
    asked.allow_auto_topic_creation = false;
    const auto answer = b.call<protocol::metadata_response>(9, asked);
    return answer.topics.empty() ? 0 : answer.topics[0].partitions.size();
  }
};

TEST_F(metadata_disk, full_refuses_changes_and_takes_them_again_when_there_is_space) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "before"), error_code::none);
  ASSERT_EQ(produce(b, "before", 0, {"a"}).error_code, error_code::none);
  b.disk->set_capacity_bytes(b.disk->used_bytes());
  // The first one is decided before anybody knows; it waits for space and is then carried out.
  protocol::create_topics_request asked;
  auto& t = asked.topics.emplace_back();
  t.name = "waits";
  t.num_partitions = 2;
  t.replication_factor = 1;
  const auto waiting = b.send(b.connection(), 7, asked);
  EXPECT_FALSE(waiting->arrived);
  EXPECT_EQ(create_topic(b, "refused"), error_code::kafka_storage_error);
  EXPECT_EQ(partitions_of(b, "before"), 1u);
  b.advance(5000);
  EXPECT_EQ(create_topic(b, "refused"), error_code::kafka_storage_error);
  b.disk->set_capacity_bytes(UINT64_MAX);
  b.advance(1000);
  const auto answer = b.decode<protocol::create_topics_response>(waiting, 7);
  ASSERT_EQ(answer.topics.size(), 1u);
  EXPECT_EQ(answer.topics[0].error_code, error_code::none);
  EXPECT_EQ(partitions_of(b, "waits"), 2u);
  EXPECT_EQ(create_topic(b, "after"), error_code::none);
  b.crash(crash_kind::power);
  b.start();
  EXPECT_EQ(partitions_of(b, "waits"), 2u);
  EXPECT_EQ(partitions_of(b, "after"), 1u);
  EXPECT_EQ(partitions_of(b, "refused"), 0u);
}

TEST_F(metadata_disk, failed_syncs_are_made_good) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "before"), error_code::none);
  b.disk->set_syncs_fail(true);
  protocol::create_topics_request asked;
  auto& t = asked.topics.emplace_back();
  t.name = "waits";
  t.num_partitions = 1;
  t.replication_factor = 1;
  const auto waiting = b.send(b.connection(), 7, asked);
  EXPECT_FALSE(waiting->arrived) << "not on the disk, not acknowledged";
  EXPECT_EQ(create_topic(b, "refused"), error_code::kafka_storage_error);
  b.advance(3000);
  EXPECT_FALSE(waiting->arrived);
  b.disk->set_syncs_fail(false);
  b.advance(1000);
  b.advance(1000);
  EXPECT_TRUE(waiting->arrived);
  EXPECT_EQ(create_topic(b, "after"), error_code::none);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(partitions_of(b, "waits"), 1u);
  EXPECT_EQ(partitions_of(b, "after"), 1u);
}

TEST_F(metadata_disk, full_doesnt_keep_the_broker_from_stopping) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "before"), error_code::none);
  b.disk->set_capacity_bytes(b.disk->used_bytes());
  protocol::create_topics_request asked;
  auto& t = asked.topics.emplace_back();
  t.name = "never";
  t.num_partitions = 1;
  t.replication_factor = 1;
  const auto waiting = b.send(b.connection(), 7, asked);
  EXPECT_FALSE(waiting->arrived);
  b.disk->set_capacity_bytes(UINT64_MAX);
  b.stop();
  b.start();
  EXPECT_EQ(partitions_of(b, "before"), 1u);
  EXPECT_EQ(partitions_of(b, "never"), 0u) << "it was never acknowledged";
}

TEST_F(metadata_disk, snapshots_keep_the_log_short_and_the_state_whole) {
  test_broker b(2, {"metadata.log.max.record.bytes.between.snapshots=1000"});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(create_topic(b, "topic-" + std::to_string(i), 3), error_code::none);
  std::vector<std::string> snapshots;
  for (const auto& e : *b.disk->list("/data/__cluster_metadata-0")) {
    if (e.name.ends_with(".checkpoint")) snapshots.push_back(e.name);
  }
  EXPECT_EQ(snapshots.size(), 1u);
  b.crash(crash_kind::worst);
  b.start();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(partitions_of(b, "topic-" + std::to_string(i)), 3u) << i;
}

}  // namespace
}  // namespace jackdaw::testing
