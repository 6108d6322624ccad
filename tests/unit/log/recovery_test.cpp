// Opening after a kill, a power failure, bit rot.
#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class recovery_test : public log_fixture {
 protected:
  void small_segments() {
    config.segment_bytes = 1000;
    reconfigure();
  }
  std::uint64_t size_of(const std::string& path) { return disk.file_size(path).value(); }
};

TEST_F(recovery_test, an_empty_log_opens_again) {
  open();
  EXPECT_EQ(log->log_end_offset(), offset{0});
  EXPECT_FALSE(report.notable());
  EXPECT_EQ(put(1), 0);
}

TEST_F(recovery_test, nothing_is_lost_when_the_process_is_killed) {
  small_segments();
  for (int i = 0; i < 50; ++i) put(2, "k" + std::to_string(i) + "_");
  const auto before = read_all();
  disk.crash(crash_kind::process);
  open();
  EXPECT_FALSE(report.notable()) << report.detail;
  EXPECT_EQ(read_all(), before);
  EXPECT_EQ(put(1), 100);
}

TEST_F(recovery_test, what_was_flushed_survives_the_worst_crash) {
  small_segments();
  for (int i = 0; i < 30; ++i) put(2);
  flush();
  EXPECT_EQ(log->recovery_point(), offset{60});
  const auto before = read_all();
  for (int i = 0; i < 30; ++i) put(2, "lost");
  disk.crash(crash_kind::worst);
  open(false, false, offset{60});
  EXPECT_EQ(read_all(), before);
  EXPECT_EQ(log->epochs().latest(), leader_epoch{1});
  EXPECT_EQ(put(1), 60);
}

TEST_F(recovery_test, checks_only_from_the_recovery_point_on) {
  config.index_interval_bytes = 10;
  reconfigure();
  for (int i = 0; i < 3000; ++i) put(2);  // several pages of index entries
  flush();
  put(1);
  const auto size = log->size_bytes();
  disk.crash(crash_kind::process);
  open(false, false, offset{6000});
  EXPECT_EQ(log->log_end_offset(), offset{6001});
  EXPECT_GT(report.bytes_checked, 0u);
  EXPECT_LT(report.bytes_checked, size / 2)
      << "index entries below the recovery point are trusted where they are written";
}

// Indexes of several pages, of which a power failure keeps this and that.
TEST_F(recovery_test, whatever_a_power_failure_keeps_of_an_index_look_ups_are_right) {
  config.index_interval_bytes = 10;
  reconfigure();
  std::int64_t recovery_point = 0;
  std::int64_t clock = 1000;
  for (int round = 0; round < 25; ++round) {
    for (int i = 0; i < 300 + 40 * round; ++i) put(1, "r", clock += 3);
    if (round % 3 != 0) {
      flush();
      recovery_point = log->recovery_point().value();
      for (int i = 0; i < 200; ++i) put(1, "r", clock += 3);
    }
    disk.crash(crash_kind::power);
    open(false, false, offset{recovery_point});
    const std::int64_t end = log->log_end_offset().value();
    ASSERT_GE(end, recovery_point);
    clock = 1000 + 3 * end;
    for (std::int64_t at = 0; at < end; at += 37) {
      ASSERT_EQ(records_in(bytes_of(read(at, 1))).at(0).at, at);
      ASSERT_EQ(log->find_timestamp({1003 + 3 * at}, offset{end}).run().value()->at.value(), at);
    }
    flush();
    recovery_point = end;
  }
}

TEST_F(recovery_test, a_torn_tail_is_cut_at_the_last_whole_batch) {
  put(2, "a");
  put(2, "b");
  const auto size = size_of(first_log_path());
  put(5, "torn");
  disk.crash(crash_kind::process);
  {
    auto f = disk.open(first_log_path(), open_mode::write_existing);
    ASSERT_TRUE((*f)->truncate(size + 70));
  }
  open();
  EXPECT_EQ(report.bytes_cut, 70u);
  EXPECT_THAT(report.detail, HasSubstr("torn"));
  EXPECT_THAT(report.quarantined, SizeIs(0));
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1", "b0", "b1"));
  EXPECT_EQ(size_of(first_log_path()), size);
  EXPECT_EQ(put(1), 4);
}

TEST_F(recovery_test, a_tail_of_zeros_is_cut) {
  put(2, "a");
  const auto size = size_of(first_log_path());
  {
    auto f = disk.open(first_log_path(), open_mode::write_existing);
    ASSERT_TRUE((*f)->truncate(size + 5000));
  }
  disk.crash(crash_kind::process);
  open();
  EXPECT_EQ(report.bytes_cut, 5000u);
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1"));
}

