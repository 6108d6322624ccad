// The log of one partition: segments, indexes, producers' state, leader epochs, in Kafka's layout
// (docs/formats/log.md). Owned by one shard and called on its thread only; synchronous over a disk. What may take
// long is handed out as a job that any thread may run: cold_read, timestamp_lookup, flush_job, repair_job, removal.
//
// A partition without data has no open files and takes a few hundred bytes; its first append makes the first segment.
//
// Holds after every call: log start <= end; recovery point <= end; offsets only rise; every index entry names a batch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/append.hpp"
#include "jackdaw/log/disk.hpp"
#include "jackdaw/log/flush.hpp"
#include "jackdaw/log/jobs.hpp"
#include "jackdaw/log/leader_epochs.hpp"
#include "jackdaw/log/log_config.hpp"
#include "jackdaw/log/producers.hpp"
#include "jackdaw/log/read.hpp"

namespace jackdaw::log {

class segment;
struct segment_check;

struct open_options {
  std::string directory;  // <log dir>/<topic>-<partition>; made if it isn't there, but not its parents
  uuid topic_id;
  partition_id partition;
  std::shared_ptr<const log_config> config;
  bool clean_shutdown = false;  // true: the files are trusted as they are
  offset recovery_point{0};     // from the checkpoint; 0 if it has none
  offset log_start_offset{0};   // from the checkpoint; 0 if it has none
  timestamp_ms now;
  bool is_new = false;      // true: just created, don't look for files; partition.metadata is synced by create_logs
  bool must_exist = false;  // true: errc::not_found when the directory isn't there, instead of a new one
};

// What opening found and did. Say it in the log when `notable()`.
struct recovery_report {
  std::uint64_t bytes_checked = 0;
  std::uint64_t bytes_cut = 0;                // of a torn tail
  std::vector<std::string> quarantined;       // files that damage in the middle was moved to
  bool damaged_below_recovery_point = false;  // bytes that had been synced are lost
  std::string detail;                         // what happened, in words

  bool notable() const noexcept { return bytes_cut != 0 || !quarantined.empty() || !detail.empty(); }
};

class partition_log {
 public:
  // errc::io, errc::no_space; errc::invalid_argument if the directory belongs to another topic id. Touches nothing but
  // its directory: many may be opened at once on worker threads, then handed to their shards.
  static result<std::unique_ptr<partition_log>> open(disk& d, open_options options, recovery_report* report = nullptr);
  // Closing is close(); without it the files are as after a kill.
  ~partition_log();
  partition_log(const partition_log&) = delete;
  partition_log& operator=(const partition_log&) = delete;

  const std::string& directory() const noexcept { return directory_; }
  // The directory was renamed, and whatever is in it is still this log's.
  void directory_renamed(const std::string& to);
  const uuid& topic_id() const noexcept { return topic_id_; }
  partition_id partition() const noexcept { return partition_; }
  const log_config& config() const noexcept { return *config_; }
  void set_config(std::shared_ptr<const log_config> config) noexcept { config_ = std::move(config); }

  // The first offset that readers see; the next offset to be given; what is on the disk for sure.
  offset log_start_offset() const noexcept { return log_start_; }
  offset log_end_offset() const noexcept { return log_end_; }
  offset recovery_point() const noexcept { return recovery_point_; }
  std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  std::size_t segment_count() const noexcept;
  // Counts truncations: what was found before one may not be there any more.
  std::uint32_t truncations() const noexcept { return truncations_; }
  bool is_current(const read_slice& slice) const noexcept { return !away_ && slice.truncations == truncations_; }

  // Validates `records` where they lie, patches offsets, epoch and timestamps into them, writes them at the end. On
  // failure the log is as before. `records` may be changed even then.
  append_outcome append(mutable_bytes records, const append_options& options, append_scratch& scratch);

  // Whole batches from the one that holds `from` on, from one segment, at most `max_bytes` (but one whole batch with
  // `min_one_batch`), all below `upper_bound`. errc::out_of_range unless log start <= from <= log end. Reads at or near
  // the end need no disk; others come back `cold` when they would have to wait for one.
  result<read_outcome> read(offset from, std::uint32_t max_bytes, offset upper_bound, bool min_one_batch);

  // The first record with a timestamp of `target` or later, below `upper_bound` (ListOffsets).
  timestamp_lookup find_timestamp(timestamp_ms target, offset upper_bound) const;
  // The record with the largest timestamp; the first of them if several have it.
  timestamp_lookup find_max_timestamp(offset upper_bound) const;

