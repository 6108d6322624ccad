// What waits for the disk is done by jobs: the log decides and takes results, and goes on meanwhile.
#include "jackdaw/log/jobs.hpp"

#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class jobs_test : public log_fixture {
 protected:
  // 120 records in segments of a few batches, timestamps from 1000 on.
  void fill() {
    config.segment_bytes = 1000;
    reconfigure();
    for (int i = 0; i < 60; ++i) put(2, "value-" + std::to_string(i), 1000 + i);
    flush();
    ASSERT_GT(log->segment_count(), 4u);
  }
  // The same, found on the disk: nobody has looked at the segments' times yet.
  void fill_and_reopen() {
    fill();
    close();
    open(false, true);
  }
  // Whatever the owner's thread does now, it must not touch the disk.
  void forbid_disk() {
    disk.set_fault_hook([this](disk_operation, const std::string& path) -> std::optional<errc> {
      touched.push_back(path);
      return std::nullopt;
    });
  }
  void allow_disk() {
    disk.set_fault_hook(nullptr);
    EXPECT_THAT(touched, IsEmpty());
  }
  bool any_named(const std::string& suffix) {
    const auto all = files();
    return std::any_of(all.begin(), all.end(), [&](const auto& name) { return name.ends_with(suffix); });
  }

  std::vector<std::string> touched;
};

TEST_F(jobs_test, retention_reads_times_and_renames_on_a_worker_only) {
  fill_and_reopen();
  config.retention_ms = 30;
  reconfigure();
  forbid_disk();
  auto job = log->prepare_retention(offset{100}, {1060});
  allow_disk();
  ASSERT_TRUE(job.needs_disk());
  ASSERT_TRUE(job.run(disk));
  const auto segments = log->segment_count();
  forbid_disk();
  EXPECT_TRUE(log->retention_done(job).value());
  log->check();
  EXPECT_LT(log->segment_count(), segments);
  EXPECT_GT(log->log_start_offset(), offset{40});
  EXPECT_LT(log->log_start_offset(), offset{62});
  auto removal = log->prepare_removal({1060});
  allow_disk();
  EXPECT_TRUE(has_file("00000000000000000000.log")) << "the worker hasn't been there yet";
  ASSERT_TRUE(removal.run(disk));
  log->removal_done(std::move(removal));
  EXPECT_FALSE(has_file("00000000000000000000.log"));
  EXPECT_TRUE(has_file("00000000000000000000.log.deleted"));
  EXPECT_TRUE(log->has_removable_files());

  auto late = log->prepare_removal({1060 + config.file_delete_delay_ms});
  ASSERT_TRUE(late.run(disk));
  log->removal_done(std::move(late));
  EXPECT_FALSE(log->has_removable_files());
  EXPECT_FALSE(any_named(".deleted"));
  EXPECT_EQ(read_all().size(), static_cast<std::size_t>(120 - log->log_start_offset().value()));
}

TEST_F(jobs_test, retention_by_what_is_known_needs_no_disk) {
  fill_and_reopen();
  config.retention_ms = 30;
  reconfigure();
  auto job = log->prepare_retention(offset{100}, {1060});
  ASSERT_TRUE(job.run(disk));
  ASSERT_TRUE(log->retention_done(job).value());
  EXPECT_FALSE(log->prepare_retention(offset{100}, {1060}).needs_disk()) << "the first that stays was looked at";
  config.retention_ms = -1;
  config.retention_bytes = 1000;
  reconfigure();
  auto by_size = log->prepare_retention(offset{120}, {1060});
  EXPECT_FALSE(by_size.needs_disk());
  EXPECT_TRUE(log->retention_done(by_size).value());
}

