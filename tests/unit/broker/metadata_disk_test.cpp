// Cluster state and the disk. While it is full or failing changes are refused, everything else goes on, and when it is
// well again changes are accepted without a restart. Snapshots and segments are made as the settings say.
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
  static std::vector<std::string> files(test_broker& b, std::string_view suffix) {
    std::vector<std::string> found;
    for (const auto& e : *b.disk->list("/data/__cluster_metadata-0")) {
      if (e.name.ends_with(suffix)) found.push_back(e.name);
    }
    return found;
  }
  static std::vector<std::string> snapshots(test_broker& b) { return files(b, ".checkpoint"); }
};

TEST_F(metadata_disk, full_refuses_changes_and_takes_them_again_when_there_is_space) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "before"), error_code::none);
  ASSERT_EQ(produce(b, "before", 0, {"a"}).error_code, error_code::none);
  fill_disk(b);
  // The first one is decided before anybody knows; it waits for space and is then carried out.
  const auto waiting = b.send(b.connection(), 7, creation({"waits"}, 2));
  EXPECT_FALSE(waiting->arrived);
  EXPECT_EQ(create_topic(b, "refused"), error_code::kafka_storage_error);
  EXPECT_EQ(partitions_of(b, "before"), 1u);
  b.advance(5000);
  EXPECT_EQ(create_topic(b, "refused"), error_code::kafka_storage_error);
  free_disk(b);
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
  const auto waiting = b.send(b.connection(), 7, creation({"waits"}));
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
  fill_disk(b);
  const auto waiting = b.send(b.connection(), 7, creation({"never"}));
  EXPECT_FALSE(waiting->arrived);
  free_disk(b);
  b.stop();
  b.start();
  EXPECT_EQ(partitions_of(b, "before"), 1u);
  EXPECT_EQ(partitions_of(b, "never"), 0u) << "it was never acknowledged";
}

TEST_F(metadata_disk, snapshots_keep_the_log_short_and_the_state_whole) {
  test_broker b(2, {"metadata.log.max.record.bytes.between.snapshots=1000"});
  for (int i = 0; i < 100; ++i) ASSERT_EQ(create_topic(b, "topic-" + std::to_string(i), 3), error_code::none);
  EXPECT_EQ(snapshots(b).size(), 1u);
  b.crash(crash_kind::worst);
  b.start();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(partitions_of(b, "topic-" + std::to_string(i)), 3u) << i;
}

TEST_F(metadata_disk, what_changed_is_in_a_snapshot_after_the_interval_and_nothing_is_done_if_nothing_did) {
  test_broker b(2, {"metadata.log.max.snapshot.interval.ms=60000"});
  EXPECT_TRUE(snapshots(b).empty());
  b.advance(59'999);
  EXPECT_TRUE(snapshots(b).empty());
  ASSERT_EQ(create_topic(b, "first", 3), error_code::none);
  b.advance(1);
  const auto first = snapshots(b);
  EXPECT_EQ(first.size(), 1U) << "the registration of the broker was the first change";
  for (int i = 0; i < 10; ++i) b.advance(60'000);
  EXPECT_EQ(snapshots(b), first);
  ASSERT_EQ(create_topic(b, "second", 3), error_code::none);
  b.advance(59'999);
  EXPECT_EQ(snapshots(b), first);
  b.advance(1);
  const auto second = snapshots(b);
  EXPECT_EQ(second.size(), 1U);
  EXPECT_NE(second, first);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(partitions_of(b, "first"), 3U);
  EXPECT_EQ(partitions_of(b, "second"), 3U);
}

TEST_F(metadata_disk, a_snapshot_that_failed_is_tried_again_after_the_interval) {
  test_broker b(2, {"metadata.log.max.snapshot.interval.ms=60000"});
  b.disk->set_syncs_fail(true);
  b.advance(60'000);
  b.disk->set_syncs_fail(false);
  EXPECT_TRUE(snapshots(b).empty());
  b.advance(59'999);
  EXPECT_TRUE(snapshots(b).empty());
  b.advance(1);
  EXPECT_EQ(snapshots(b).size(), 1U);
}

TEST_F(metadata_disk, no_interval_and_an_endless_one_mean_no_snapshot_by_time) {
  for (const std::string interval : {"0", "9223372036854775807"}) {
    test_broker b(1, {"metadata.log.max.snapshot.interval.ms=" + interval});
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(create_topic(b, "t" + std::to_string(i)), error_code::none);
      b.advance(3'600'000);
    }
    EXPECT_TRUE(snapshots(b).empty()) << interval;
  }
}

TEST_F(metadata_disk, segments_are_as_large_as_the_setting_allows) {
  std::string value = "x:1";
  while (value.size() < 30'000) value += ",x:1";
  for (const std::size_t segments : {2U, 1U}) {
    test_broker b(1, {"metadata.log.segment.bytes=" + std::string(segments == 2 ? "8388608" : "16777216")});
    for (int i = 0; i < 300; ++i) {
      value.back() = static_cast<char>('1' + i % 9);
      ASSERT_EQ(alter(b, broker_type, "", "max.connections.per.ip.overrides", value), error_code::none);
    }
    EXPECT_EQ(files(b, ".log").size(), segments);
  }
}

TEST_F(metadata_disk, segments_that_a_snapshot_replaces_leave_nothing_behind) {
  test_broker b(1, {"metadata.log.segment.bytes=8388608", "metadata.log.max.record.bytes.between.snapshots=4000000"});
  std::string value = "x:1";
  while (value.size() < 4'000) value += ",x:1";
  // Ten thousand entries before the snapshot are kept for followers.
  for (int i = 0; i < 13'500; ++i) {
    value.back() = static_cast<char>('1' + i % 9);
    ASSERT_EQ(alter(b, broker_type, "", "max.connections.per.ip.overrides", value), error_code::none);
  }
  EXPECT_TRUE(files(b, "00000000000000000000.log").empty()) << "54 MB were written";
  EXPECT_TRUE(files(b, ".deleted").empty()) << "files that nobody owns: " << files(b, ".deleted").front();
}

}  // namespace
}  // namespace jackdaw::testing