  // Leader epochs. A new leader assigns its epoch at the log's end; appends assign those of their batches.
  const leader_epochs& epochs() const noexcept { return epochs_; }
  void assign_epoch(leader_epoch epoch, offset start);
  epoch_end end_offset_for(leader_epoch requested) const noexcept {
    return epochs_.end_offset_for(requested, log_end_);
  }

  // Forgets everything at or above `end` (a batch that reaches over it, whole). Nothing happens beyond the log's end.
  // The recovery point may go down: write its checkpoint before anything else is appended. Syncs when it cuts what had
  // been synced. Waits for the disk: where others wait for this thread, use prepare_truncation.
  result<void> truncate_to(offset end);
  // Forgets everything; the next record gets `start`. Waits for the disk, too.
  result<void> truncate_fully_and_start_at(offset start);
  // The same by a worker (jobs.hpp). Neither a truncation nor a removal is under way, nor does the log need a repair.
  truncation_job prepare_truncation(offset end);
  truncation_job prepare_restart(offset start);
  // Returns `outcome`, or why a flush failed meanwhile (the log then needs a repair).
  result<void> truncation_done(truncation_job job, const result<void>& outcome);
  // A truncation is with a worker.
  bool is_truncating() const noexcept { return away_; }
  // Moves the log's start up (DeleteRecords, or what a leader reports): errc::out_of_range beyond the end, errc::busy
  // while it is truncated. The broker saves it by log_directory::log_starts(); files go at the next retention run.
  result<void> move_log_start(offset start);

  // Drops whole segments that retention.ms, retention.bytes or the log start allow, none that reaches above the high
  // watermark; rolls the last segment first if it may go too. retention_done says whether any went (the log start may
  // have moved); a segment whose times couldn't be read stays, and those behind it.
  retention_job prepare_retention(offset high_watermark, timestamp_ms now) const;
  result<bool> retention_done(const retention_job& job);
  // Files of dropped segments that are to be renamed, or whose file.delete.delay.ms has passed at `now`.
  removal_job prepare_removal(timestamp_ms now);
  void removal_done(removal_job job);
  // All of it, here and now, but for removing files.
  result<bool> apply_retention(offset high_watermark, timestamp_ms now);
  // When time may next give retention something to do; timestamp_ms{INT64_MAX} if never by time alone. Waits for the
  // disk if nobody has looked at the first segment.
  timestamp_ms next_retention_check(timestamp_ms now);
  // Files renamed to *.deleted whose file.delete.delay.ms has passed: remove them on a worker. Whoever uses
  // prepare_removal doesn't need it.
  std::vector<std::string> take_removable_files(timestamp_ms now);
  // True if there is something to rename or to remove, now or later.
  bool has_removable_files() const noexcept;
  // Starts a new segment if the last one is older than segment.ms (idle partitions: appends do it by themselves).
  result<void> roll_if_old(timestamp_ms now);
  result<void> roll(timestamp_ms now);

  // A segment was rolled (or files were changed otherwise): flush soon, in the background, whatever the flush settings
  // say, so that recovery needn't begin before it.
  bool wants_flush() const noexcept;
  // Nothing to do if the job has no files: call flush_done at once. Several may be under way.
  flush_job prepare_flush();
  // Moves the recovery point: save it by log_directory::recovery_points().
  void flush_done(const flush_job& job);
  // From now on appends are refused (kafka_storage_error) until a repair succeeded.
  void flush_failed(const flush_job& job, const error& why);
  bool needs_repair() const noexcept;
  result<repair_job> prepare_repair();
  // Cuts the log where the job found batches gone (then, or when the log was truncated meanwhile, it needs another
  // repair); else appends are accepted again.
  result<void> repair_done(const repair_job& job, const repair_job::outcome& outcome);

  // Producers. Expired ones are forgotten (producer.id.expiration.ms).
  std::vector<producer_description> describe_producers() const;
  void expire_producers(timestamp_ms now);
  std::size_t producer_count() const noexcept;

  // Transactions: the first offset that a read_committed reader must not see yet, given the high watermark.
  offset last_stable_offset(offset high_watermark) const noexcept;
  // Lets go of finished transactions that are below the high watermark now.
  void high_watermark_moved(offset high_watermark);
  // The aborted transactions that touch [from, upper_bound). Reads .txnindex files: errc::busy while it is truncated.
  result<std::vector<aborted_transaction>> aborted_transactions(offset from, offset upper_bound) const;