TEST_F(jobs_test, records_are_appended_while_a_worker_looks_at_times) {
  fill_and_reopen();
  config.retention_ms = 0;
  reconfigure();
  auto job = log->prepare_retention(offset{120}, {2000});
  put(3, "meanwhile", 2000);
  ASSERT_TRUE(job.run(disk));
  EXPECT_TRUE(log->retention_done(job).value());
  log->check();
  EXPECT_EQ(log->log_end_offset(), offset{123});
  EXPECT_EQ(values(read_all(120)).back(), "meanwhile2");
}

TEST_F(jobs_test, what_retention_found_before_a_truncation_counts_for_nothing) {
  fill_and_reopen();
  config.retention_ms = 0;
  reconfigure();
  auto job = log->prepare_retention(offset{120}, {2000});
  ASSERT_TRUE(job.run(disk));
  ASSERT_TRUE(log->truncate_to(offset{20}));
  EXPECT_FALSE(log->retention_done(job).value());
  EXPECT_EQ(log->log_start_offset(), offset{0});
}

TEST_F(jobs_test, a_segment_whose_times_cannot_be_read_stays) {
  fill_and_reopen();
  config.retention_ms = 0;
  reconfigure();
  auto job = log->prepare_retention(offset{120}, {2000});
  disk.set_fault_hook([](disk_operation what, const std::string&) -> std::optional<errc> {
    return what == disk_operation::read ? std::optional(errc::io) : std::nullopt;
  });
  EXPECT_EQ(job.run(disk).error().code, errc::io);
  disk.set_fault_hook(nullptr);
  EXPECT_FALSE(log->retention_done(job).value());
  EXPECT_EQ(log->log_start_offset(), offset{0});
}

TEST_F(jobs_test, a_removal_that_failed_is_tried_again) {
  fill();
  config.retention_bytes = 0;
  reconfigure();
  ASSERT_TRUE(log->retention_done(log->prepare_retention(offset{120}, now)).value());
  auto job = log->prepare_removal({INT64_MAX});
  disk.set_fault_hook([](disk_operation what, const std::string& path) -> std::optional<errc> {
    return what == disk_operation::remove && path.find("0.log") != std::string::npos ? std::optional(errc::io)
                                                                                     : std::nullopt;
  });
  EXPECT_EQ(job.run(disk).error().code, errc::io);
  log->removal_done(std::move(job));
  disk.set_fault_hook(nullptr);
  EXPECT_TRUE(log->has_removable_files());
  auto again = log->prepare_removal({INT64_MAX});
  ASSERT_TRUE(again.run(disk));
  log->removal_done(std::move(again));
  EXPECT_FALSE(log->has_removable_files());
  EXPECT_FALSE(any_named(".deleted"));
}

TEST_F(jobs_test, a_log_that_is_closed_renames_what_it_dropped) {
  fill();
  config.retention_bytes = 0;
  reconfigure();
  ASSERT_TRUE(log->retention_done(log->prepare_retention(offset{120}, now)).value());
  close();
  open(false, true);
  EXPECT_EQ(log->log_start_offset(), offset{120});
}

TEST_F(jobs_test, a_truncation_runs_elsewhere_while_appends_and_reads_are_refused) {
  fill();
  forbid_disk();
  auto job = log->prepare_truncation(offset{31});
  EXPECT_TRUE(log->is_truncating());
  const auto refused = append(make_batch(1));
  EXPECT_EQ(refused.error, append_error::kafka_storage_error);
  EXPECT_THAT(refused.message, HasSubstr("truncated"));
  EXPECT_EQ(log->read(offset{3}, 1000, offset{120}, true).error().code, errc::busy);
  EXPECT_EQ(log->find_timestamp({0}, offset{120}).run().error().code, errc::busy);
  EXPECT_EQ(log->move_log_start(offset{5}).error().code, errc::busy);
  EXPECT_EQ(log->aborted_transactions(offset{0}, offset{9}).error().code, errc::busy);
  EXPECT_TRUE(log->prepare_flush().empty());
  EXPECT_FALSE(log->prepare_retention(offset{120}, {INT64_MAX}).needs_disk());
  EXPECT_EQ(log->log_end_offset(), offset{120}) << "until it is done";
  allow_disk();
  const auto outcome = job.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(log->log_end_offset(), offset{120});
  forbid_disk();
  EXPECT_TRUE(log->truncation_done(std::move(job), outcome));
  allow_disk();
  log->check();
  EXPECT_FALSE(log->is_truncating());
  EXPECT_EQ(log->log_end_offset(), offset{30}) << "whole batches go";
  EXPECT_EQ(put(1), 30);
  EXPECT_EQ(read_all().size(), 31u);
}

