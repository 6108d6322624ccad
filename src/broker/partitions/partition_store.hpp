// The partitions that one shard hosts: their logs, what waits for them, and the grouped flush. Knows nothing of
// requests; jobs go in and come back filled.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "context/partition_key.hpp"
#include "context/timers.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/log/log_directory.hpp"
#include "jackdaw/log/partition_log.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "jackdaw/replica/partition_leader.hpp"
#include "log_mover.hpp"
#include "log_opening.hpp"
#include "partition_jobs.hpp"

namespace jackdaw::broker {

class shard_state;

// A partition whose log is open here.
struct hosted_partition {
  hosted_partition(log::topic_partition tp, const uuid& id, std::size_t in_directory,
                   std::unique_ptr<log::partition_log> opened, replica::partition_leader led)
      : name(std::move(tp)), topic_id(id), directory(in_directory), log(std::move(opened)), leader(std::move(led)) {}

  log::topic_partition name;
  uuid topic_id;
  std::size_t directory = 0;  // index into the storage's
  std::unique_ptr<log::partition_log> log;
  replica::partition_leader leader;
  log::flush_state unflushed;
  std::int64_t unseen_bytes = 0;      // appended, and not known to be below the high watermark
  timer_queue::handle flush_timer{};  // flush.ms
  bool is_flush_wanted = false;       // in flush_group's next round
  bool is_repairing = false;
  bool is_held = false;  // about to be switched to another data directory: appends wait
  std::vector<unique_function<void()>> held;
  bool has_files = false;           // used since its files were last let go of: some may be open
  bool was_used = false;            // since release_idle_files() last looked
  bool checkpoint_due = false;      // the recovery point moved since the last checkpoint
  std::vector<fetch_key> watchers;  // fetches that wait for data here

  partition_key key() const noexcept { return {topic_id, name.partition}; }
  offset high_watermark() const noexcept { return leader.high_watermark(); }
};

class partition_store {
 public:
  explicit partition_store(shard_state& home);

  // Appends each item; `done` comes once all are as durable as the topic's flush settings ask.
  void append(append_job_ptr job);
  void read(read_job_ptr job);
  void unwatch(fetch_key key);
  // Flushes what was appended since the last call, in one group, and tells the fetches that wait for data.
  void end_of_batch();

  // Null unless its log is open now.
  hosted_partition* find_open(const partition_key& key) noexcept;
  // Gives `then` the open log of a partition that this broker leads and this shard owns, or what is wrong: at once,
  // unless the log must be opened by a worker. Those who wait for one partition are called in the order they came.
  void with_open(const partition_key& key, opened_function then);
  // Whether the partition's directory was there at start, and where; nothing if it wasn't, or has gone since.
  std::optional<std::size_t> found_in(const log::topic_partition& name) const;
  // Moves a partition to another data directory. One that nobody knows yet is to be made there.
  void move(hosted_partition& p, std::size_t directory) { mover_.move(p, directory); }
  void prefer_directory(const log::topic_partition& name, std::size_t directory);
  std::optional<log_mover::progress> find_move(const hosted_partition& p) const { return mover_.find(p); }
  // After a start: goes on with moves that the end of the last run interrupted.
  void resume_moves();
  // After a start: checks, in the background, the logs that were not closed cleanly.
  void recover_found();
  // Those that are open, in no particular order.
  template <class F>
  void for_each_open(F&& f) {
    for (auto& [key, p] : open_) f(*p);
  }

  // The image has moved on: makes new partitions' directories, drops deleted topics, passes on settings. `applied`
  // comes when nobody uses the directories of deleted topics any more, so that their names are free.
  void apply(const metadata::delta& change, unique_function<void()> applied);
  // Of those that may change while the broker runs; before the change that brings them is applied.
  void settings_changed();
  // Retention and rolling: what time alone brings about.
  void housekeeping();
  // Forgets idempotent producers that were silent for long.
  void expire_producers();
  // Tells shard 0 the recovery points that moved since the last call.
  void checkpoint();
  // Moves a log's start (DeleteRecords); the new log start offset. -1 is the high watermark.
  boost::system::result<offset, partition_problem> delete_records(hosted_partition& p, offset before);

