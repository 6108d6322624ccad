// What time alone brings about for the logs of a shard: rolling, retention, the removal of files that nobody reads any
// more. The shard decides; what waits for the disk is done by workers, for many logs at a time.
#pragma once

#include <memory>
#include <vector>

#include "context/shard_context.hpp"
#include "flush_rounds.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/log/jobs.hpp"
#include "partition_progress.hpp"
#include "partition_table.hpp"

namespace jackdaw::broker {

class log_mover;

class log_housekeeping {
 public:
  // `ended` is called after each job of a worker.
  log_housekeeping(shard_context& home, partition_table& table, partition_progress& progress, flush_rounds& flushes,
                   unique_function<void()> ended)
      : home_(home), table_(table), progress_(progress), flushes_(flushes), ended_(std::move(ended)) {}

  // One round over the open logs, but for those that move to another directory. Nothing if one is under way.
  void run(const log_mover& mover);
  // A worker may be renaming or removing files: no directory of a log may be renamed, and no log closed.
  bool is_busy() const noexcept { return is_busy_; }
  // At once, or when the round that is under way has ended.
  void when_idle(unique_function<void()> then);

 private:
  template <class Job>
  struct one {
    partition_key key;
    const log::partition_log* log;
    Job job;
    result<void> outcome{};
  };
  template <class Job>
  using many = std::shared_ptr<std::vector<one<Job>>>;

  void apply(hosted_partition& p, const log::retention_job& job);
  void retained(const many<log::retention_job>& read);
  void remove_files();
  void finished();

  shard_context& home_;
  partition_table& table_;
  partition_progress& progress_;
  flush_rounds& flushes_;
  unique_function<void()> ended_;
  bool is_busy_ = false;
  std::vector<partition_key> in_round_;
  std::vector<unique_function<void()>> when_idle_;
};

}  // namespace jackdaw::broker
