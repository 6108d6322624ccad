// Flushing, what a failed sync means, and the way back.
#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class flush_test : public log_fixture {
 protected:
  void fail_flush() {
    disk.set_syncs_fail(true);
    const auto job = log->prepare_flush();
    const auto done = job.run(disk);
    ASSERT_FALSE(done);
    log->flush_failed(job, done.error());
  }
  void repair() {
    const auto job = log->prepare_repair();
    ASSERT_TRUE(job) << to_string(job.error());
    const auto outcome = job->run(disk);
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    ASSERT_TRUE(log->repair_done(*job, *outcome));
    log->check();
  }
};

TEST_F(flush_test, an_empty_log_has_nothing_to_flush) {
  const auto job = log->prepare_flush();
  EXPECT_TRUE(job.empty());
  log->flush_done(job);
}

TEST_F(flush_test, syncs_the_file_and_once_its_names) {
  put(1);
  auto job = log->prepare_flush();
  EXPECT_THAT(job.files, SizeIs(1));
  EXPECT_THAT(job.directories, ElementsAre(dir, "/data"));
  ASSERT_TRUE(job.run(disk));
  log->flush_done(job);
  EXPECT_EQ(log->recovery_point(), offset{1});
  put(1);
  job = log->prepare_flush();
  EXPECT_THAT(job.files, SizeIs(1));
  EXPECT_THAT(job.directories, IsEmpty());
  EXPECT_THAT(job.replacements, IsEmpty());
}

TEST_F(flush_test, with_nothing_new_there_is_nothing_to_do) {
  put(1);
  flush();
  EXPECT_TRUE(log->prepare_flush().empty());
}

TEST_F(flush_test, covers_what_was_appended_before_it_was_prepared) {
  put(1);
  const auto job = log->prepare_flush();
  put(1);
  ASSERT_TRUE(job.run(disk));
  log->flush_done(job);
  EXPECT_EQ(log->recovery_point(), offset{1});
}

TEST_F(flush_test, jobs_may_overlap) {
  put(1);
  const auto first = log->prepare_flush();
  put(1);
  const auto second = log->prepare_flush();
  EXPECT_EQ(second.directories, first.directories) << "the first isn't done yet";
  ASSERT_TRUE(second.run(disk));
  log->flush_done(second);
  EXPECT_EQ(log->recovery_point(), offset{2});
  log->flush_done(first);
  EXPECT_EQ(log->recovery_point(), offset{2});
}

TEST_F(flush_test, a_roll_wants_a_flush_that_takes_indexes_and_snapshot_along) {
  put(1);
  ASSERT_TRUE(log->roll(now));
  EXPECT_TRUE(log->wants_flush());
  put(1);
  const auto job = log->prepare_flush();
  EXPECT_FALSE(log->wants_flush());
  EXPECT_THAT(job.files, SizeIs(5)) << "two segments, two indexes, one snapshot";
  ASSERT_TRUE(job.run(disk));
  log->flush_done(job);
  disk.crash(crash_kind::worst);
  open(false, false, offset{2});
  EXPECT_THAT(values(read_all()), ElementsAre("v0", "v0"));
  EXPECT_TRUE(has_file("00000000000000000000.index"));
  EXPECT_TRUE(has_file("00000000000000000001.snapshot"));
}

TEST_F(flush_test, a_truncation_takes_a_flush_back) {
  put(1);
  put(1);
  const auto job = log->prepare_flush();
  ASSERT_TRUE(log->truncate_to(offset{1}));
  ASSERT_TRUE(job.run(disk));
  log->flush_done(job);
  EXPECT_LE(log->recovery_point(), offset{1});
}

TEST_F(flush_test, after_a_failed_sync_appends_are_refused_and_reads_go_on) {
  put(2, "a");
  fail_flush();
  EXPECT_TRUE(log->needs_repair());
  EXPECT_EQ(append(make_batch(1)).error, append_error::kafka_storage_error);
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1"));
  EXPECT_EQ(log->recovery_point(), offset{0});
}

TEST_F(flush_test, a_later_sync_that_succeeds_proves_nothing) {
  put(2, "a");
  const auto second = log->prepare_flush();
  fail_flush();
  disk.set_syncs_fail(false);
  ASSERT_TRUE(second.run(disk));
  log->flush_done(second);
  EXPECT_EQ(log->recovery_point(), offset{0});
  EXPECT_TRUE(log->needs_repair());
}

TEST_F(flush_test, repair_brings_everything_to_the_disk) {
  config.segment_bytes = 300;
  reconfigure();
  put(2, "flushed");
  flush();
  for (int i = 0; i < 10; ++i) put(2, "a" + std::to_string(i) + "_");
  const auto before = read_all();
  fail_flush();
  const auto job = log->prepare_repair();
  EXPECT_FALSE(job->run(disk)) << "the disk still fails";
  EXPECT_TRUE(log->needs_repair());
  disk.set_syncs_fail(false);
  repair();
  EXPECT_FALSE(log->needs_repair());
  EXPECT_EQ(log->recovery_point(), offset{22});
  EXPECT_EQ(put(1, "b"), 22);
  disk.crash(crash_kind::worst);
  open(false, false, offset{22});
  EXPECT_EQ(read_all(), before);
}

TEST_F(flush_test, a_job_from_before_the_repair_moves_nothing) {
  put(2, "a");
  const auto old = log->prepare_flush();
  fail_flush();
  disk.set_syncs_fail(false);
  repair();
  put(2, "b");
  log->flush_failed(old, error{errc::io, "late news"});
  EXPECT_FALSE(log->needs_repair());
  log->flush_done(old);
  EXPECT_EQ(log->recovery_point(), offset{2});
}

TEST_F(flush_test, what_the_disk_gives_back_wrong_is_cut) {
  put(2, "a");
  flush();
  put(2, "b");
  const auto good = log->size_bytes();
  put(2, "c");
  fail_flush();
  disk.set_syncs_fail(false);
  disk.flip_bit(first_log_path(), good + 70, 1);
  repair();
  EXPECT_TRUE(log->needs_repair());
  EXPECT_EQ(log->log_end_offset(), offset{4});
  repair();
  EXPECT_FALSE(log->needs_repair());
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1", "b0", "b1"));
  EXPECT_EQ(put(1, "d"), 4);
}

TEST_F(flush_test, a_suspect_log_does_not_close_cleanly) {
  put(2, "a");
  fail_flush();
  EXPECT_FALSE(log->close(true));
}

TEST(flush_policy_test, counts_messages) {
  log_config config;
  config.flush_messages = 10;
  EXPECT_EQ(decide_flush(config, {9, {0}}, {100}), flush_decision::none);
  EXPECT_EQ(decide_flush(config, {10, {0}}, {100}), flush_decision::now);
  EXPECT_EQ(decide_flush(config, {0, {0}}, {100}), flush_decision::none);
}

TEST(flush_policy_test, counts_time) {
  log_config config;
  config.flush_ms = 50;
  EXPECT_EQ(flush_due(config, {1, {100}}).value, 150);
  EXPECT_EQ(decide_flush(config, {1, {100}}, {149}), flush_decision::later);
  EXPECT_EQ(decide_flush(config, {1, {100}}, {150}), flush_decision::now);
  EXPECT_EQ(decide_flush(config, {0, {100}}, {150}), flush_decision::none);
}

TEST(flush_policy_test, by_default_never) {
  EXPECT_EQ(decide_flush({}, {1'000'000, {0}}, {INT64_MAX}), flush_decision::none);
  EXPECT_EQ(flush_due({}, {1, {100}}).value, INT64_MAX);
}

}  // namespace jackdaw::log
