#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

using produce_fetch = broker_test;
using values = std::vector<std::string>;

TEST_F(produce_fetch, what_is_produced_is_fetched_on_every_partition) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 7), error_code::none);
  for (int p = 0; p < 7; ++p) {
    const auto row = produce(b, "t", p, {"a" + std::to_string(p), "b"});
    EXPECT_EQ(row.error_code, error_code::none);
    EXPECT_EQ(row.base_offset, offset{0});
  }
  for (int p = 0; p < 7; ++p) EXPECT_EQ(read_all(b, "t", p), (values{"0:a" + std::to_string(p), "1:b"}));
}

TEST_F(produce_fetch, records_survive_a_clean_restart_and_a_killed_process) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  produce(b, "t", 0, {"one"});
  b.stop();
  b.start();
  produce(b, "t", 0, {"two"});
  b.crash(crash_kind::process);
  b.start();
  EXPECT_EQ(produce(b, "t", 0, {"three"}).base_offset, offset{2});
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:one", "1:two", "2:three"}));
}

TEST_F(produce_fetch, what_was_flushed_before_its_acknowledgement_survives_a_power_cut) {
  test_broker b(2, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  for (int i = 0; i < 20; ++i) produce(b, "t", i % 2, {std::to_string(i)});
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0).size(), 10U);
  EXPECT_EQ(read_all(b, "t", 1).size(), 10U);
}

TEST_F(produce_fetch, appends_of_one_connection_keep_their_order_across_shards) {
  test_broker b(4);
  ASSERT_EQ(create_topic(b, "t", 4), error_code::none);
  std::vector<std::shared_ptr<test_broker::answer>> answers;
  for (int i = 0; i < 40; ++i) {
    answers.push_back(send_produce(b, b.connection(), "t", i % 4, batch(b, {std::to_string(i)}, {})));
  }
  for (int p = 0; p < 4; ++p) {
    values expected;
    for (int i = p; i < 40; i += 4) expected.push_back(std::to_string(i / 4) + ':' + std::to_string(i));
    EXPECT_EQ(read_all(b, "t", p), expected);
  }
}

TEST_F(produce_fetch, a_retried_batch_is_answered_with_its_first_offset_and_stored_once) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const producer p{producer_id{7}, producer_epoch{0}, 0};
  EXPECT_EQ(produce(b, "t", 0, {"x"}, p).base_offset, offset{0});
  const auto again = produce(b, "t", 0, {"x"}, p);
  EXPECT_EQ(again.error_code, error_code::none);
  EXPECT_EQ(again.base_offset, offset{0});
  EXPECT_EQ(produce(b, "t", 0, {"z"}, {p.id, p.epoch, 5}).error_code, error_code::out_of_order_sequence_number);
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:x"}));
}

TEST_F(produce_fetch, unknown_topics_and_partitions_are_named_row_by_row) {
  test_broker b(2, {"auto.create.topics.enable=false"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(produce(b, "t", 1, {"x"}).error_code, error_code::unknown_topic_or_partition);
  EXPECT_EQ(produce(b, "nope", 0, {"x"}).error_code, error_code::unknown_topic_or_partition);
}

TEST_F(produce_fetch, acks_zero_has_no_answer_and_an_error_closes_the_connection) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_TRUE(send_produce(b, b.connection(), "t", 0, batch(b, {"x"}, {}), 0)->skipped);
  EXPECT_FALSE(send_produce(b, b.connection(), "t", 9, batch(b, {"x"}, {}), 0)->closed.empty());
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:x"}));
}

TEST_F(produce_fetch, acks_of_another_number_is_refused) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto a = send_produce(b, b.connection(), "t", 0, batch(b, {"x"}, {}), 2);
  const auto answer = b.decode<protocol::produce_response>(a, produce_version);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, error_code::invalid_required_acks);
  EXPECT_TRUE(read_all(b, "t", 0).empty());
}

TEST_F(produce_fetch, a_damaged_batch_is_refused_and_not_stored) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto records = batch(b, {"x"}, {});
  records.back() ^= std::byte{1};
  auto a = send_produce(b, b.connection(), "t", 0, records);
  const auto answer = b.decode<protocol::produce_response>(a, produce_version);
  EXPECT_EQ(answer.responses.at(0).partition_responses.at(0).error_code, error_code::corrupt_message);
  EXPECT_TRUE(read_all(b, "t", 0).empty());
}

TEST_F(produce_fetch, a_full_disk_refuses_writes_and_goes_on_reading_until_space_comes_back) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"before"});
  b.disk->set_capacity_bytes(b.disk->used_bytes() + 40);
  EXPECT_EQ(produce(b, "t", 0, {"lost"}).error_code, error_code::kafka_storage_error);
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:before"}));
  b.disk->set_capacity_bytes(UINT64_MAX);
  EXPECT_EQ(produce(b, "t", 0, {"after"}).base_offset, offset{1});
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:before", "1:after"}));
}

