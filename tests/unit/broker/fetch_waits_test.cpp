// How long a fetch waits, and for what: min.bytes, limits, partitions that nobody has.
#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

using protocol::fetch_response;

class fetch_waits : public broker_test {
 protected:
  static constexpr std::int32_t max_wait_ms = 500;

  std::shared_ptr<test_broker::answer> ask(test_broker& b, const protocol::fetch_request& asked,
                                           std::int16_t version = fetch_version) {
    return b.send(b.connection(), version, asked);
  }
  static void add_partition(protocol::fetch_request& asked, std::string_view topic, std::int32_t partition) {
    auto& t = asked.topics.emplace_back();
    t.topic = topic;
    t.partitions.push_back(asked.topics[0].partitions[0]);
    t.partitions[0].partition = partition_id{partition};
  }
  // The errors of all rows, in the order told.
  static std::vector<error_code> errors_of(const fetch_response& answer) {
    std::vector<error_code> errors;
    for (const auto& t : answer.responses) {
      for (const auto& p : t.partitions) errors.push_back(p.error_code);
    }
    return errors;
  }
  using errors = std::vector<error_code>;
  void fill(test_broker& b, int records, std::size_t size) {
    ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
    for (int i = 0; i < records; ++i) produce(b, "t", 0, {std::string(size, 'x')});
  }
};

