// ListOffsets in all its versions.
#include "jackdaw/protocol/messages/list_offsets.hpp"
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/delete_records.hpp"

namespace jackdaw::testing {
namespace {

class list_offsets : public broker_test {
 protected:
  using row = protocol::list_offsets_response::list_offsets_partition_response;
  static constexpr std::int64_t latest = -1, earliest = -2, max_timestamp = -3;

  static protocol::list_offsets_request question(std::int64_t timestamp, std::int32_t partition = 0) {
    protocol::list_offsets_request asked;
    asked.replica_id = broker_id{-1};
    auto& t = asked.topics.emplace_back();
    t.name = "t";
    auto& p = t.partitions.emplace_back();
    p.partition_index = partition_id{partition};
    p.timestamp = timestamp;
    return asked;
  }
  static row ask(test_broker& b, std::int16_t version, const protocol::list_offsets_request& asked) {
    return b.call<protocol::list_offsets_response>(version, asked).topics.at(0).partitions.at(0);
  }
  // Ten records, a second apart, the last one at the greatest time.
  void fill(test_broker& b) {
    ASSERT_EQ(create_topic(b, "t"), error_code::none);
    start_ms = b.now().wall.value;
    for (int i = 0; i < 10; ++i) {
      produce(b, "t", 0, {std::to_string(i)});
      b.advance(1000);
    }
  }
  std::int64_t start_ms = 0;
};

TEST_F(list_offsets, every_version_knows_the_two_ends_and_a_point_in_time) {
  test_broker b;
  fill(b);
  for (std::int16_t v = 1; v <= 11; ++v) {
    EXPECT_EQ(ask(b, v, question(earliest)).offset, offset{0}) << v;
    EXPECT_EQ(ask(b, v, question(latest)).offset, offset{10}) << v;
    const auto by_time = ask(b, v, question(start_ms + 2500));
    EXPECT_EQ(by_time.error_code, error_code::none);
    EXPECT_EQ(by_time.offset, offset{3}) << v;
    EXPECT_EQ(by_time.timestamp, start_ms + 3000);
    if (v >= 4) {
      EXPECT_EQ(by_time.leader_epoch, leader_epoch{0});
    }
    EXPECT_EQ(ask(b, v, question(start_ms + 100'000)).offset, offset{-1}) << "nothing is that young";
  }
}

TEST_F(list_offsets, a_partition_named_many_times_is_refused_once_and_the_others_are_answered) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  auto asked = question(latest);
  auto& rows = asked.topics[0].partitions;
  rows.resize(50'000, rows[0]);
  rows.back().partition_index = partition_id{1};
  // With as many steps as the square of the rows this would take minutes.
  const auto answer = b.call<protocol::list_offsets_response>(7, asked);
  ASSERT_EQ(answer.topics.at(0).partitions.size(), 2u);
  EXPECT_EQ(answer.topics[0].partitions[0].error_code, error_code::invalid_request);
  EXPECT_EQ(answer.topics[0].partitions[1].error_code, error_code::none);
}

TEST_F(list_offsets, special_values_are_known_from_their_version_on) {
  test_broker b;
  fill(b);
  const std::pair<std::int64_t, std::int16_t> since[] = {{max_timestamp, 7}, {-4, 8}, {-5, 9}, {-6, 11}};
  for (const auto& [value, first] : since) {
    for (std::int16_t v = 1; v <= 11; ++v) {
      const auto got = ask(b, v, question(value));
      EXPECT_EQ(got.error_code, v < first ? error_code::unsupported_version : error_code::none) << value << " v" << v;
    }
  }
  EXPECT_EQ(ask(b, 11, question(-7)).error_code, error_code::unsupported_version);
  const auto newest = ask(b, 7, question(max_timestamp));
  EXPECT_EQ(newest.offset, offset{9});
  EXPECT_EQ(newest.timestamp, start_ms + 9000);
  EXPECT_EQ(ask(b, 8, question(-4)).offset, offset{0});
  EXPECT_EQ(ask(b, 9, question(-5)).offset, offset{-1}) << "nothing is in remote storage";
}

TEST_F(list_offsets, the_earliest_follows_deleted_records) {
  test_broker b;
  fill(b);
  protocol::delete_records_request cut;
  auto& t = cut.topics.emplace_back();
  t.name = "t";
  t.partitions.emplace_back().offset = offset{4};
  b.call<protocol::delete_records_response>(2, cut);
  EXPECT_EQ(ask(b, 11, question(earliest)).offset, offset{4});
  EXPECT_EQ(ask(b, 11, question(start_ms)).offset, offset{4});
}

TEST_F(list_offsets, an_empty_partition_begins_and_ends_at_0) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(ask(b, 11, question(earliest)).offset, offset{0});
  EXPECT_EQ(ask(b, 11, question(latest)).offset, offset{0});
  EXPECT_EQ(ask(b, 11, question(max_timestamp)).offset, offset{-1});
}

TEST_F(list_offsets, a_partition_named_twice_and_an_unknown_one_are_refused) {
  test_broker b;
  fill(b);
  auto twice = question(latest);
  twice.topics[0].partitions.push_back(twice.topics[0].partitions[0]);
  const auto answer = b.call<protocol::list_offsets_response>(6, twice);
  ASSERT_EQ(answer.topics.at(0).partitions.size(), 1U);
  EXPECT_EQ(answer.topics[0].partitions[0].error_code, error_code::invalid_request);
  EXPECT_EQ(ask(b, 6, question(latest, 5)).error_code, error_code::unknown_topic_or_partition);
}

TEST_F(list_offsets, a_topic_named_twice_has_one_row_with_all_its_partitions) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  auto asked = question(latest, 0);
  asked.topics.push_back(question(latest, 1).topics[0]);
  const auto answer = b.call<protocol::list_offsets_response>(6, asked);
  ASSERT_EQ(answer.topics.size(), 1U);
  ASSERT_EQ(answer.topics[0].partitions.size(), 2U);
  for (const auto& p : answer.topics[0].partitions) EXPECT_EQ(p.error_code, error_code::none);
}

TEST_F(list_offsets, a_leader_epoch_that_is_too_old_is_fenced_whatever_is_asked) {
  test_broker b;
  fill(b);
  for (const std::int64_t timestamp : {latest, earliest, max_timestamp, -4L, -5L, -6L, 0L}) {
    auto asked = question(timestamp);
    asked.topics[0].partitions[0].current_leader_epoch = leader_epoch{-2};
    EXPECT_EQ(ask(b, 11, asked).error_code, error_code::fenced_leader_epoch) << timestamp;
    asked.topics[0].partitions[0].current_leader_epoch = leader_epoch{-1};
    EXPECT_EQ(ask(b, 11, asked).error_code, error_code::none) << timestamp << ": it doesn't say";
    asked.topics[0].partitions[0].current_leader_epoch = leader_epoch{1};
    EXPECT_EQ(ask(b, 11, asked).error_code, error_code::unknown_leader_epoch) << timestamp;
  }
}

TEST_F(list_offsets, a_client_with_another_leader_epoch_is_told_who_is_behind) {
  test_broker b;
  fill(b);
  auto asked = question(latest);
  asked.topics[0].partitions[0].current_leader_epoch = leader_epoch{0};
  EXPECT_EQ(ask(b, 6, asked).error_code, error_code::none);
  asked.topics[0].partitions[0].current_leader_epoch = leader_epoch{9};
  EXPECT_EQ(ask(b, 6, asked).error_code, error_code::unknown_leader_epoch);
}

}  // namespace
}  // namespace jackdaw::testing
