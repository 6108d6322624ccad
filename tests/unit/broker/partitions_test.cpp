// OffsetForLeaderEpoch, DeleteRecords, DescribeProducers, DescribeLogDirs, and the cluster as a whole.
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/delete_records.hpp"
#include "jackdaw/protocol/messages/describe_cluster.hpp"
#include "jackdaw/protocol/messages/describe_log_dirs.hpp"
#include "jackdaw/protocol/messages/describe_producers.hpp"
#include "jackdaw/protocol/messages/describe_topic_partitions.hpp"
#include "jackdaw/protocol/messages/offset_for_leader_epoch.hpp"

namespace jackdaw::testing {
namespace {

using values = std::vector<std::string>;

class partitions : public broker_test {
 protected:
  using deleted = protocol::delete_records_response::delete_records_partition_result;
  static deleted delete_before(test_broker& b, std::int64_t before, std::int16_t version = 2,
                               std::int32_t partition = 0) {
    protocol::delete_records_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = "t";
    auto& p = t.partitions.emplace_back();
    p.partition_index = partition_id{partition};
    p.offset = offset{before};
    return b.call<protocol::delete_records_response>(version, asked).topics.at(0).partitions.at(0);
  }
  void fill(test_broker& b, int records) {
    ASSERT_EQ(create_topic(b, "t", 1), error_code::none);
    for (int i = 0; i < records; ++i) produce(b, "t", 0, {std::to_string(i)});
  }
};

TEST_F(partitions, every_version_deletes_records_before_an_offset) {
  test_broker b;
  fill(b, 6);
  for (std::int16_t v = 0; v <= 2; ++v) {
    const auto got = delete_before(b, v + 1, v);
    EXPECT_EQ(got.error_code, error_code::none);
    EXPECT_EQ(got.low_watermark, v + 1);
  }
  EXPECT_EQ(read_all(b, "t", 0, 3), (values{"3:3", "4:4", "5:5"}));
  const auto below = b.call<protocol::fetch_response>(fetch_version, fetch_request("t", 0, 1));
  EXPECT_EQ(below.responses.at(0).partitions.at(0).error_code, error_code::offset_out_of_range);
}

TEST_F(partitions, minus_one_deletes_all_there_is) {
  test_broker b;
  fill(b, 6);
  EXPECT_EQ(delete_before(b, -1).low_watermark, 6);
  EXPECT_EQ(produce(b, "t", 0, {"next"}).base_offset, offset{6});
  EXPECT_EQ(read_all(b, "t", 0, 6), (values{"6:next"}));
}

TEST_F(partitions, offsets_that_cannot_be_deleted_to_are_out_of_range_and_older_ones_change_nothing) {
  test_broker b;
  fill(b, 6);
  EXPECT_EQ(delete_before(b, 7).error_code, error_code::offset_out_of_range);
  EXPECT_EQ(delete_before(b, -2).error_code, error_code::offset_out_of_range);
  EXPECT_EQ(delete_before(b, 4).low_watermark, 4);
  EXPECT_EQ(delete_before(b, 2).low_watermark, 4);
  EXPECT_EQ(delete_before(b, 1, 2, 9).error_code, error_code::unknown_topic_or_partition);
}

TEST_F(partitions, one_named_twice_for_deletion_is_answered_once_and_the_last_offset_counts) {
  test_broker b;
  fill(b, 6);
  protocol::delete_records_request asked;
  for (const std::int64_t before : {5, 2}) {
    auto& t = asked.topics.emplace_back();
    t.name = "t";
    t.partitions.emplace_back().offset = offset{before};
  }
  const auto answer = b.call<protocol::delete_records_response>(2, asked);
  ASSERT_EQ(answer.topics.size(), 1U);
  ASSERT_EQ(answer.topics[0].partitions.size(), 1U);
  EXPECT_EQ(answer.topics[0].partitions[0].low_watermark, 2);
}

TEST_F(partitions, deleted_records_stay_deleted_over_a_restart_and_after_a_checkpoint_over_a_crash) {
  test_broker b;
  fill(b, 6);
  delete_before(b, 2);
  b.stop();
  b.start();
  EXPECT_EQ(read_all(b, "t", 0, 2).front(), "2:2");
  EXPECT_EQ(delete_before(b, 0).low_watermark, 2);
  delete_before(b, 4);
  b.advance(60'000);
  b.crash(crash_kind::process);
  b.start();
  EXPECT_EQ(delete_before(b, 0).low_watermark, 4);
}

TEST_F(partitions, the_end_of_an_epoch_is_told_in_every_version) {
  test_broker b;
  fill(b, 3);
  for (std::int16_t v = 2; v <= 4; ++v) {
    protocol::offset_for_leader_epoch_request asked;
    auto& t = asked.topics.emplace_back();
    t.topic = "t";
    t.partitions.resize(3);
    t.partitions[0].leader_epoch = leader_epoch{0};
    t.partitions[1].leader_epoch = leader_epoch{7};
    t.partitions[2].current_leader_epoch = leader_epoch{3};
    const auto rows = b.call<protocol::offset_for_leader_epoch_response>(v, asked).topics.at(0).partitions;
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_EQ(rows[0].end_offset, offset{3});
    EXPECT_EQ(rows[0].leader_epoch, leader_epoch{0});
    EXPECT_EQ(rows[1].end_offset, offset{-1}) << "an epoch that has not been";
    EXPECT_EQ(rows[2].error_code, error_code::unknown_leader_epoch);
  }
}

TEST_F(partitions, producers_are_described_with_their_last_sequence) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"a", "b", "c"}, {producer_id{7}, producer_epoch{2}, 0});
  protocol::describe_producers_request asked;
  auto& t = asked.topics.emplace_back();
  t.name = "t";
  t.partition_indexes = {partition_id{0}, partition_id{4}};
  const auto rows = b.call<protocol::describe_producers_response>(0, asked).topics.at(0).partitions;
  ASSERT_EQ(rows.at(0).active_producers.size(), 1U);
  const auto& p = rows[0].active_producers[0];
  EXPECT_EQ(p.producer_id, producer_id{7});
  EXPECT_EQ(p.producer_epoch, 2);
  EXPECT_EQ(p.last_sequence, 2);
  EXPECT_EQ(p.last_timestamp, b.now().wall.value);
  EXPECT_EQ(p.current_txn_start_offset, offset{-1});
  EXPECT_EQ(rows.at(1).error_code, error_code::unknown_topic_or_partition);
}

