// The wall clock jumps by hours, forward and back; the steady one goes on. What waits, waits as long as it should; what
// is kept by age is neither lost early nor kept for ever.
#include "group_fixture.hpp"
#include "jackdaw/protocol/messages/init_producer_id.hpp"
#include "jackdaw/protocol/messages/list_offsets.hpp"

namespace jackdaw::testing {
namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t retention_check_ms = 300'000;  // log.retention.check.interval.ms

class clock_jumps : public group_test, public ::testing::WithParamInterface<std::int64_t> {
 protected:
  // The wall clock is wrong by the test's parameter from now on.
  static void jump(test_broker& b) { b.wall_clock_error_ms += GetParam(); }
  static void jump_back(test_broker& b) { b.wall_clock_error_ms -= GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(by, clock_jumps,
                         ::testing::Values(5 * hour_ms, -5 * hour_ms, 48 * hour_ms, -48 * hour_ms, -400'000 * hour_ms));

TEST_P(clock_jumps, members_of_groups_stay_for_their_session_and_no_longer) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto m = join_alone(b, "g");
  for (int i = 0; i < 5; ++i) {
    i % 2 ? jump_back(b) : jump(b);
    b.advance(9'000);
    ASSERT_EQ(heartbeat(b, "g", m), error_code::none) << i;
  }
  jump_back(b);
  b.advance(10'001);
  EXPECT_EQ(heartbeat(b, "g", m), error_code::unknown_member_id) << "its session is over, whatever the wall clock says";
}

TEST_P(clock_jumps, a_fetch_waits_as_long_as_it_asked) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto asked = fetch_request("t", 0, 0);
  asked.max_wait_ms = 5'000;
  asked.min_bytes = 1;
  const auto waiting = b.send(b.connection(), fetch_version, asked);
  jump(b);
  b.advance(4'999);
  EXPECT_FALSE(waiting->arrived);
  b.advance(1);
  EXPECT_TRUE(waiting->arrived);
}

TEST_P(clock_jumps, records_and_committed_offsets_that_are_kept_for_a_week_outlast_it) {
  if (GetParam() > 100 * hour_ms) GTEST_SKIP();
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(produce(b, "t", 0, {"before"}).error_code, error_code::none);
  ASSERT_EQ(commit(b, "simple", {"", -1, ""}, "t", 0, 1), error_code::none);
  jump(b);
  ASSERT_EQ(produce(b, "t", 0, {"meanwhile"}).error_code, error_code::none) << "its producer has the same clock";
  for (int i = 0; i < 4; ++i) b.advance(retention_check_ms);
  EXPECT_EQ(read_all(b, "t", 0).size(), 2U);
  EXPECT_EQ(committed(b, "simple", "t", 0), 1);
  jump_back(b);
  for (int i = 0; i < 4; ++i) b.advance(retention_check_ms);
  EXPECT_EQ(read_all(b, "t", 0).size(), 2U);
  EXPECT_EQ(committed(b, "simple", "t", 0), 1);
  ASSERT_EQ(produce(b, "t", 0, {"after"}).error_code, error_code::none);
  EXPECT_EQ(read_all(b, "t", 0).size(), 3U);
}

TEST_P(clock_jumps, what_is_older_than_it_may_be_goes_once_the_clock_is_right_again) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.ms", "3600000"}}), error_code::none);
  jump(b);
  ASSERT_EQ(produce(b, "t", 0, {"x"}).error_code, error_code::none);
  jump_back(b);
  b.advance(2 * hour_ms);
  const bool is_of_the_future = GetParam() > 2 * hour_ms;
  for (int i = 0; i < 2; ++i) b.advance(retention_check_ms);
  EXPECT_EQ(read_all(b, "t", 0, is_of_the_future ? 0 : 1).size(), is_of_the_future ? 1U : 0U);
}

TEST_P(clock_jumps, an_idempotent_producer_goes_on_and_its_repetition_is_still_known) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  protocol::init_producer_id_request asked;
  asked.transactional_id.reset();
  asked.transaction_timeout_ms = 60'000;
  const auto given = b.call<protocol::init_producer_id_response>(4, asked);
  ASSERT_EQ(given.error_code, error_code::none);
  producer p{given.producer_id, given.producer_epoch, 0};
  ASSERT_EQ(produce(b, "t", 0, {"0"}, p).base_offset, offset{0});
  jump(b);
  b.advance(1'000);
  p.sequence = 1;
  ASSERT_EQ(produce(b, "t", 0, {"1"}, p).error_code, error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"1"}, p).base_offset, offset{1}) << "the same again";
  jump_back(b);
  b.advance(1'000);
  p.sequence = 2;
  EXPECT_EQ(produce(b, "t", 0, {"2"}, p).error_code, error_code::none);
  EXPECT_EQ(read_all(b, "t", 0).size(), 3U);
}

TEST_P(clock_jumps, a_log_that_was_written_under_two_clocks_is_found_whole_after_a_kill) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"segment.ms", "60000"}}), error_code::none);
  for (int i = 0; i < 6; ++i) {
    ASSERT_EQ(produce(b, "t", 0, {std::to_string(i)}).error_code, error_code::none);
    i % 2 ? jump_back(b) : jump(b);
    b.advance(1'000);
  }
  b.crash(crash_kind::process);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0).size(), 6U);
  EXPECT_EQ(produce(b, "t", 0, {"next"}).base_offset, offset{6});
}

}  // namespace
}  // namespace jackdaw::testing
