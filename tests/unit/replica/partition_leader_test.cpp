#include "jackdaw/replica/partition_leader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jackdaw/base/random.hpp"

namespace jackdaw::replica {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr broker_id b1{1}, b2{2}, b3{3};
constexpr time_point t0{seconds(1000)};

partition_leader make(std::vector<broker_id> replicas, std::vector<broker_id> isr, offset end = offset{0},
                      offset hw = offset{0}, std::int32_t min_isr = 1) {
  return partition_leader({b1, leader_epoch{5}, 7, replicas, isr, end, hw}, {min_isr, seconds(30)}, t0);
}

TEST(partition_leader, alone_commits_what_it_holds) {
  auto l = make({b1}, {b1});
  EXPECT_TRUE(l.appended(offset{10}));
  EXPECT_EQ(l.high_watermark(), offset{10});
  EXPECT_FALSE(l.appended(offset{10}));
  EXPECT_EQ(l.check(offset{10}), acks_all::done);
  EXPECT_EQ(l.check(offset{11}), acks_all::wait);
  EXPECT_EQ(l.propose_isr(t0 + seconds(100)), std::nullopt);
  EXPECT_EQ(l.wake_at(), std::nullopt);
}

TEST(partition_leader, one_replica_satisfies_any_min_insync_replicas) {
  auto l = make({b1}, {b1}, offset{0}, offset{0}, 2);
  EXPECT_TRUE(l.has_enough_replicas());
  EXPECT_TRUE(l.appended(offset{3}));
}

TEST(partition_leader, committed_is_what_the_slowest_of_the_isr_has) {
  auto l = make({b1, b2, b3}, {b1, b2, b3});
  EXPECT_FALSE(l.appended(offset{10}));
  EXPECT_FALSE(l.fetched(b2, offset{10}, t0));
  EXPECT_FALSE(l.follower_end(b3).has_value());
  EXPECT_TRUE(l.fetched(b3, offset{4}, t0));
  EXPECT_EQ(l.high_watermark(), offset{4});
  EXPECT_EQ(l.follower_end(b3), offset{4});
  EXPECT_TRUE(l.fetched(b3, offset{10}, t0));
  EXPECT_EQ(l.high_watermark(), offset{10});
  EXPECT_FALSE(l.fetched(b3, offset{2}, t0));
  EXPECT_EQ(l.high_watermark(), offset{10}) << "never backwards";
  EXPECT_FALSE(l.fetched(broker_id{9}, offset{2}, t0));
}

TEST(partition_leader, a_silent_follower_is_proposed_out_after_the_lag_time) {
  auto l = make({b1, b2, b3}, {b1, b2, b3});
  l.appended(offset{10});
  l.fetched(b2, offset{10}, t0 + seconds(20));
  EXPECT_EQ(l.propose_isr(t0 + seconds(30)), std::nullopt);
  EXPECT_EQ(l.wake_at(), t0 + seconds(30) + duration(1));
  const auto p = l.propose_isr(t0 + seconds(31));
  ASSERT_TRUE(p.has_value());
  EXPECT_THAT(p->isr, ElementsAre(b1, b2));
  EXPECT_EQ(p->partition_epoch, 7);
  EXPECT_EQ(l.propose_isr(t0 + seconds(40)), std::nullopt) << "one proposal at a time";
  EXPECT_EQ(l.high_watermark(), offset{0}) << "b3 counts until it is decided";
  const std::vector replicas{b1, b2, b3};
  EXPECT_TRUE(l.isr_decided(replicas, p->isr, 8, t0 + seconds(31)));
  EXPECT_EQ(l.high_watermark(), offset{10});
  EXPECT_THAT(l.isr(), ElementsAre(b1, b2));
  EXPECT_EQ(l.partition_epoch(), 8);
}

TEST(partition_leader, a_follower_that_fetches_steadily_behind_a_busy_leader_stays) {
  auto l = make({b1, b2}, {b1, b2});
  for (int s = 1; s <= 100; ++s) {
    l.appended(offset{s * 10});
    l.fetched(b2, offset{(s - 1) * 10}, t0 + seconds(s));  // always what the log held at the last fetch
    EXPECT_EQ(l.propose_isr(t0 + seconds(s)), std::nullopt) << s;
  }
}

TEST(partition_leader, a_follower_that_falls_ever_further_behind_leaves) {
  auto l = make({b1, b2}, {b1, b2});
  int left_at = 0;
  for (int s = 1; s <= 100 && left_at == 0; ++s) {
    l.appended(offset{s * 10});
    l.fetched(b2, offset{s * 5}, t0 + seconds(s));
    if (l.propose_isr(t0 + seconds(s))) left_at = s;
  }
  EXPECT_GT(left_at, 30);
  EXPECT_LT(left_at, 40);
}

TEST(partition_leader, a_follower_that_has_all_committed_records_is_proposed_in) {
  auto l = make({b1, b2}, {b1}, offset{5}, offset{5});
  l.appended(offset{10});
  EXPECT_EQ(l.high_watermark(), offset{10});
  l.fetched(b2, offset{9}, t0);
  EXPECT_EQ(l.propose_isr(t0), std::nullopt);
  l.fetched(b2, offset{10}, t0);
  const auto p = l.propose_isr(t0);
  ASSERT_TRUE(p.has_value());
  EXPECT_THAT(p->isr, ElementsAre(b1, b2));
  EXPECT_FALSE(l.appended(offset{12})) << "proposed members hold the high watermark, they may be members already";
  EXPECT_TRUE(l.isr_refused());
  EXPECT_EQ(l.high_watermark(), offset{12});
}

TEST(partition_leader, a_follower_short_of_the_epochs_start_may_not_join) {
  auto l = make({b1, b2, b3}, {b1, b3}, offset{10}, offset{4});
  l.fetched(b2, offset{6}, t0);
  EXPECT_EQ(l.propose_isr(t0), std::nullopt);
  l.fetched(b2, offset{10}, t0);
  EXPECT_TRUE(l.propose_isr(t0).has_value());
}

TEST(partition_leader, fenced_followers_are_not_proposed) {
  auto l = make({b1, b2}, {b1});
  l.eligible(b2, false);
  l.fetched(b2, offset{0}, t0);
  EXPECT_EQ(l.propose_isr(t0), std::nullopt);
  l.eligible(b2, true);
  EXPECT_TRUE(l.propose_isr(t0).has_value());
}

TEST(partition_leader, under_min_insync_replicas_nothing_is_committed) {
  auto l = make({b1, b2, b3}, {b1}, offset{0}, offset{0}, 2);
  EXPECT_FALSE(l.has_enough_replicas());
  EXPECT_FALSE(l.appended(offset{5}));
  EXPECT_EQ(l.check(offset{5}), acks_all::wait);
  EXPECT_TRUE(l.settings_changed({1, seconds(30)}));
  EXPECT_EQ(l.high_watermark(), offset{5});
}

TEST(partition_leader, committed_with_too_few_in_sync_is_said) {
  auto l = make({b1, b2}, {b1, b2}, offset{0}, offset{0}, 2);
  l.appended(offset{5});
  l.fetched(b2, offset{5}, t0);
  EXPECT_EQ(l.check(offset{5}), acks_all::done);
  const std::vector replicas{b1, b2};
  const std::vector isr{b1};
  l.isr_decided(replicas, isr, 8, t0);
  EXPECT_EQ(l.check(offset{5}), acks_all::not_enough_replicas);
}

TEST(partition_leader, random_events_keep_the_high_watermark_under_every_isr_member) {
  const std::uint64_t seed = 20;
  random_source random(seed);
  for (int round = 0; round < 200; ++round) {
    const std::vector replicas{b1, b2, b3};
    auto l = make(replicas, replicas, offset{0}, offset{0}, 1 + static_cast<std::int32_t>(random.below(3)));
    offset ends[4]{};
    std::optional<isr_proposal> out;
    time_point now = t0;
    offset high{0};
    std::int32_t epoch = 7;
    for (int step = 0; step < 200; ++step) {
      now += seconds(random.below(10));
      switch (random.below(5)) {
        case 0:
          ends[1] = ends[1] + static_cast<std::int64_t>(random.below(5));
          l.appended(ends[1]);
          break;
        case 1:
        case 2: {
          const auto who = 2 + random.below(2);
          ends[who] = std::min(ends[1], ends[who] + static_cast<std::int64_t>(random.below(8)));
          l.fetched(broker_id{static_cast<std::int32_t>(who)}, ends[who], now);
          break;
        }
        case 3:
          if (auto p = l.propose_isr(now)) out = p;
          break;
        case 4:
          if (out && random.one_in(2)) {
            l.isr_decided(replicas, out->isr, ++epoch, now);
          } else if (out) {
            l.isr_refused();
          }
          out.reset();
          break;
      }
      ASSERT_GE(l.high_watermark(), high) << "seed " << seed << " round " << round << " step " << step;
      if (l.high_watermark() > high) {
        for (const broker_id id : l.isr()) ASSERT_LE(l.high_watermark(), ends[id.value()]) << "seed " << seed;
        high = l.high_watermark();
      }
    }
  }
}

}  // namespace
}  // namespace jackdaw::replica