TEST_F(fetch_waits, bytes_count_where_records_are_flushed_before_they_are_seen) {
  test_broker b(2, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto wait = ask(b, fetch_request("t", 0, 0, max_wait_ms, 1000));
  produce(b, "t", 0, {"small"});
  EXPECT_FALSE(wait->arrived);
  produce(b, "t", 0, {std::string(1000, 'x')});
  EXPECT_TRUE(wait->arrived) << "more bytes than it asked for are there";
}

TEST_F(fetch_waits, records_that_wait_for_the_next_flush_count_when_they_are_seen) {
  test_broker b(2, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto wait = ask(b, fetch_request("t", 0, 0, max_wait_ms, 1500));
  b.hold();
  for (int i = 0; i < 2; ++i) send_produce(b, b.connection(), "t", 0, batch(b, {std::string(800, 'x')}, {}));
  EXPECT_FALSE(wait->arrived);
  b.release();
  EXPECT_TRUE(wait->arrived);
}

TEST_F(fetch_waits, nothing_more_is_waited_for_when_the_partitions_limit_keeps_it_out) {
  test_broker b;
  fill(b, 3, 3000);
  auto asked = fetch_request("t", 0, 0, max_wait_ms, 4000);
  asked.topics[0].partitions[0].partition_max_bytes = 4000;
  const auto answer = ask(b, asked);
  ASSERT_TRUE(answer->arrived) << "one batch of 3 KB is all that fits into 4 KB";
  EXPECT_EQ(values_of(b.decode<fetch_response>(answer, fetch_version)).size(), 1U);
}

TEST_F(fetch_waits, nothing_more_is_waited_for_when_the_answers_limit_keeps_it_out) {
  test_broker b;
  fill(b, 3, 3000);
  auto asked = fetch_request("t", 0, 0, max_wait_ms, 1 << 20);
  asked.max_bytes = 4000;
  const auto answer = ask(b, asked);
  ASSERT_TRUE(answer->arrived) << "it asks for more than an answer may hold";
  EXPECT_EQ(values_of(b.decode<fetch_response>(answer, fetch_version)).size(), 1U);
  test_broker small(2, {"fetch.max.bytes=4000"});
  fill(small, 3, 3000);
  EXPECT_TRUE(ask(small, fetch_request("t", 0, 0, max_wait_ms, 1 << 20))->arrived);
}

TEST_F(fetch_waits, history_that_a_worker_reads_counts_up_to_the_limit_too) {
  test_broker b;
  fill(b, 40, 50'000);
  b.disk->set_cached(false);
  auto asked = fetch_request("t", 0, 0, max_wait_ms, 120'000);
  asked.topics[0].partitions[0].partition_max_bytes = 120'000;
  const auto answer = ask(b, asked);
  ASSERT_TRUE(answer->arrived);
  EXPECT_EQ(values_of(b.decode<fetch_response>(answer, fetch_version)).size(), 2U);
}

TEST_F(fetch_waits, less_than_the_limit_is_waited_for) {
  test_broker b;
  fill(b, 1, 3000);
  auto asked = fetch_request("t", 0, 0, max_wait_ms, 4000);
  asked.topics[0].partitions[0].partition_max_bytes = 4000;
  const auto answer = ask(b, asked);
  EXPECT_FALSE(answer->arrived);
  b.advance(max_wait_ms);
  EXPECT_EQ(values_of(b.decode<fetch_response>(answer, fetch_version)).size(), 1U);
}

TEST_F(fetch_waits, a_partition_that_nobody_has_beside_a_good_one_does_not_end_the_wait) {
  test_broker b;
  fill(b, 0, 0);
  auto asked = fetch_request("t", 0, 0, max_wait_ms);
  add_partition(asked, "none", 0);
  add_partition(asked, "t", 7);
  const auto answer = ask(b, asked);
  b.advance(max_wait_ms - 1);
  EXPECT_FALSE(answer->arrived);
  b.advance(1);
  ASSERT_TRUE(answer->arrived);
  EXPECT_EQ(errors_of(b.decode<fetch_response>(answer, fetch_version)),
            (errors{error_code::none, error_code::unknown_topic_or_partition, error_code::unknown_topic_or_partition}));
  const auto with_data = ask(b, asked);
  produce(b, "t", 0, {"x"});
  EXPECT_TRUE(with_data->arrived);
}

TEST_F(fetch_waits, an_unknown_topic_id_in_a_session_does_not_end_the_wait) {
  test_broker b;
  fill(b, 0, 0);
  auto asked = fetch_request("", 0, 0, max_wait_ms);
  asked.session_epoch = 0;
  asked.topics[0].topic_id = topic_id_of(b, "t");
  add_partition(asked, "", 0);
  asked.topics[1].topic_id = uuid{1, 2};
  const auto first = ask(b, asked, 13);
  EXPECT_FALSE(first->arrived);
  b.advance(max_wait_ms);
  const auto told = b.decode<fetch_response>(first, 13);
  EXPECT_EQ(errors_of(told), (errors{error_code::none, error_code::unknown_topic_id}));
  protocol::fetch_request next;
  next.session_id = told.session_id;
  next.session_epoch = 1;
  next.max_wait_ms = max_wait_ms;
  next.min_bytes = 1;
  const auto second = ask(b, next, 13);
  EXPECT_FALSE(second->arrived);
  b.advance(max_wait_ms);
  EXPECT_EQ(errors_of(b.decode<fetch_response>(second, 13)), errors{error_code::unknown_topic_id});
}

TEST_F(fetch_waits, only_partitions_that_nobody_has_are_answered_at_once) {
  test_broker b;
  const auto answer = ask(b, fetch_request("none", 0, 0, max_wait_ms));
  ASSERT_TRUE(answer->arrived);
  EXPECT_EQ(errors_of(b.decode<fetch_response>(answer, fetch_version)), errors{error_code::unknown_topic_or_partition});
}

TEST_F(fetch_waits, an_error_that_the_client_must_act_on_ends_the_wait) {
  test_broker b;
  fill(b, 1, 10);
  auto asked = fetch_request("t", 1, 0, max_wait_ms);
  add_partition(asked, "t", 0);
  asked.topics[1].partitions[0].fetch_offset = offset{99};
  EXPECT_TRUE(ask(b, asked)->arrived);
  asked.topics[1].partitions[0].fetch_offset = offset{1};
  asked.topics[1].partitions[0].current_leader_epoch = leader_epoch{9};
  EXPECT_TRUE(ask(b, asked)->arrived);
}

TEST_F(fetch_waits, a_topic_that_is_deleted_meanwhile_is_unknown_by_its_name) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  auto by_name = fetch_request("t", 0, 0, max_wait_ms);
  auto by_id = fetch_request("", 0, 0, max_wait_ms);
  by_id.topics[0].topic_id = topic_id_of(b, "t");
  const auto named = ask(b, by_name);
  const auto other = b.connect(1);
  const auto identified = b.send(other, 13, by_id);
  ASSERT_EQ(delete_topic(b, "t"), error_code::none);
  EXPECT_EQ(errors_of(b.decode<fetch_response>(named, fetch_version)), errors{error_code::unknown_topic_or_partition});
  EXPECT_EQ(errors_of(b.decode<fetch_response>(identified, 13)), errors{error_code::unknown_topic_or_partition});
}

}  // namespace
}  // namespace jackdaw::testing
