// How the logs of a shard's partitions come to be open, all by workers: new ones are made, many at a time, those that
// were there at start are opened when somebody needs them, or in the background when they must be checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "context/shard_context.hpp"
#include "flush_rounds.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "log_opening.hpp"
#include "log_search.hpp"
#include "partition_events.hpp"
#include "partition_roles.hpp"
#include "partition_table.hpp"
#include "topic_configs.hpp"

namespace jackdaw::broker {

class partition_opener {
 public:
  // `ended` is called after each job of a worker. `let_go` takes the directory of a log whose partition is gone,
  // opened in vain.
  partition_opener(shard_context& home, partition_events& events, partition_table& table, topic_configs& configs,
                   partition_roles& roles, partition_progress& progress, flush_rounds& flushes,
                   unique_function<void()> ended,
                   unique_function<void(std::size_t directory, const log::topic_partition&)> let_go);

  // Gives `then` the open log of a partition that this broker leads and this shard owns, or what is wrong: at once,
  // unless the log must be opened by a worker. Those who wait for one partition are called in the order they came.
  void with_led(const partition_key& key, opened_function then);
  // The same, whatever this broker is to the partition.
  void with_held(const partition_key& key, opened_function then);
  // A partition that is new to this broker, if it is: its log is made at the next begin_making(), together with
  // others'. Who asks for it meanwhile waits. What nobody has begun to make when this closes is the next start's.
  void make(const partition_key& key, const metadata::topic& topic);
  void begin_making();

  // Whether the partition's directory was there at start, and where; nothing if it wasn't, or has gone since.
  std::optional<std::size_t> found_in(const log::topic_partition& name) const;
  void prefer_directory(const log::topic_partition& name, std::size_t directory);
  // Where its directory is, or would be.
  std::size_t directory_of(const partition_key& key, const log::topic_partition& name) const;
  // That directory, if it was there at start, has gone.
  void forget_directory(const log::topic_partition& name);

  // Nobody wants the log of a partition any more: who waits is told. True if a worker is at it: let_go() follows then.
  bool drop(const partition_key& key, const partition_problem& why);
  // After a start: checks, in the background, the logs that were not closed cleanly.
  void recover_found();
  // Opens what holds records and wasn't opened yet: time passes for logs that nobody uses, too.
  void open_all_found();
  void settings_changed();

  void close();
  bool is_closed() const noexcept { return is_closed_; }
  bool is_idle() const noexcept { return openings_.running() == 0; }
  // No log is left that must be checked before it is used.
  bool is_all_trusted() const noexcept { return all_trusted_; }

 private:
  using topic_or_problem = boost::system::result<const metadata::topic*, partition_problem>;

  std::size_t openings_at_a_time() const;
  topic_or_problem held_here(const partition_key& key) const;
  struct made_log {
    partition_key key;
    log_opening opening;
  };
  void make_now(std::vector<made_log> logs);
  log_opening prepare(const partition_key& key, const metadata::topic& topic);
  void start();
  void finished(const partition_key& key, log_opening& o);
  open_outcome take_up(const partition_key& key, log_opening& o);
  std::vector<log_search::candidate> found_here(bool unclean_only) const;
  void open_found(bool unclean_only);
  void go_on_searching(std::shared_ptr<log_search> s, bool unclean_only);
  void open_in_background(const std::vector<partition_key>& logs, bool unclean_only);
  void background_ended(bool succeeded, std::uint64_t bytes_checked);

  shard_context& home_;
  partition_events& events_;
  partition_table& table_;
  topic_configs& configs_;
  partition_roles& roles_;
  partition_progress& progress_;
  flush_rounds& flushes_;
  unique_function<void()> ended_;
  unique_function<void(std::size_t, const log::topic_partition&)> let_go_;
  opening_queue openings_;
  std::deque<made_log> to_make_;
  std::size_t making_jobs_ = 0;
  std::set<log::topic_partition> gone_;                    // found at start, and put away since
  std::map<log::topic_partition, std::size_t> preferred_;  // directories of partitions that don't exist yet
  std::size_t to_check_ = 0;                               // logs that recover_found() still waits for
  bool recovery_failed_ = false;
  bool all_trusted_ = false;
  bool is_closed_ = false;
};

}  // namespace jackdaw::broker
