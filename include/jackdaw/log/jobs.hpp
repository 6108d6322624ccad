// What a log has to do that waits for the disk, as jobs: `prepare_...` on the thread that owns the log, run() on any
// thread (one at a time for each job), then `..._done` on the owner's thread again. A job holds what it needs; the log
// may go on meanwhile as far as each job says. Flushes and repairs are in flush.hpp, reads in read.hpp.
//
//   retention:   auto job = log.prepare_retention(high_watermark, now);
//                if (job.needs_disk()) on a worker: outcome = job.run(disk);
//                log.retention_done(job);              // drops segments; its files go by the next removal
//   removal:     if (log.has_removable_files()) { auto job = log.prepare_removal(now);
//                if (!job.empty()) on a worker: job.run(disk);
//                log.removal_done(std::move(job)); }
//   truncation:  auto job = log.prepare_truncation(end);  // or prepare_restart(start)
//                on a worker: outcome = job.run();
//                log.truncation_done(std::move(job), outcome);
//   creation:    on a worker: logs = create_logs(disk, {options of each new partition});
//   closing:     on a worker: closed = close_logs(disk, {the logs}, directories);
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/disk.hpp"

namespace jackdaw::log {

class partition_log;
struct open_options;

// Reads the largest timestamps of segments that retention.ms may want and nobody has looked at since the log was
// opened. Appends, reads and flushes go on; after a truncation meanwhile its outcome counts for nothing.
class retention_job {
 public:
  retention_job() noexcept;
  retention_job(retention_job&&) noexcept;
  retention_job& operator=(retention_job&&) noexcept;
  ~retention_job();

  // False: run() has nothing to do, call retention_done at once.
  bool needs_disk() const noexcept { return unread_ != nullptr; }
  // errc::io, errc::corrupt. What was read before counts in retention_done all the same.
  result<void> run(disk& d);

 private:
  friend class partition_log;
  struct unread;

  std::unique_ptr<unread> unread_;
  offset high_watermark_;
  timestamp_ms now_;
  std::uint32_t truncations_ = 0;
};

// Renames the files of dropped segments to *.deleted, oldest segment first, and unlinks those whose
// file.delete.delay.ms has passed. Everything but a truncation, a rename of the directory and closing goes on
// meanwhile.
class removal_job {
 public:
  bool empty() const noexcept { return files_.empty(); }
  // errc::io. What wasn't done is tried again by a later job.
  result<void> run(disk& d);

 private:
  friend class partition_log;
  struct file {
    std::string present;  // its name now; empty once it is gone
    std::string deleted;  // its name until it is removed
    timestamp_ms due;
  };

  std::vector<file> files_;
  timestamp_ms now_;
};

// Truncates. It has all that the log knows until truncation_done: until then appends are refused (kafka_storage_error),
// reads, look-ups and moves of the log start say errc::busy, slices that were handed out aren't current any more, and
// the log's offsets are those from before. Flushes that are under way may end.
class truncation_job {
 public:
  truncation_job(truncation_job&&) noexcept;
  truncation_job& operator=(truncation_job&&) noexcept;
  ~truncation_job();

  // errc::io, errc::no_space, errc::corrupt: as partition_log::truncate_to.
  result<void> run();

 private:
  friend class partition_log;
  truncation_job(std::unique_ptr<partition_log> log, offset to, bool restarts) noexcept;

  std::unique_ptr<partition_log> log_;
  offset to_;
  bool restarts_ = false;
};

// Makes the directories and partition.metadata of new partitions (`is_new` is set for all of them) and brings them to
// the disk: each by itself, or by one sync of each file system when there are many. One result for each, in order: the
// others don't suffer from one that can't be made. Any thread; then hand the logs to their owners.
std::vector<result<std::unique_ptr<partition_log>>> create_logs(disk& d, std::vector<open_options> wanted);

// What a log's checkpoints must say when it has been closed.
struct closed_log {
  offset recovery_point;
  offset log_start_offset;
  result<void> outcome{};  // as partition_log::close(true)
};

// Closes logs that nobody uses any more, each with its own syncs, or with one sync of each of `data_directories` when
// there are many. One outcome for each, in order. Any thread; no job of these logs may be under way.
std::vector<closed_log> close_logs(disk& d, std::vector<std::unique_ptr<partition_log>> logs,
                                   const std::vector<std::string>& data_directories);

}  // namespace jackdaw::log
