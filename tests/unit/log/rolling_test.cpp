// Rolling by time: segment.ms and segment.jitter.ms.
#include <algorithm>
#include <set>

#include "log_fixture.hpp"

namespace jackdaw::log {

// Rolls a partition's first segments by time; how old each was.
class rolling_test : public log_fixture {
 protected:
  std::vector<std::int64_t> ages_at_roll(int partition, bool by_records) {
    open_options options;
    options.directory = "/data/p-" + std::to_string(partition);
    options.topic_id = topic;
    options.partition = partition_id{partition};
    options.config = std::make_shared<const log_config>(config);
    options.now = now;
    auto opened = partition_log::open(disk, options);
    EXPECT_TRUE(opened);
    log = std::move(*opened);
    std::vector<std::int64_t> ages;
    for (int i = 0; i < 5; ++i) {
      const auto before = log->segment_count();
      put(1, "v", now.value);
      const auto began = now.value;
      while (log->segment_count() == std::max<std::size_t>(before, 1)) {
        ++now.value;
        if (by_records) {
          put(1, "v", now.value);
        } else {
          EXPECT_TRUE(log->roll_if_old(now));
        }
      }
      ages.push_back(now.value - began);
    }
    return ages;
  }
};

TEST_F(rolling_test, segments_of_one_age_roll_at_different_times_within_the_jitter) {
  config.segment_ms = 500;
  config.segment_jitter_ms = 100;
  for (const bool by_records : {true, false}) {
    std::set<std::int64_t> seen;
    for (int partition = 0; partition < 10; ++partition) {
      for (const auto age : ages_at_roll(partition + (by_records ? 0 : 10), by_records)) {
        EXPECT_GT(age, 400);
        EXPECT_LE(age, 501) << "older than segment.ms by a millisecond";
        seen.insert(age);
      }
    }
    EXPECT_GT(seen.size(), 25U) << "50 draws of 100";
    EXPECT_GT(*seen.rbegin() - *seen.begin(), 50);
  }
}

TEST_F(rolling_test, a_segment_rolls_at_the_same_age_whenever_it_is_asked) {
  config.segment_ms = 500;
  config.segment_jitter_ms = 100;
  const auto first = ages_at_roll(0, false);
  const auto second = ages_at_roll(1, false);
  EXPECT_NE(first, second) << "the same load, another partition";
  ASSERT_TRUE(disk.remove_all("/data/p-0"));
  EXPECT_EQ(ages_at_roll(0, false), first);
}

TEST_F(rolling_test, more_jitter_than_age_is_taken_for_as_much) {
  config.segment_ms = 50;
  config.segment_jitter_ms = INT64_MAX;
  for (const auto age : ages_at_roll(0, true)) {
    EXPECT_GT(age, 0);
    EXPECT_LE(age, 51);
  }
}

}  // namespace jackdaw::log
