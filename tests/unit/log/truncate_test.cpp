// Truncation, DeleteRecords, rolling and retention.
#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class truncate_test : public log_fixture {
 protected:
  void fill(int batches = 60) {
    config.segment_bytes = 1000;
    reconfigure();
    for (int i = 0; i < batches; ++i) put(2, "r" + std::to_string(i) + "_", 1000 + i);
  }
};

TEST_F(truncate_test, forgets_from_any_offset_on) {
  fill();
  for (std::int64_t end = 119; end > 0; end -= 7) {
    const auto expected = end - end % 2;  // batches of two go whole
    ASSERT_TRUE(log->truncate_to(offset{end}));
    log->check();
    EXPECT_EQ(log->log_end_offset().value(), expected);
    const auto all = read_all();
    ASSERT_EQ(static_cast<std::int64_t>(all.size()), expected);
    for (const auto& r : all) EXPECT_EQ(r.value, "r" + std::to_string(r.at / 2) + "_" + std::to_string(r.at % 2));
  }
  EXPECT_EQ(put(1, "x"), 6);
}

TEST_F(truncate_test, goes_on_behind_it_and_survives_a_restart) {
  fill();
  ASSERT_TRUE(log->truncate_to(offset{50}));
  EXPECT_EQ(put(2, "new"), 50);
  EXPECT_EQ(log->find_timestamp({1020}, offset{100}).run().value()->at, offset{40});
  const auto all = read_all();
  close();
  open(false, true);
  EXPECT_EQ(read_all(), all);
  open();
  EXPECT_EQ(read_all(), all);
}

TEST_F(truncate_test, what_failed_half_way_is_not_counted_twice) {
  fill();
  disk.set_fault_hook([](disk_operation what, const std::string& path) -> std::optional<errc> {
    if (what == disk_operation::read && path.ends_with(".timeindex")) return errc::io;
    return std::nullopt;
  });
  ASSERT_FALSE(log->truncate_to(offset{51}));
  disk.set_fault_hook(nullptr);
  const auto further = log->truncate_to(offset{47});
  ASSERT_TRUE(further) << to_string(further.error());
  EXPECT_EQ(read_all().size(), 46u);
  std::uint64_t on_disk = 0;
  const auto found = disk.list(dir);
  ASSERT_TRUE(found);
  for (const auto& entry : *found) {
    if (entry.name.ends_with(".log")) on_disk += disk.file_size(dir + '/' + entry.name).value();
  }
  EXPECT_EQ(log->size_bytes(), on_disk);
  log->check();
}

TEST_F(truncate_test, beyond_the_end_nothing_happens) {
  put(2);
  ASSERT_TRUE(log->truncate_to(offset{2}));
  ASSERT_TRUE(log->truncate_to(offset{9}));
  EXPECT_EQ(log->log_end_offset(), offset{2});
  EXPECT_EQ(log->truncations(), 0u);
}

TEST_F(truncate_test, takes_epochs_and_the_recovery_point_along) {
  put(2, "a", 1000, 1);
  put(2, "b", 1000, 2);
  put(2, "c", 1000, 3);
  flush();
  ASSERT_TRUE(log->truncate_to(offset{3}));
  EXPECT_EQ(log->recovery_point(), offset{2});
  EXPECT_EQ(log->epochs().latest(), leader_epoch{1});
  EXPECT_EQ(log->end_offset_for(leader_epoch{1}), (epoch_end{leader_epoch{1}, offset{2}}));
}

TEST_F(truncate_test, starts_anew_anywhere) {
  fill();
  ASSERT_TRUE(log->truncate_fully_and_start_at(offset{500}));
  log->check();
  EXPECT_EQ(log->log_start_offset(), offset{500});
  EXPECT_EQ(log->size_bytes(), 0u);
  EXPECT_EQ(put(1), 500);
  for (const auto& name : log->take_removable_files(now)) EXPECT_TRUE(disk.remove(name)) << name;
  disk.crash(crash_kind::process);
  open();
  EXPECT_EQ(log->log_start_offset(), offset{500});
  EXPECT_EQ(log->log_end_offset(), offset{501});
}

TEST_F(truncate_test, an_empty_log_starts_anew_without_files) {
  ASSERT_TRUE(log->truncate_fully_and_start_at(offset{7}));
  EXPECT_THAT(files(), ElementsAre("partition.metadata"));
  EXPECT_EQ(put(1), 7);
}

TEST_F(truncate_test, delete_records_moves_the_start_and_retention_frees_the_segments) {
  fill();
  const auto segments = log->segment_count();
  ASSERT_TRUE(log->move_log_start(offset{61}));
  EXPECT_EQ(log->segment_count(), segments);
  EXPECT_TRUE(log->apply_retention(offset{120}, now).value());
  EXPECT_LT(log->segment_count(), segments);
  EXPECT_EQ(log->log_start_offset(), offset{61});
  EXPECT_EQ(read_all().front().at, 61);
  EXPECT_FALSE(log->apply_retention(offset{120}, now).value());
}

TEST_F(truncate_test, delete_records_of_everything_leaves_an_empty_log) {
  fill();
  ASSERT_TRUE(log->move_log_start(offset{120}));
  EXPECT_TRUE(log->apply_retention(offset{120}, now).value());
  log->check();
  EXPECT_EQ(log->size_bytes(), 0u);
  EXPECT_EQ(log->log_start_offset(), offset{120});
  EXPECT_EQ(put(1), 120);
}

