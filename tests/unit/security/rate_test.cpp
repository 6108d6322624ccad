#include "jackdaw/security/rate.hpp"

#include <gtest/gtest.h>

#include "unit/security/at_ms.hpp"

namespace jackdaw::security {
namespace {

std::int32_t wait_ms(windowed_rate& r, double limit, std::int64_t now_ms) {
  return throttle_ms(r.wait_for(limit, at_ms(now_ms)));
}

TEST(windowed_rate, a_window_s_worth_passes_at_once_and_the_rest_waits_as_long_as_it_is_too_much) {
  windowed_rate r({});
  r.add(10'000, at_ms(5));
  EXPECT_EQ(wait_ms(r, 1000, 5), 0);
  r.add(57, at_ms(5));
  EXPECT_EQ(wait_ms(r, 1000, 5), 57);
  EXPECT_EQ(wait_ms(r, 1000, 5 + 57), 0) << "after that wait the rate is the limit";
  // The samples end before a longer wait does, which then begins anew.
  r.add(4'943, at_ms(62));
  EXPECT_EQ(wait_ms(r, 1000, 62), 4'943);
  EXPECT_EQ(wait_ms(r, 1000, 62 + 4'943), 5'000);
  // Observed with Apache Kafka: 57 bytes at 1 byte per second.
  windowed_rate one({});
  one.add(57, at_ms(0));
  EXPECT_EQ(wait_ms(one, 1, 0), 47'000);
}

TEST(windowed_rate, samples_are_forgotten_one_by_one) {
  windowed_rate r({});
  for (int s = 0; s < 11; ++s) r.add(100, at_ms(s * 1000));
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(10'000)), 110);
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(10'999)), 1100 / 10.999);
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(11'000)), 100);
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(19'000)), 20);
  EXPECT_FALSE(r.is_idle(at_ms(20'999)));
  EXPECT_TRUE(r.is_idle(at_ms(21'000)));
  EXPECT_EQ(r.per_second(at_ms(21'000)), 0);
}

TEST(windowed_rate, what_was_added_can_be_taken_back) {
  windowed_rate r({});
  r.add(500, at_ms(0));
  r.add(-500, at_ms(1500));
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(1500)), 0);
}

TEST(windowed_rate, what_is_to_be_added_waits_until_it_fits) {
  windowed_rate r({});
  r.add(500, at_ms(0));
  r.add(400, at_ms(5000));
  const auto wait = [&r](double amount, std::int64_t now) {
    return throttle_ms(r.wait_to_fit(100, amount, at_ms(now)));
  };
  EXPECT_EQ(wait(50, 5000), 0);
  EXPECT_EQ(wait(200, 5000), 1000);
  EXPECT_EQ(wait(500, 5000), 4000);
  EXPECT_EQ(wait(500, 9000), 2000) << "when the first 500 are forgotten";
  EXPECT_EQ(wait(900, 9000), 7000) << "when all are forgotten";
  EXPECT_EQ(wait(2000, 9000), 19'000) << "never fits";
  EXPECT_EQ(wait(50, 5000), 0) << "asking adds nothing";
}

TEST(windowed_rate, a_single_sample_has_its_own_length) {
  windowed_rate r({1, std::chrono::seconds(2)});
  r.add(10, at_ms(0));
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(0)), 5);
  EXPECT_DOUBLE_EQ(r.per_second(at_ms(1999)), 5);
  EXPECT_TRUE(r.is_idle(at_ms(2000)));
}

TEST(windowed_rate, an_endless_wait_still_fits_into_a_response) {
  windowed_rate r({});
  r.add(1e18, at_ms(0));
  EXPECT_EQ(wait_ms(r, 1e-300, 0), 2'147'483'000);
}

// Who waits as told gets the limit on average. Only a request of many windows' worth gets a little more: the window
// that it may use up in advance comes for each such request anew, as with Apache Kafka.
TEST(windowed_rate, obeying_gives_the_limit) {
  for (const double size : {100.0, 5'000.0, 1'000'000.0}) {
    windowed_rate r({});
    const double limit = 10'000;
    double sent = 0;
    std::int64_t now = 0;
    while (now < 600'000) {
      sent += size;
      r.add(size, at_ms(now));
      now += std::max(1, wait_ms(r, limit, now));
    }
    const double per_second = sent / (static_cast<double>(now) / 1000);
    EXPECT_NEAR(per_second, limit, limit * (size > 100'000 ? 0.12 : 0.04)) << size;
  }
}

TEST(token_bucket, starts_full_fills_up_and_may_be_overdrawn) {
  token_bucket b;
  EXPECT_DOUBLE_EQ(b.tokens(0.5, 5.5, at_ms(100)), 5.5);
  b.take(6);
  EXPECT_DOUBLE_EQ(b.tokens(0.5, 5.5, at_ms(100)), -0.5);
  EXPECT_DOUBLE_EQ(b.tokens(0.5, 5.5, at_ms(1100)), 0);
  EXPECT_DOUBLE_EQ(b.tokens(0.5, 5.5, at_ms(1'000'000)), 5.5);
  EXPECT_DOUBLE_EQ(b.tokens(0.5, 2.0, at_ms(1'000'000)), 2.0) << "a smaller quota";
}

}  // namespace
}  // namespace jackdaw::security