TEST_F(jobs_test, slices_from_before_a_truncation_are_not_current_while_it_runs) {
  fill();
  const auto slice = read(3);
  ASSERT_TRUE(log->is_current(slice));
  auto job = log->prepare_truncation(offset{60});
  EXPECT_FALSE(log->is_current(slice));
  const auto outcome = job.run();
  ASSERT_TRUE(log->truncation_done(std::move(job), outcome));
  EXPECT_FALSE(log->is_current(slice));
}

TEST_F(jobs_test, a_restart_elsewhere_begins_an_empty_log) {
  fill();
  auto job = log->prepare_restart(offset{500});
  const auto outcome = job.run();
  ASSERT_TRUE(log->truncation_done(std::move(job), outcome));
  log->check();
  EXPECT_EQ(log->log_start_offset(), offset{500});
  EXPECT_EQ(put(1), 500);
}

TEST_F(jobs_test, a_flush_that_ends_during_a_truncation_is_made_again) {
  fill();
  put(2, "unflushed");
  const auto flush_job = log->prepare_flush();
  auto job = log->prepare_truncation(offset{121});
  ASSERT_TRUE(flush_job.run(disk));
  log->flush_done(flush_job);
  const auto outcome = job.run();
  ASSERT_TRUE(log->truncation_done(std::move(job), outcome));
  log->check();
  EXPECT_TRUE(log->wants_flush());
  flush();
  EXPECT_EQ(log->recovery_point(), offset{120});
}

TEST_F(jobs_test, a_flush_that_fails_during_a_truncation_leaves_a_log_that_needs_repair) {
  fill();
  put(2, "unflushed");
  const auto flush_job = log->prepare_flush();
  auto job = log->prepare_truncation(offset{60});
  log->flush_failed(flush_job, fail(errc::io, "the disk is gone"));
  const auto outcome = job.run();
  ASSERT_TRUE(outcome);
  EXPECT_FALSE(log->truncation_done(std::move(job), outcome));
  EXPECT_TRUE(log->needs_repair());
  EXPECT_EQ(append(make_batch(1)).error, append_error::kafka_storage_error);
}

TEST_F(jobs_test, a_log_without_records_restarts_by_a_worker_too) {
  auto job = log->prepare_restart(offset{7});
  const auto outcome = job.run();
  ASSERT_TRUE(log->truncation_done(std::move(job), outcome));
  EXPECT_EQ(put(1), 7);
}

TEST_F(jobs_test, a_look_up_by_time_opens_and_reads_on_the_worker) {
  fill_and_reopen();
  forbid_disk();
  auto by_time = log->find_timestamp({1030}, offset{120});
  auto largest = log->find_max_timestamp(offset{120});
  allow_disk();
  EXPECT_EQ(by_time.run().value()->at, offset{60});
  EXPECT_EQ(largest.run().value()->at, offset{118});
}

TEST_F(jobs_test, a_look_up_goes_on_where_retention_has_been) {
  fill_and_reopen();
  auto by_time = log->find_timestamp({0}, offset{120});
  config.retention_bytes = 2000;
  reconfigure();
  ASSERT_TRUE(log->apply_retention(offset{120}, now).value());
  EXPECT_EQ(by_time.run().value()->at, log->log_start_offset());
}

}  // namespace
}  // namespace jackdaw::log
