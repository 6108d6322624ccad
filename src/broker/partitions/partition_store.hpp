// The partitions that one shard hosts, put together. Knows nothing of requests; jobs go in and come back filled. What
// others are told goes out by partition_events.
//
//   partition_table    the open ones, by key                  hosted_partition: a log and a role
//   file_budget        which of their logs have files open
//   topic_configs      settings of topics, made once for all partitions
//   partition_roles    leading, following, offline            by the cluster's state (partition_changes)
//   partition_opener   how a log comes to be open             by need, in the background, or new
//   partition_appends  Produce                                validates, appends, asks for syncs
//   flush_rounds       syncs in groups, one per disk; repairs
//   partition_progress high watermarks that rise: who waits is acknowledged or told, checkpoints
//   partition_reads    Fetch
//   log_mover          moves between data directories
//   log_housekeeping   rolling, retention, removal of files
#pragma once

#include <map>
#include <optional>

#include "context/shard_context.hpp"
#include "file_budget.hpp"
#include "flush_rounds.hpp"
#include "log_housekeeping.hpp"
#include "log_mover.hpp"
#include "partition_appends.hpp"
#include "partition_changes.hpp"
#include "partition_events.hpp"
#include "partition_jobs.hpp"
#include "partition_opener.hpp"
#include "partition_progress.hpp"
#include "partition_reads.hpp"
#include "partition_roles.hpp"
#include "partition_table.hpp"
#include "topic_configs.hpp"

namespace jackdaw::broker {

// One shard's thread only.
class partition_store {
 public:
  partition_store(shard_context& home, partition_events& events);

  // ---- requests
  void append(append_job_ptr job) { appends_.append(std::move(job)); }
  void read(read_job_ptr job) { reads_.read(std::move(job)); }
  void unwatch(fetch_key key) { progress_.unwatch(key); }
  // partition_opener says when `then` is called.
  void with_open(const partition_key& key, opened_function then) { opener_.with_led(key, std::move(then)); }
  void with_held(const partition_key& key, opened_function then) { opener_.with_held(key, std::move(then)); }
  // Null unless its log is open now, whatever this broker is to it.
  hosted_partition* find_open(const partition_key& key) const noexcept { return table_.find(key); }
  // Whether the partition's directory was there at start, and where; nothing if it wasn't, or has gone since.
  std::optional<std::size_t> found_in(const log::topic_partition& name) const { return opener_.found_in(name); }
  // Moves a log's start (DeleteRecords); the new log start offset. -1 is the high watermark.
  boost::system::result<offset, partition_problem> delete_records(hosted_partition& p, offset before);
  // Moves a partition to another data directory. One that nobody knows yet is to be made there.
  void move(hosted_partition& p, std::size_t directory) { mover_.move(p, directory); }
  void prefer_directory(const log::topic_partition& name, std::size_t directory) {
    opener_.prefer_directory(name, directory);
  }
  std::optional<log_mover::progress> find_move(const hosted_partition& p) const { return mover_.find(p); }

  // ---- the cluster
  // The image has moved on: makes new partitions' directories, drops deleted ones, passes on roles and settings.
  // `applied` comes when nobody uses the directories of deleted topics any more, so that their names are free.
  void apply(const metadata::delta& change, unique_function<void()> applied) {
    changes_.apply(change, std::move(applied));
  }
  // Of those that may change while the broker runs; before the change that brings them is applied.
  void settings_changed() { opener_.settings_changed(); }
  void set_isr_proposer(isr_proposer proposer) { roles_.set_isr_proposer(std::move(proposer)); }
  // What was proposed in this epoch won't be.
  void isr_refused(const partition_key& key, leader_epoch epoch);

  // ---- time
  // Flushes what was appended since the last call, in groups, and tells the fetches that wait for data.
  void end_of_batch();
  // Retention and rolling: what time alone brings about.
  void housekeeping();
  // Forgets idempotent producers that were silent for long.
  void expire_producers();
  // Tells the recovery points, and the high watermarks, that moved since the last call.
  void checkpoint() { progress_.checkpoint_recovery_points(); }
  void checkpoint_high_watermarks() { progress_.checkpoint_high_watermarks(); }

  // ---- start and end
  // Goes on with moves that the end of the last run interrupted; checks, in the background, the logs that were not
  // closed cleanly.
  void resume_moves();
  void recover_found() { opener_.recover_found(); }
  // Waits for flushes and openings under way, then closes all logs; `done` follows.
  void close(unique_function<void()> done);

 private:
  void work_ended();
  void go_on_closing();
  void finish_close();
  void closing_failed(const std::string& what, const error& why);

  shard_context& home_;
  partition_events& events_;
  partition_table table_;
  file_budget files_;
  topic_configs configs_;
  partition_progress progress_;
  partition_roles roles_;
  flush_rounds flushes_;
  partition_opener opener_;
  log_housekeeping housekeeping_;
  log_mover mover_;
  partition_changes changes_;
  partition_appends appends_;
  partition_reads reads_;
  bool all_opened_ = false;  // housekeeping has had every log with records opened
  unique_function<void()> closed_;
};

}  // namespace jackdaw::broker
