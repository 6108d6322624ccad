#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {

using ::testing::ElementsAre;

class read_test : public log_fixture {
 protected:
  // 300 batches of one record, offsets 0 to 299, timestamps 1000, 1010, ..., in several segments.
  void fill(std::int32_t segment_bytes = 8000) {
    config.segment_bytes = segment_bytes;
    reconfigure();
    for (int i = 0; i < 300; ++i) put(1, "r" + std::to_string(i) + "_", 1000 + 10 * i);
  }
  // "0.index": that of the segment that begins at 0.
  std::string segment_path(const std::string& name) const {
    return dir + '/' + std::string(20 - name.find('.'), '0') + name;
  }
};

TEST_F(read_test, every_offset_is_found_in_every_segment) {
  fill();
  EXPECT_GT(log->segment_count(), 2u);
  for (int i = 0; i < 300; ++i) {
    const auto records = records_in(bytes_of(read(i, 1)));
    ASSERT_EQ(records.size(), 1u) << i;
    EXPECT_EQ(records[0].at, i);
    EXPECT_EQ(records[0].value, "r" + std::to_string(i) + "_0");
  }
}

TEST_F(read_test, the_same_after_a_restart) {
  fill();
  close();
  open(false, true);
  for (int i = 0; i < 300; ++i) ASSERT_EQ(records_in(bytes_of(read(i, 1))).at(0).at, i);
}

