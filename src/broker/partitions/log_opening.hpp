// Opening the log of a partition, or making it: how, and what came of it. Recovery after a kill reads all that lies
// behind the recovery point, and making one waits for the file system, so a worker does it.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "context/partition_key.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/broker/storage.hpp"
#include "jackdaw/log/partition_log.hpp"

namespace jackdaw::broker {

struct hosted_partition;

// Made on the shard, run once on any thread, taken up on the shard.
struct log_opening {
  log::topic_partition name;
  std::size_t directory = 0;  // index into the storage's
  log::open_options how;
  offset high_watermark{0};  // from the checkpoint; 0 if it has none
  std::string put_aside;     // where the directory goes if it belongs to a deleted topic of the same name

  result<std::unique_ptr<log::partition_log>> log = fail(errc::closed, "nobody opened it");
  log::recovery_report report;
  bool was_put_aside = false;

  void run(storage& s);

 private:
  void open(storage& s);
};

using open_outcome = boost::system::result<hosted_partition*, partition_problem>;
using opened_function = unique_function<void(open_outcome)>;

// Which logs of one shard wait to be opened, in which order, and who waits for them. Those that a request needs come
// first, then those that only have to be checked.
class opening_queue {
 public:
  explicit opening_queue(std::size_t running_max) : running_max_(running_max) {}

  void set_running_max(std::size_t running_max) noexcept { running_max_ = running_max; }
  bool contains(const partition_key& key) const { return openings_.contains(key); }
  bool is_empty() const noexcept { return openings_.empty(); }
  // Those under way, those that are being made included.
  std::size_t running() const noexcept { return running_ + making_; }

  // `then` is called by whoever takes it from finished() or give_up().
  void ask(const partition_key& key, opened_function then);
  void ask_in_background(const partition_key& key);
  // It is new, and made at once together with others, however many are being opened. Not if it is asked for already.
  void begin_making(const partition_key& key);
  // The next to be run, if one more may.
  std::optional<partition_key> next();

  struct ended {
    std::vector<opened_function> waiting;  // in the order in which they asked
    bool is_dropped = false;               // nobody wants the log any more
    bool was_in_background = false;
  };
  // The opening that next() gave, or begin_making(), has ended.
  ended finished(const partition_key& key);
  // Nobody wants the log any more. Those who waited; a running opening is finished() later, and is dropped then.
  std::vector<opened_function> drop(const partition_key& key);
  bool is_dropped(const partition_key& key) const;
  // Forgets all that isn't running.
  std::vector<opened_function> give_up();

 private:
  struct opening {
    std::vector<opened_function> waiting;
    bool is_running = false;
    bool is_made = false;
    bool is_dropped = false;
    bool is_in_background = false;
  };
  std::optional<partition_key> pop(std::deque<partition_key>& from);

  std::size_t running_max_;
  std::size_t running_ = 0;
  std::size_t making_ = 0;
  std::unordered_map<partition_key, opening, partition_key_hash> openings_;
  std::deque<partition_key> urgent_;
  std::deque<partition_key> background_;  // may name keys that are urgent, running or gone
};

}  // namespace jackdaw::broker
