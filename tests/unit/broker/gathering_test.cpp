// When commits wait a moment for others, and when they don't.
#include "quorum/gathering.hpp"

#include <gtest/gtest.h>

namespace jackdaw::testing {
namespace {

using broker::gathering;
using std::chrono::microseconds;

constexpr time_point start{std::chrono::seconds(1)};

TEST(gathering, two_crowds_become_one) {
  gathering g;
  g.sync_ended(16, 16, microseconds(300), start);
  EXPECT_TRUE(g.is_on(16, start));
  EXPECT_EQ(g.until(), start + microseconds(300));
  EXPECT_TRUE(g.is_on(31, start + microseconds(200)));
  EXPECT_FALSE(g.is_on(32, start + microseconds(250))) << "all are there";
  EXPECT_FALSE(g.is_on(1, start + microseconds(260))) << "it is over until the next sync has ended";
}

TEST(gathering, nobody_waits_longer_than_a_sync_takes_or_half_a_millisecond) {
  gathering g;
  g.sync_ended(8, 8, microseconds(100), start);
  EXPECT_TRUE(g.is_on(9, start + microseconds(99)));
  EXPECT_FALSE(g.is_on(9, start + microseconds(100)));
  gathering slow_disk;
  slow_disk.sync_ended(8, 8, std::chrono::milliseconds(20), start);
  EXPECT_FALSE(slow_disk.is_on(9, start + microseconds(500)));
}

TEST(gathering, one_alone_never_waits) {
  gathering g;
  EXPECT_FALSE(g.is_on(1, start)) << "before any sync";
  g.sync_ended(1, 0, microseconds(300), start);
  EXPECT_FALSE(g.is_on(1, start));
  g.sync_ended(0, 50, microseconds(300), start);
  EXPECT_FALSE(g.is_on(50, start)) << "nobody was answered who could come again";
}

TEST(gathering, what_must_not_wait_ends_it) {
  gathering g;
  g.sync_ended(16, 16, microseconds(300), start);
  g.end();
  EXPECT_FALSE(g.is_on(16, start));
}

TEST(gathering, when_nobody_comes_it_is_left_off_for_longer_and_longer) {
  gathering g;
  int syncs = 0;
  int waits = 0;
  for (; syncs < 1000; ++syncs) {
    const auto now = start + syncs * microseconds(1000);
    g.sync_ended(10, 10, microseconds(300), now);
    if (!g.is_on(10, now)) continue;
    ++waits;
    EXPECT_FALSE(g.is_on(11, now + microseconds(300)));
  }
  EXPECT_GT(waits, 10);
  EXPECT_LT(waits, 25) << "1 + 2 + 4 ... 64 syncs between them, then always 64";
}

TEST(gathering, it_is_worth_it_when_most_have_come_in_time) {
  gathering g;
  for (int syncs = 0; syncs < 10; ++syncs) {
    const auto now = start + syncs * microseconds(1000);
    g.sync_ended(10, 10, microseconds(300), now);
    EXPECT_TRUE(g.is_on(10, now));
    EXPECT_FALSE(g.is_on(15, now + microseconds(300)));
  }
}

}  // namespace
}  // namespace jackdaw::testing