TEST_F(produce_fetch, a_failed_flush_refuses_its_records_and_writes_resume_when_the_disk_is_well) {
  test_broker b(1, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"before"});
  b.disk->set_syncs_fail(true);
  EXPECT_EQ(produce(b, "t", 0, {"unsure"}).error_code, error_code::kafka_storage_error);
  b.disk->set_syncs_fail(false);
  b.advance(5000);
  EXPECT_EQ(produce(b, "t", 0, {"after"}).error_code, error_code::none);
  b.crash(crash_kind::worst);
  b.start();
  const auto left = read_all(b, "t", 0);
  ASSERT_GE(left.size(), 2U);
  EXPECT_EQ(left.front(), "0:before");
  EXPECT_TRUE(left.back().ends_with(":after")) << left.back();
}

TEST_F(produce_fetch, a_fetch_waits_for_data_and_gets_it_at_once) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  const auto reader = b.connect(1);
  std::vector<std::shared_ptr<test_broker::answer>> waits;
  for (int p = 0; p < 3; ++p) waits.push_back(b.send(reader, fetch_version, fetch_request("t", p, 0, 5000)));
  for (const auto& w : waits) EXPECT_FALSE(w->arrived);
  for (int p = 0; p < 3; ++p) produce(b, "t", p, {"v" + std::to_string(p)});
  for (int p = 0; p < 3; ++p) {
    EXPECT_EQ(values_of(b.decode<protocol::fetch_response>(waits[static_cast<std::size_t>(p)], fetch_version)),
              (values{"0:v" + std::to_string(p)}));
  }
}

TEST_F(produce_fetch, a_fetch_that_asks_for_more_bytes_waits_for_them_or_for_its_time) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto wait = b.send(b.connection(), fetch_version, fetch_request("t", 0, 0, 500, 1000));
  produce(b, "t", 0, {"small"});
  EXPECT_FALSE(wait->arrived);
  produce(b, "t", 0, {std::string(1000, 'x')});
  EXPECT_TRUE(wait->arrived);
  auto late = b.send(b.connection(), fetch_version, fetch_request("t", 0, 2, 500, 1000));
  produce(b, "t", 0, {"last"});
  b.advance(499);
  EXPECT_FALSE(late->arrived);
  b.advance(1);
  EXPECT_EQ(values_of(b.decode<protocol::fetch_response>(late, fetch_version)), (values{"2:last"}));
}

TEST_F(produce_fetch, a_wait_ends_with_its_connection) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto reader = b.connect(1);
  auto wait = b.send(reader, fetch_version, fetch_request("t", 0, 0, 5000));
  b.disconnect(reader);
  produce(b, "t", 0, {"x"});
  b.advance(6000);
  EXPECT_FALSE(wait->arrived);
}

TEST_F(produce_fetch, an_offset_beyond_the_end_is_out_of_range_at_once) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto answer = b.call<protocol::fetch_response>(fetch_version, fetch_request("t", 0, 5, 5000));
  EXPECT_EQ(answer.responses.at(0).partitions.at(0).error_code, error_code::offset_out_of_range);
}

TEST_F(produce_fetch, the_first_batch_comes_whole_even_if_it_is_larger_than_the_limit) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {std::string(5000, 'x')});
  auto asked = fetch_request("t", 0, 0);
  asked.max_bytes = 100;
  asked.topics[0].partitions[0].partition_max_bytes = 100;
  EXPECT_EQ(values_of(b.call<protocol::fetch_response>(fetch_version, asked)).size(), 1U);
}

TEST_F(produce_fetch, history_that_is_not_in_memory_is_read_by_a_worker) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"segment.bytes", "1048576"}}), error_code::none);
  for (int i = 0; i < 40; ++i) produce(b, "t", 0, {std::string(50000, static_cast<char>('a' + i % 26))});
  b.disk->set_cached(false);
  EXPECT_EQ(read_all(b, "t", 0).size(), 40U);
}

// Two shards read for one answer, and together more than it may hold.
TEST_F(produce_fetch, what_does_not_fit_into_an_answer_is_left_out_whole) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  for (std::int32_t p = 0; p < 2; ++p) produce(b, "t", p, {std::string(3'000, 'x')});
  auto asked = fetch_request("t", 0, 0);
  asked.max_bytes = 4'000;
  asked.topics[0].partitions.push_back(asked.topics[0].partitions[0]);
  asked.topics[0].partitions[1].partition = partition_id{1};
  const auto answer = b.call<protocol::fetch_response>(fetch_version, asked);
  ASSERT_EQ(answer.responses.at(0).partitions.size(), 2U);
  EXPECT_GT(answer.responses[0].partitions[0].records->size, 3'000U);
  EXPECT_EQ(answer.responses[0].partitions[1].records->size, 0U);
}

}  // namespace
}  // namespace jackdaw::testing
