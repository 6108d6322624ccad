#include "jackdaw/security/paced_use.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "unit/security/at_ms.hpp"

namespace jackdaw::security {
namespace {

std::int32_t charge(paced_use& u, double amount, double limit, std::int64_t now_ms) {
  return throttle_ms(u.charge(amount, limit, at_ms(now_ms)));
}
std::int32_t wait_before(paced_use& u, double amount, double limit, std::int64_t now_ms) {
  return throttle_ms(u.wait_before(amount, limit, at_ms(now_ms)));
}

TEST(paced_use, the_first_wait_is_kafka_s) {
  paced_use small({});
  EXPECT_EQ(charge(small, 10'000, 1000, 0), 0) << "a window's worth";
  EXPECT_EQ(charge(small, 500, 1000, 0), 500);
  paced_use large({});
  EXPECT_EQ(charge(large, 57, 1, 0), 47'000);
}

TEST(paced_use, what_comes_after_is_paid_for_when_the_burst_is_forgotten) {
  paced_use u({});
  EXPECT_EQ(charge(u, 10'500, 1000, 0), 500);
  EXPECT_EQ(charge(u, 200, 1000, 500), 10'700);
  EXPECT_EQ(charge(u, 200, 1000, 11'200), 200);
  EXPECT_EQ(charge(u, 200, 1000, 11'400), 200);
  EXPECT_EQ(charge(u, 100, 1000, 12'000), 0) << "up to a second late is not lost";
}

TEST(paced_use, a_window_below_the_limit_calms) {
  paced_use u({});
  charge(u, 10'500, 1000, 0);
  std::int64_t now = 12'000;
  for (; now < 24'000; now += 1000) EXPECT_EQ(charge(u, 500, 1000, now), 0) << now;
  EXPECT_EQ(charge(u, 4'000, 1000, now), 0) << "a burst within the window's worth";
}

TEST(paced_use, a_new_limit_begins_anew) {
  paced_use u({});
  EXPECT_GT(charge(u, 50'000, 1000, 0), 0);
  EXPECT_EQ(charge(u, 1'000, 10'000, 0), 0);
}

TEST(paced_use, who_can_refrain_waits_before) {
  paced_use u({});
  EXPECT_EQ(wait_before(u, 1e9, 1000, 0), 0) << "nothing was used lately";
  EXPECT_EQ(u.portion(1000, at_ms(0)), 10'000);
  EXPECT_EQ(charge(u, 9'000, 1000, 0), 0);
  EXPECT_EQ(wait_before(u, 5'000, 1000, 0), 4'000);
  EXPECT_EQ(wait_before(u, 5'000, 1000, 1'000), 3'000);
  EXPECT_EQ(u.portion(1000, at_ms(1'000)), 1'000) << "while it is paced";
  EXPECT_EQ(wait_before(u, 1'000, 1000, 4'000), 0);
  charge(u, 1'000, 1000, 4'000);
  EXPECT_EQ(wait_before(u, 1'000, 1000, 4'000), 1'000);
}

// Whatever the size of requests and the number of connections: within a tenth over any time, and an even flow.
TEST(paced_use, obeying_gives_the_limit) {
  constexpr std::int64_t seconds = 60;
  for (const double size : {50.0, 1'000.0, 10'000.0}) {
    for (const std::size_t connections : {1U, 4U}) {
      paced_use u({});
      const double limit = 10'000;
      double sent = 0;
      std::vector<std::int64_t> ready(connections);
      std::vector<double> each_second(seconds);
      for (std::int64_t now = 0; now < seconds * 1000; ++now) {
        for (auto& at : ready) {
          if (at > now) continue;
          sent += size;
          each_second[static_cast<std::size_t>(now / 1000)] += size;
          at = now + std::max(1, charge(u, size, limit, now));
        }
      }
      const std::string what = std::to_string(size) + " x " + std::to_string(connections);
      EXPECT_NEAR(sent / seconds, limit, limit * 0.1) << what;
      const double slack = size * static_cast<double>(connections + 1);
      for (std::size_t s = 20; s < seconds; ++s) EXPECT_LE(each_second[s], limit + slack) << what << ", second " << s;
    }
  }
}

}  // namespace
}  // namespace jackdaw::security