TEST_F(recovery_test, damage_in_the_middle_is_put_aside_and_reported) {
  put(2, "a");
  const auto size = size_of(first_log_path());
  put(2, "b");
  put(2, "c");
  const auto whole = size_of(first_log_path());
  disk.flip_bit(first_log_path(), size + 65, 2);
  disk.crash(crash_kind::process);
  open();
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1"));
  EXPECT_EQ(report.bytes_cut, 0u);
  ASSERT_THAT(report.quarantined, SizeIs(1));
  EXPECT_THAT(report.detail, HasSubstr("damage"));
  EXPECT_EQ(size_of(report.quarantined[0]), whole - size);
  EXPECT_EQ(put(1), 2);
  EXPECT_FALSE(report.damaged_below_recovery_point);
}

TEST_F(recovery_test, damage_in_an_earlier_segment_puts_the_later_ones_aside) {
  small_segments();
  for (int i = 0; i < 40; ++i) put(2);
  EXPECT_GT(log->segment_count(), 3u);
  disk.flip_bit(first_log_path(), 200, 2);
  disk.crash(crash_kind::process);
  open();
  EXPECT_EQ(log->segment_count(), 1u);
  EXPECT_GT(report.quarantined.size(), 2u);
  for (const auto& r : read_all()) EXPECT_EQ(r.value, "v" + std::to_string(r.at % 2));
  const auto end = log->log_end_offset();
  EXPECT_EQ(put(1), end.value());
}

TEST_F(recovery_test, damage_of_flushed_bytes_is_told_apart) {
  put(2, "a");
  put(2, "b");
  flush();
  disk.flip_bit(first_log_path(), 65, 2);
  disk.crash(crash_kind::process);
  open(false, false, offset{4});
  EXPECT_TRUE(report.damaged_below_recovery_point);
}

TEST_F(recovery_test, a_lost_or_damaged_index_is_rebuilt) {
  config.index_interval_bytes = 10;
  reconfigure();
  for (int i = 0; i < 100; ++i) put(1, "r", 1000 + i);
  close();
  const auto index = disk.content(dir + "/00000000000000000000.index");
  const auto times = disk.content(dir + "/00000000000000000000.timeindex");
  EXPECT_EQ(index.size(), 99u * 8);
  ASSERT_TRUE(disk.remove(dir + "/00000000000000000000.index"));
  disk.flip_bit(dir + "/00000000000000000000.timeindex", 4, 6);
  open();
  for (int i = 0; i < 100; ++i) ASSERT_EQ(records_in(bytes_of(read(i, 1))).at(0).at, i);
  EXPECT_EQ(log->find_timestamp({1050}, offset{100}).run().value()->at, offset{50});
  close();
  EXPECT_EQ(disk.content(dir + "/00000000000000000000.index"), index);
  EXPECT_EQ(disk.content(dir + "/00000000000000000000.timeindex"), times);
}

TEST_F(recovery_test, a_clean_restart_changes_no_file) {
  small_segments();
  for (int i = 0; i < 50; ++i) put(2, "k", 1000 + i);
  close();
  std::vector<std::pair<std::string, std::vector<std::byte>>> before;
  for (const auto& name : files()) before.emplace_back(name, disk.content(dir + "/" + name));
  for (int round = 0; round < 2; ++round) {
    open(false, true);
    EXPECT_EQ(log->recovery_point(), offset{100});
    EXPECT_EQ(log->open_file_count(), 0u);
    EXPECT_FALSE(log->wants_flush());
    close();
  }
  ASSERT_EQ(files().size(), before.size());
  for (const auto& [name, content] : before) EXPECT_EQ(disk.content(dir + "/" + name), content) << name;
}

TEST_F(recovery_test, what_an_earlier_leader_left_behind_the_end_does_not_come_back) {
  put(2, "a", 1000, 5);
  put(2, "b", 1000, 5);
  flush();
  const auto old = disk.content(first_log_path());
  ASSERT_TRUE(log->truncate_to(offset{2}));
  protocol::batch_options options;
  options.base_offset = offset{2};
  options.leader_epoch = leader_epoch{6};
  auto batch = make_batch(1, "n", 1000, options);
  ASSERT_TRUE(append(batch, append_origin::replication).ok());
  // A crash brought the end of the longer file back.
  const auto now_size = disk.content(first_log_path()).size();
  {
    auto f = disk.open(first_log_path(), open_mode::write_existing);
    const bytes_view tail[] = {bytes_view(old).subspan(old.size() / 2)};
    ASSERT_TRUE((*f)->write_at(tail, now_size));
  }
  disk.crash(crash_kind::process);
  open(false, false, offset{2});
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1", "n0"));
}

TEST_F(recovery_test, refuses_the_directory_of_another_topic) {
  put(1);
  log.reset();
  topic = uuid{5, 6};
  const auto opened = try_open(false, false, offset{0}, offset{0});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::invalid_argument);
  EXPECT_THAT(opened.error().detail, HasSubstr(to_string(topic)));
}

TEST_F(recovery_test, writes_lost_metadata_again) {
  ASSERT_TRUE(disk.remove(dir + "/partition.metadata"));
  open();
  const auto text = disk.content(dir + "/partition.metadata");
  EXPECT_EQ(as_text(text), "version: 0\ntopic_id: " + to_string(topic) + "\n");
}

