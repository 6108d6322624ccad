#include "jackdaw/base/time.hpp"

#include <gtest/gtest.h>

namespace jackdaw {
namespace {

TEST(time, a_wait_of_any_length_can_be_added_to_what_a_clock_says) {
  const time_point now(std::chrono::hours(24 * 365 * 100));
  EXPECT_EQ(duration_of_ms(1500), std::chrono::milliseconds(1500));
  EXPECT_EQ(duration_of_ms(-1500), -std::chrono::milliseconds(1500));
  EXPECT_EQ(duration_of_ms(INT64_MAX), longest_wait);
  EXPECT_EQ(duration_of_ms(INT64_MIN), -longest_wait);
  EXPECT_GT(now + duration_of_ms(INT64_MAX), now + std::chrono::hours(24 * 365 * 100));
  EXPECT_LT(now + duration_of_ms(INT64_MIN), now - std::chrono::hours(24 * 365 * 100));
}

TEST(time, the_longest_waits_keep_their_order) {
  constexpr std::int64_t most_ms = std::chrono::duration_cast<std::chrono::milliseconds>(longest_wait).count();
  EXPECT_LT(duration_of_ms(most_ms - 1), duration_of_ms(most_ms));
  EXPECT_LE(duration_of_ms(most_ms), duration_of_ms(most_ms + 1));
  EXPECT_GE(duration_of_ms(-most_ms), duration_of_ms(-most_ms - 1));
}

TEST(time, timestamps_stop_at_the_first_and_the_last_that_can_be_written) {
  EXPECT_EQ(add_ms({5}, 7), timestamp_ms{12});
  EXPECT_EQ(add_ms({5}, INT64_MAX), timestamp_ms{INT64_MAX});
  EXPECT_EQ(add_ms({-5}, INT64_MIN), timestamp_ms{INT64_MIN});
  EXPECT_EQ(subtract_ms({5}, 7), timestamp_ms{-2});
  EXPECT_EQ(subtract_ms({-5}, INT64_MAX), timestamp_ms{INT64_MIN});
  EXPECT_EQ(subtract_ms({5}, INT64_MIN), timestamp_ms{INT64_MAX});
}

}  // namespace
}  // namespace jackdaw