TEST_F(read_test, slices_hold_whole_batches_within_the_limit) {
  fill();
  for (const std::uint32_t limit : {100u, 250u, 1000u, 5000u, 100'000u}) {
    std::int64_t next = 0;
    while (next < 300) {
      const auto slice = read(next, limit);
      EXPECT_LE(slice.size_bytes, limit);
      const auto records = records_in(bytes_of(slice));
      ASSERT_FALSE(records.empty());
      EXPECT_EQ(records.front().at, next);
      EXPECT_EQ(slice.more, records.back().at != 299);
      next = records.back().at + 1;
    }
  }
}

TEST_F(read_test, one_batch_comes_even_if_it_is_too_large_only_when_asked) {
  fill();
  for (const std::int64_t at : {0, 150, 299}) {
    EXPECT_EQ(records_in(bytes_of(read(at, 10, INT64_MAX, true))).size(), 1u);
    EXPECT_TRUE(read(at, 10, INT64_MAX, false).empty());
  }
}

TEST_F(read_test, stays_below_the_upper_bound) {
  fill();
  for (const std::int64_t upper : {1, 50, 120, 250, 290, 299}) {
    std::int64_t last = -1;
    for (std::int64_t at = 0; at < upper;) {
      const auto records = records_in(bytes_of(read(at, 3000, upper)));
      ASSERT_FALSE(records.empty());
      last = records.back().at;
      at = last + 1;
    }
    EXPECT_EQ(last, upper - 1);
    EXPECT_TRUE(read(upper, 3000, upper).empty());
  }
}

TEST_F(read_test, outside_the_log_is_out_of_range) {
  put(2);
  EXPECT_EQ(log->read(offset{3}, 100, offset{9}, true).error().code, errc::out_of_range);
  EXPECT_TRUE(read(2).empty());
  ASSERT_TRUE(log->move_log_start(offset{1}));
  EXPECT_EQ(log->read(offset{0}, 100, offset{9}, true).error().code, errc::out_of_range);
  EXPECT_EQ(log->move_log_start(offset{3}).error().code, errc::out_of_range);
}

TEST_F(read_test, near_the_end_nothing_is_read_from_the_disk) {
  fill(1 << 20);
  const auto before = disk.operations(disk_operation::read);
  for (int i = 240; i < 300; ++i) {
    EXPECT_FALSE(read(i, 1000, 299).empty() && i < 299);
    EXPECT_FALSE(was_cold);
  }
  EXPECT_EQ(disk.operations(disk_operation::read), before);
}

TEST_F(read_test, what_is_not_in_memory_becomes_a_job) {
  fill();
  disk.set_cached(false);
  const auto slice = read(5, 500);
  EXPECT_TRUE(was_cold);
  EXPECT_EQ(records_in(bytes_of(slice)).front().at, 5);
  EXPECT_TRUE(log->is_current(slice));
  read(299);
  EXPECT_FALSE(was_cold) << "the end is known";
}

TEST_F(read_test, a_job_outlives_deletion_and_tells_truncation) {
  fill();
  disk.set_cached(false);
  auto out = log->read(offset{5}, 500, offset{300}, true);
  ASSERT_TRUE(out->cold);
  ASSERT_TRUE(log->truncate_to(offset{3}));
  auto slice = out->cold->run();
  EXPECT_FALSE(slice && log->is_current(*slice));
}

TEST_F(read_test, few_files_stay_open) {
  fill(2000);
  for (int i = 0; i < 300; ++i) read(i, 100);
  flush();
  EXPECT_LE(log->open_file_count(), 6u);
  log->release_files();
  EXPECT_EQ(log->open_file_count(), 0u);
  EXPECT_EQ(read_all().size(), 300u);
  EXPECT_EQ(put(1), 300);
}

TEST_F(read_test, an_index_that_somebody_removed_is_missed_by_nobody) {
  fill();
  for (int i = 0; i < 300; ++i) read(i, 100);
  log->release_files();
  ASSERT_TRUE(disk.remove(segment_path("0.index")));
  ASSERT_TRUE(disk.remove(segment_path("0.timeindex")));
  for (int i = 0; i < 300; ++i) ASSERT_EQ(records_in(bytes_of(read(i, 1))).at(0).at, i);
  EXPECT_EQ((*log->find_timestamp({1500}, offset{300}).run())->at, offset{50});
  ASSERT_TRUE(log->truncate_to(offset{20}));
  log->check();
  EXPECT_EQ(read_all().size(), 20u);
}

TEST_F(read_test, finds_the_first_record_at_or_after_a_time) {
  fill();
  const auto find = [&](std::int64_t t, std::int64_t upper = INT64_MAX) {
    auto found = log->find_timestamp({t}, offset{upper}).run();
    EXPECT_TRUE(found);
    return *found ? (*found)->at.value() : -1;
  };
  EXPECT_EQ(find(0), 0);
  EXPECT_EQ(find(1000), 0);
  EXPECT_EQ(find(1001), 1);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(find(1000 + 10 * i), i);
  EXPECT_EQ(find(3991), -1);
  EXPECT_EQ(find(3000, 200), -1) << "at or above the high watermark";
  ASSERT_TRUE(log->move_log_start(offset{100}));
  EXPECT_EQ(find(0), 100);
  close();
  open(false, true, offset{0}, offset{100});
  EXPECT_EQ(find(1500), 100);
  EXPECT_EQ(find(3995 - 10), 299);
}

TEST_F(read_test, looks_inside_batches_for_a_time) {
  ASSERT_TRUE(append(make_batch({{"a", 10}, {"b", 30}, {"c", 20}})).ok());
  ASSERT_TRUE(append(make_batch({{"d", 5}, {"e", 40}, {"f", 40}}), append_origin::client, 2).ok());
  const auto found = log->find_timestamp({15}, offset{6}).run().value();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->at, offset{1});
  EXPECT_EQ(found->timestamp.value, 30);
  EXPECT_EQ(found->epoch, leader_epoch{1});
  const auto max = log->find_max_timestamp(offset{6}).run().value();
  ASSERT_TRUE(max);
  EXPECT_EQ(max->at, offset{4});
  EXPECT_EQ(max->timestamp.value, 40);
  EXPECT_EQ(max->epoch, leader_epoch{2});
}

TEST_F(read_test, no_record_no_time) {
  EXPECT_FALSE(log->find_timestamp({0}, offset{0}).run().value());
  EXPECT_FALSE(log->find_max_timestamp(offset{0}).run().value());
}

TEST_F(read_test, the_largest_timestamp_is_found_in_any_segment) {
  fill();
  put(1, "late", 9999);
  for (int i = 0; i < 200; ++i) put(1, "x", 1000 + i);
  EXPECT_EQ(log->find_max_timestamp(offset{1000}).run().value()->at, offset{300});
  close();
  open(false, true);
  EXPECT_EQ(log->find_max_timestamp(offset{1000}).run().value()->at, offset{300});
}

}  // namespace jackdaw::log