TEST_F(recovery_test, a_log_start_from_the_checkpoint_is_kept) {
  small_segments();
  for (int i = 0; i < 20; ++i) put(2);
  close();
  open(false, true, offset{0}, offset{7});
  EXPECT_EQ(log->log_start_offset(), offset{7});
  EXPECT_EQ(read_all().front().at, 7);
}

TEST_F(recovery_test, a_log_that_lost_all_above_its_start_begins_there) {
  put(2);
  open(false, false, offset{0}, offset{50});
  EXPECT_EQ(log->log_start_offset(), offset{50});
  EXPECT_EQ(log->log_end_offset(), offset{50});
  EXPECT_EQ(put(1), 50);
}

TEST_F(recovery_test, an_unfinished_compaction_of_another_broker_is_refused) {
  put(1);
  log.reset();
  ASSERT_TRUE(disk.open(dir + "/00000000000000000000.log.swap", open_mode::create));
  EXPECT_EQ(try_open(false, true, offset{0}, offset{0}).error().code, errc::unsupported);
}

// The new segment's file is made first; its removal, when the roll fails, may come undone by a power failure.
TEST_F(recovery_test, a_roll_that_failed_cuts_nothing_that_was_flushed_later) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    log.reset();
    disk.crash(crash_kind::process);
    dir = "/data/failed_roll-" + std::to_string(seed);
    config.segment_bytes = 350;
    open(true);
    put(1, std::string(190, 'a'));
    flush();
    disk.set_fault_hook([](disk_operation what, const std::string& path) -> std::optional<errc> {
      if (what == disk_operation::open && path.ends_with(".index")) return errc::no_space;
      return std::nullopt;
    });
    EXPECT_FALSE(append(make_batch(1, std::string(190, 'b'))).ok());
    disk.set_fault_hook(nullptr);
    EXPECT_EQ(put(1), 1);
    flush();
    EXPECT_EQ(put(1, std::string(190, 'c')), 2);
    disk.crash(crash_kind::power);
    open(false, false, offset{2});
    EXPECT_GE(log->log_end_offset(), offset{2}) << "seed " << seed;
  }
}

TEST_F(recovery_test, an_empty_segment_in_the_middle_of_another_s_records_is_no_end) {
  put(1);
  put(1);
  flush();
  log.reset();
  ASSERT_TRUE(disk.open(dir + "/00000000000000000001.log", open_mode::truncate));
  open(false, false, offset{2});
  EXPECT_EQ(log->log_end_offset(), offset{2});
  EXPECT_FALSE(has_file("00000000000000000001.log"));
  EXPECT_EQ(put(1), 2);
}

TEST_F(recovery_test, an_index_without_its_segment_is_gone_before_a_segment_can_take_its_name) {
  put(2);
  log.reset();
  for (const char* name : {"/00000000000000000002.index", "/00000000000000000002.timeindex"}) {
    auto left = disk.open(dir + name, open_mode::truncate);
    const std::vector<std::byte> bytes(240, std::byte{7});
    const bytes_view parts[] = {bytes};
    ASSERT_TRUE(left && (*left)->write_at(parts, 0));
  }
  open();
  EXPECT_FALSE(has_file("00000000000000000002.index"));
  ASSERT_TRUE(log->roll(now));
  for (int i = 0; i < 20; ++i) put(2, "r");
  const auto before = read_all();
  EXPECT_TRUE(log->take_removable_files({INT64_MAX}).empty());
  close();
  open(false, true);
  EXPECT_EQ(read_all(), before);
  EXPECT_EQ(records_in(bytes_of(read(21))).at(0).at, 20);
}

// As when the records that it tells of were truncated, and the power failed before its removal was on the disk.
TEST_F(recovery_test, a_snapshot_of_producers_behind_the_recovery_point_is_not_believed) {
  dir = "/data/other-0";
  open(true);
  EXPECT_TRUE(append(make_batch(2, "o", 1000, from_producer(77, 0, 0))).ok());
  ASSERT_TRUE(log->roll(now));
  const auto foreign = disk.content(dir + "/00000000000000000002.snapshot");
  dir = "/data/t-0";
  open();
  EXPECT_TRUE(append(make_batch(2, "v", 1000, from_producer(5, 0, 0))).ok());
  ASSERT_TRUE(log->roll(now));
  log.reset();
  auto snapshot = disk.open(dir + "/00000000000000000002.snapshot", open_mode::truncate);
  const bytes_view parts[] = {foreign};
  ASSERT_TRUE(snapshot && (*snapshot)->write_at(parts, 0));
  open();
  ASSERT_THAT(log->describe_producers(), SizeIs(1));
  EXPECT_EQ(log->describe_producers()[0].id, producer_id{5});
  EXPECT_EQ(log->describe_producers()[0].last_sequence, 1);
}

}  // namespace jackdaw::log