  // Writes indexes, producer snapshot and epochs, and with `sync` waits for the disk; then the log takes no more calls.
  result<void> close(bool sync);
  // As close(true), but what it wrote, and the files that it gives, are on the disk after sync_in_bulk only.
  result<std::vector<file_content>> close_unsynced();
  // Lets go of open files (they are opened again when needed): for logs that have been idle for a while.
  void release_files();
  std::size_t open_file_count() const noexcept;
  // Files that are held open until the next flush whatever release_files() does: what was written to them isn't synced.
  bool has_unsynced_files() const noexcept;
  // Checks the class's invariants; for tests.
  void check() const;

 private:
  struct state;
  friend struct log_opener;
  friend class truncation_job;
  friend std::vector<result<std::unique_ptr<partition_log>>> create_logs(disk& d, std::vector<open_options> wanted);

  partition_log(disk& d, open_options& options);

  // Appending.
  bool admit(mutable_bytes bytes, const append_options& options, append_scratch& scratch, append_outcome& out);
  void give_offsets(mutable_bytes bytes, const append_options& options, append_outcome& out);
  result<void> write(mutable_bytes bytes, const append_options& options, offset last);
  result<void> write_at_end(file& f, bytes_view bytes);
  result<void> give_back_reserve();
  void commit(mutable_bytes bytes, const append_options& options, append_scratch& scratch);
  void note_epoch(leader_epoch epoch, offset start);
  void note_producer(const protocol::batch_view& batch, timestamp_ms now, protocol::record_reader& reader);
  void note_aborted(const aborted_transaction& aborted);
  bool must_roll(std::size_t size_bytes, offset last, timestamp_ms largest, timestamp_ms now) const;
  bool is_old(const segment& s, timestamp_ms largest, timestamp_ms now) const;
  std::int64_t roll_age_ms(const segment& s) const;
  result<void> make_state(timestamp_ms now);
  void write_producer_snapshot();
  result<void> write_unwritten_aborts();
  result<void> write_index_page();
  // Reading.
  read_slice read_tail(const segment& s, std::uint64_t start, std::uint32_t max_bytes, offset upper_bound,
                       bool min_one_batch) const;
  result<read_outcome> read_segments(std::size_t index, offset from, std::uint32_t max_bytes, offset upper_bound,
                                     bool min_one_batch);
  result<std::unique_ptr<segment_view>> owned_view(std::size_t index);
  void use_old_segment(std::size_t index);
  bool is_older_than_repair(const flush_job& job) const noexcept;
  // Forgetting.
  truncation_job lend(offset to, bool restarts);
  void move_content(partition_log& from);
  result<segment_check> walk_again(segment& s, std::uint64_t size, offset end);
  result<void> cut_segments(std::size_t keep, std::uint64_t size, offset end);
  void doom_segment(segment& s, timestamp_ms due);
  void doom(const std::string& path, timestamp_ms due);
  void doom_later(std::string path, timestamp_ms due);
  result<void> rename_doomed();
  std::optional<bool> may_go(const segment& s, offset end, std::uint64_t bytes_left, timestamp_ms now) const;
  offset end_of(std::size_t index) const;
  void drop_oldest_segments(std::size_t count, timestamp_ms now);
  void drop_snapshots_below(offset start);
  void start_moved(offset start);
  // Producers, from the snapshot at or below the log's end and the batches behind it. Aborted transactions whose
  // markers lie at or above `rebuild_from` are written to .txnindex again.
  result<void> reload_producers(timestamp_ms now, offset rebuild_from);
  result<void> replay_producers(offset from, timestamp_ms now, offset rebuild_from);
  result<void> recall_batches(offset before);

  disk& disk_;
  std::string directory_;
  uuid topic_id_;
  partition_id partition_;
  std::uint32_t truncations_ = 0;
  std::shared_ptr<const log_config> config_;
  offset log_start_;
  offset log_end_;
  offset recovery_point_;
  std::uint64_t size_bytes_ = 0;
  leader_epochs epochs_;
  std::unique_ptr<state> state_;  // only once there is data
  bool metadata_synced_ = true;   // partition.metadata; else the first flush takes it along
  bool away_ = false;             // a truncation_job has state and epochs
  std::optional<error> failed_while_away_;
};

}  // namespace jackdaw::log