TEST_F(partitions, log_directories_tell_sizes_in_every_version) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 4), error_code::none);
  for (int p = 0; p < 4; ++p) produce(b, "t", p, {std::string(1000, 'x')});
  for (std::int16_t v = 1; v <= 5; ++v) {
    protocol::describe_log_dirs_request asked;
    asked.topics.reset();
    const auto all = b.call<protocol::describe_log_dirs_response>(v, asked);
    ASSERT_EQ(all.results.size(), 1U);
    EXPECT_EQ(all.results[0].error_code, error_code::none);
    EXPECT_EQ(all.results[0].log_dir, "/data");
    if (v >= 4) {
      EXPECT_GT(all.results[0].total_bytes, 0);
    }
    ASSERT_EQ(all.results[0].topics.size(), 1U);
    ASSERT_EQ(all.results[0].topics[0].partitions.size(), 4U);
    for (const auto& p : all.results[0].topics[0].partitions) EXPECT_GT(p.partition_size, 1000);
    auto& one = asked.topics.emplace().emplace_back();
    one.topic = "t";
    one.partitions = {partition_id{2}};
    const auto some = b.call<protocol::describe_log_dirs_response>(v, asked);
    ASSERT_EQ(some.results.at(0).topics.at(0).partitions.size(), 1U);
    EXPECT_EQ(some.results[0].topics[0].partitions[0].partition_index, partition_id{2});
  }
}

TEST_F(partitions, the_cluster_is_described_in_every_version) {
  test_broker b;
  for (std::int16_t v = 0; v <= 2; ++v) {
    protocol::describe_cluster_request asked;
    const auto c = b.call<protocol::describe_cluster_response>(v, asked);
    EXPECT_EQ(c.error_code, error_code::none);
    EXPECT_EQ(c.cluster_id, b.server().cluster_id);
    ASSERT_EQ(c.brokers.size(), 1U);
    EXPECT_EQ(c.brokers[0].port, 9092);
    if (v == 0) continue;
    asked.endpoint_type = 2;
    EXPECT_EQ(b.call<protocol::describe_cluster_response>(v, asked).error_code, error_code::mismatched_endpoint_type);
  }
}

TEST_F(partitions, pages_of_topic_partitions_go_on_where_the_last_ended) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "a", 3), error_code::none);
  ASSERT_EQ(create_topic(b, "b", 3), error_code::none);
  values seen;
  protocol::describe_topic_partitions_request asked;
  asked.response_partition_limit = 2;
  for (int page = 0; page < 10; ++page) {
    const auto got = b.call<protocol::describe_topic_partitions_response>(0, asked);
    for (const auto& t : got.topics) {
      for (const auto& p : t.partitions)
        seen.push_back(std::string(*t.name) + std::to_string(p.partition_index.value()));
    }
    if (!got.next_cursor) break;
    auto& c = asked.cursor.emplace();
    c.topic_name = got.next_cursor->topic_name;
    c.partition_index = got.next_cursor->partition_index;
  }
  EXPECT_EQ(seen, (values{"a0", "a1", "a2", "b0", "b1", "b2"}));
}

TEST_F(partitions, a_page_cannot_begin_at_a_partition_or_topic_that_is_impossible) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "a", 3), error_code::none);
  protocol::describe_topic_partitions_request asked;
  asked.topics.emplace_back().name = "a";
  asked.cursor.emplace().topic_name = "a";
  asked.cursor->partition_index = partition_id{-1};
  const auto impossible = b.call<protocol::describe_topic_partitions_response>(0, asked);
  ASSERT_EQ(impossible.topics.size(), 1U);
  EXPECT_EQ(impossible.topics[0].error_code, error_code::invalid_request);
  EXPECT_TRUE(impossible.topics[0].partitions.empty());
  asked.cursor->topic_name = "b";
  asked.cursor->partition_index = partition_id{0};
  const auto elsewhere = b.call<protocol::describe_topic_partitions_response>(0, asked);
  EXPECT_EQ(elsewhere.topics.at(0).error_code, error_code::invalid_request) << "the cursor's topic isn't asked for";
  asked.topics.clear();
  asked.cursor->partition_index = partition_id{-1};
  EXPECT_TRUE(b.call<protocol::describe_topic_partitions_response>(0, asked).topics.empty());
}

}  // namespace
}  // namespace jackdaw::testing