  // Waits for flushes and openings under way, then closes all logs; `done` follows.
  void close(unique_function<void()> done);

 private:
  friend class log_mover;
  struct flush {
    partition_key key;
    const log::partition_log* log;  // another one may have taken its place when it is done
    log::flush_job job;
    std::int64_t bytes;  // of those that nobody sees yet, what this makes durable
  };
  struct flush_round {
    std::vector<flush> flushes;
    std::vector<result<void>> outcomes;
    std::vector<append_job_ptr> waiting;
  };

  boost::system::result<const metadata::topic*, partition_problem> led_here(const partition_key& key) const;
  log_opening prepare_opening(const partition_key& key, const metadata::topic& topic);
  open_outcome open_now(const partition_key& key, const metadata::topic& topic);
  void start_openings();
  void opening_finished(const partition_key& key, log_opening& o);
  void let_go(log_opening& o);
  void dropped();
  open_outcome take_up(const partition_key& key, log_opening& o);
  std::vector<std::pair<partition_key, std::string>> found_here(bool unclean_only) const;
  void open_found(bool unclean_only);
  void background_ended(bool succeeded, std::uint64_t bytes_checked);
  std::shared_ptr<const log::log_config> config_of(const metadata::topic& topic);
  replica::leader_settings leader_settings_of(const metadata::topic& topic) const;
  void append_one(hosted_partition& p, append_item& item, const append_job& job, bool& must_flush);
  void with_writable(const partition_key& key, opened_function then);
  void append_when_open(append_job_ptr job, const std::vector<std::size_t>& unopened, bool must_flush);
  void finish_append(append_job_ptr job, bool must_flush);
  void want_flush(hosted_partition& p);
  void start_flush();
  void flush_finished(flush_round& round);
  void fail_items(flush_round& round, const partition_key& key, const error& why);
  void note_flush_timer(hosted_partition& p);
  void repair(partition_key key);
  void moved_up(hosted_partition& p, std::int64_t bytes);
  void tell_watchers();
  std::optional<log::cold_read> read_one(hosted_partition& p, read_item& item, const read_job& job, std::int64_t& left,
                                         bool& first);
  void read_when_open(read_job_ptr job);
  void take_cold(read_item& item, result<log::read_slice> slice);
  void finish_read(read_job_ptr job);
  void note_checkpoints(const hosted_partition& p);
  void remove_topic(const metadata::topic& topic);
  void use_files(hosted_partition& p);
  void release_idle_files();
  void go_on_closing();
  void finish_close();
  void close_log(hosted_partition& p, std::vector<log::file_content>* unsynced);
  void closing_failed(const std::string& what, const error& why);

  shard_state& home_;
  std::unordered_map<partition_key, std::unique_ptr<hosted_partition>, partition_key_hash> open_;
  std::unordered_map<uuid, std::shared_ptr<const log::log_config>> configs_;  // one for all partitions of a topic
  std::map<fetch_key, std::vector<partition_key>> watched_;
  std::vector<std::pair<partition_key, std::int64_t>> moved_;  // high watermarks that rose, and by how many bytes
  std::vector<partition_key> flush_wanted_;
  std::vector<append_job_ptr> waiting_for_flush_;
  bool flush_running_ = false;
  std::deque<partition_key> with_files_;  // those with has_files, the longest unused ones rather at the front
  std::size_t with_files_max_;
  log::append_scratch scratch_;
  opening_queue openings_;
  log_mover mover_;
  std::map<log::topic_partition, std::size_t> preferred_;  // directories of partitions that don't exist yet
  std::size_t dropping_ = 0;                               // running openings and moves of deleted topics
  std::vector<unique_function<void()>> when_dropped_;      // changes that are applied when those have ended
  std::size_t to_check_ = 0;                               // logs that recover_found() still waits for
  bool recovery_failed_ = false;
  bool all_trusted_ = false;  // no log is left that must be checked before it is used
  bool all_opened_ = false;   // housekeeping has had every log with records opened
  unique_function<void()> closed_;
  bool is_closed_ = false;
};

}  // namespace jackdaw::broker
