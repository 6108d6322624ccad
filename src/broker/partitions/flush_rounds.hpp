// Flushes in groups, a round at a time for each data directory: what was appended while a disk was at work shares the
// next round, and no disk waits for another. A log whose sync failed takes no part until it is repaired.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "context/shard_context.hpp"
#include "file_budget.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "partition_progress.hpp"
#include "partition_roles.hpp"
#include "partition_table.hpp"

namespace jackdaw::broker {

class flush_rounds {
 public:
  // `ended` is called after each round.
  flush_rounds(shard_context& home, partition_table& table, file_budget& files, partition_roles& roles,
               partition_progress& progress, unique_function<void()> ended);

  // In its disk's next round.
  void want(hosted_partition& p);
  // flush.ms: in a round when that is over.
  void want_later(hosted_partition& p);
  // Begins the rounds that somebody wants.
  void begin();
  // Nothing is wanted or under way.
  bool is_idle() const noexcept;
  // After a failed sync, or when a log was found so: until it succeeds.
  void repair(const partition_key& key);

 private:
  struct flush {
    partition_key key;
    const log::partition_log* log;  // another one may have taken its place when it is done
    log::flush_job job;
    result<void> outcome{};
  };
  struct round {
    std::size_t directory = 0;
    std::vector<flush> flushes;
  };
  struct disk_queue {
    std::vector<partition_key> wanted;
    bool is_running = false;
  };

  void begin(std::size_t directory);
  void finished(round& r);
  void flushed(hosted_partition& p, const flush& f);
  void failed(hosted_partition& p, const flush& f);
  void repaired(hosted_partition& p);

  shard_context& home_;
  partition_table& table_;
  file_budget& files_;
  partition_roles& roles_;
  partition_progress& progress_;
  unique_function<void()> ended_;
  std::vector<disk_queue> disks_;  // by data directory
};

}  // namespace jackdaw::broker
