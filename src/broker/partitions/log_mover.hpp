// Moves of partitions between the data directories of one shard's broker, while they are written and read (KIP-113).
//
//   copying --caught up--> switching: appends wait, a worker copies the rest, syncs, renames --> the copy is the log
//
// The copy is made by workers, a piece at a time. A move that a restart interrupts begins anew.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context/partition_key.hpp"
#include "context/shard_context.hpp"
#include "file_budget.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "log_copy.hpp"
#include "partition_events.hpp"
#include "partition_progress.hpp"
#include "partition_table.hpp"
#include "topic_configs.hpp"

namespace jackdaw::broker {

class log_housekeeping;

class log_mover {
 public:
  // `ended` is called after each step by a worker.
  log_mover(shard_context& home, partition_events& events, partition_table& table, topic_configs& configs,
            file_budget& files, partition_progress& tell, const log_housekeeping& housekeeping,
            unique_function<void()> ended)
      : home_(home),
        events_(events),
        table_(table),
        configs_(configs),
        files_(files),
        progress_(tell),
        housekeeping_(housekeeping),
        ended_(std::move(ended)) {}

  // To the directory where it is: a running move ends. `resumed` is the path of a copy that an earlier run left.
  void move(hosted_partition& p, std::size_t directory, std::string resumed = {});
  // How far the copy of a partition is; nothing if it doesn't move.
  struct progress {
    std::size_t directory = 0;
    std::uint64_t size_bytes = 0;
    std::int64_t lag = 0;  // offsets that it lacks
  };
  std::optional<progress> find(const hosted_partition& p) const;
  // The partition is deleted, and closed already. False if it doesn't move; else `dropped` comes when its directories
  // are free.
  bool drop(const partition_key& key, unique_function<void()> dropped);

  // Before the end: nothing new is begun; copies stay for the next start.
  void close();
  bool is_busy() const noexcept { return running_ != 0; }

 private:
  struct log_move {
    partition_key key;
    log::topic_partition name;
    std::size_t to = 0;
    std::unique_ptr<log_copy> copy;
    offset next;
    std::uint64_t size_bytes = 0;
    std::uint32_t truncations = 0;  // of the source when the copy began
    bool is_active = false;         // one of those at work
    bool is_running = false;        // a worker has the copy
    bool is_switching = false;      // appends wait for it
    bool is_cancelled = false;
    timer_queue::handle timer{};
    unique_function<void()> dropped;
  };
  using move_ptr = std::shared_ptr<log_move>;

  std::size_t active_max() const;
  void begin(const move_ptr& m, hosted_partition& p, std::string resumed);
  void start_next();
  void step(const move_ptr& m);
  void step_after(const move_ptr& m, duration pause);
  duration pause_after(std::uint64_t bytes) const;
  bool is_stale(const log_move& m, const hosted_partition& p) const;
  void stepped(const move_ptr& m, const result<void>& outcome, std::uint64_t size_before);
  void switch_over(const move_ptr& m, hosted_partition& p);
  void put_away(std::size_t directory, const log_move& m, std::string marker);
  void cancel(const move_ptr& m);
  void undo(const move_ptr& m);
  void ended(const move_ptr& m);
  void release_held(const partition_key& key);

  shard_context& home_;
  partition_events& events_;
  partition_table& table_;
  topic_configs& configs_;
  file_budget& files_;
  partition_progress& progress_;
  const log_housekeeping& housekeeping_;
  unique_function<void()> ended_;
  std::map<partition_key, move_ptr> moves_;
  std::deque<move_ptr> waiting_;
  // Of partitions that have moved, while the directory that they left is put away: whom to tell when it is.
  std::map<partition_key, std::vector<unique_function<void()>>> leaving_;
  std::size_t active_ = 0;
  std::size_t running_ = 0;
  bool closed_ = false;
};

}  // namespace jackdaw::broker