TEST_F(truncate_test, retention_by_bytes_keeps_at_least_that_much) {
  fill();
  config.retention_bytes = 3000;
  reconfigure();
  EXPECT_TRUE(log->apply_retention(offset{120}, now).value());
  log->check();
  EXPECT_GE(log->size_bytes(), 3000u);
  EXPECT_LT(log->size_bytes(), 4100u);
  EXPECT_GT(log->log_start_offset(), offset{0});
}

TEST_F(truncate_test, retention_stays_below_the_high_watermark) {
  fill();
  config.retention_bytes = 0;
  reconfigure();
  EXPECT_FALSE(log->apply_retention(offset{3}, now).value());
  EXPECT_TRUE(log->apply_retention(offset{60}, now).value());
  EXPECT_LE(log->log_start_offset(), offset{60});
}

TEST_F(truncate_test, retention_by_time_counts_from_the_newest_record) {
  fill();  // timestamps 1000 to 1059
  config.retention_ms = 500;
  reconfigure();
  EXPECT_FALSE(log->apply_retention(offset{120}, {1500}).value());
  const auto due = log->next_retention_check({1500});
  EXPECT_FALSE(log->apply_retention(offset{120}, {due.value - 1}).value());
  EXPECT_TRUE(log->apply_retention(offset{120}, due).value());
  EXPECT_GT(log->log_end_offset(), log->log_start_offset());
  EXPECT_TRUE(log->apply_retention(offset{120}, {1560}).value());
  EXPECT_EQ(log->log_start_offset(), offset{120});
  EXPECT_EQ(log->size_bytes(), 0u);
}

TEST_F(truncate_test, without_delete_in_the_policy_only_the_log_start_counts) {
  fill();
  config.retention_bytes = 0;
  config.retention_ms = 0;
  config.cleanup_delete = false;
  reconfigure();
  EXPECT_FALSE(log->apply_retention(offset{120}, now).value());
}

TEST_F(truncate_test, deleted_files_go_after_their_delay) {
  fill();
  ASSERT_TRUE(log->move_log_start(offset{61}));
  const auto slice = read(61);
  ASSERT_TRUE(log->apply_retention(offset{120}, now).value());
  EXPECT_TRUE(log->has_removable_files());
  EXPECT_THAT(log->take_removable_files({now.value + config.file_delete_delay_ms - 1}), IsEmpty());
  const auto gone = log->take_removable_files({now.value + config.file_delete_delay_ms});
  EXPECT_GE(gone.size(), 3u);
  for (const auto& name : gone) {
    EXPECT_TRUE(name.ends_with(".deleted"));
    EXPECT_TRUE(disk.remove(name));
  }
  EXPECT_FALSE(log->has_removable_files());
  EXPECT_EQ(records_in(bytes_of(slice)).empty(), false) << "who reads keeps its file";
}

TEST_F(truncate_test, what_an_earlier_run_left_to_delete_goes_at_once) {
  fill();
  ASSERT_TRUE(log->move_log_start(offset{61}));
  ASSERT_TRUE(log->apply_retention(offset{120}, now).value());
  close();
  open(false, true, offset{0}, offset{61});
  const auto gone = log->take_removable_files(now);
  EXPECT_GE(gone.size(), 3u);
}

TEST_F(truncate_test, retention_works_on_a_full_disk) {
  fill();
  disk.set_capacity_bytes(disk.used_bytes());
  EXPECT_EQ(append(make_batch(1)).storage, errc::no_space);
  config.retention_bytes = 2000;
  reconfigure();
  EXPECT_TRUE(log->apply_retention(offset{120}, now).value());
  for (const auto& name : log->take_removable_files({INT64_MAX})) ASSERT_TRUE(disk.remove(name));
  EXPECT_EQ(put(1), 120);
}

TEST_F(truncate_test, rolls_by_size_time_and_full_index) {
  config.segment_ms = 100;
  reconfigure();
  put(1, "a", 1000);
  put(1, "a", 1100);
  EXPECT_EQ(log->segment_count(), 1u);
  put(1, "a", 1101);
  EXPECT_EQ(log->segment_count(), 2u);
  config.segment_ms = 1'000'000;
  config.index_interval_bytes = 1;
  config.segment_index_bytes = 40;
  reconfigure();
  put(1, "a", 2000);
  const auto before = log->segment_count();
  for (int i = 0; i < 10; ++i) put(1, "a", 2001 + i);
  EXPECT_GT(log->segment_count(), before);
  EXPECT_EQ(read_all().size(), 14u);
}

TEST_F(truncate_test, rolls_by_the_clock_when_records_have_no_time) {
  config.segment_ms = 100;
  reconfigure();
  put(1, "a", -1);
  now.value += 101;
  put(1, "a", -1);
  EXPECT_EQ(log->segment_count(), 2u);
  now.value += 100;
  ASSERT_TRUE(log->roll_if_old(now));
  EXPECT_EQ(log->segment_count(), 2u);
  now.value += 1;
  ASSERT_TRUE(log->roll_if_old(now));
  EXPECT_EQ(log->segment_count(), 3u);
}

TEST_F(truncate_test, a_roll_that_fails_leaves_the_log_as_it_was) {
  put(2, "a");
  config.segment_bytes = 150;
  reconfigure();
  disk.set_fault_hook([](disk_operation what, const std::string& path) -> std::optional<errc> {
    if (what == disk_operation::open && path.ends_with("2.log")) return errc::no_space;
    return std::nullopt;
  });
  EXPECT_EQ(append(make_batch(2, "b")).error, append_error::kafka_storage_error);
  EXPECT_EQ(log->log_end_offset(), offset{2});
  disk.set_fault_hook(nullptr);
  EXPECT_EQ(put(2, "b"), 2);
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1", "b0", "b1"));
}

}  // namespace jackdaw::log
