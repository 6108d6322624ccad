// Open files: of all logs of a shard together fewer than the process may have.
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "context/partition_key.hpp"
#include "context/shard_context.hpp"
#include "partition_table.hpp"

namespace jackdaw::broker {

class file_budget {
 public:
  file_budget(const shard_context& home, partition_table& table);

  // Before a partition's log is used.
  void use(hosted_partition& p);
  // After a bunch of uses: when too many logs have files open, half of them let go. What is in use stays open as long
  // as that is possible. `sync` is called for logs whose files can't be let go of before they are synced.
  template <class F>
  void keep(F&& sync) {
    if (with_files_.size() > max_ && !waits_for_sync_) release(sync);
  }
  // A sync that keep() asked for may have ended: there may be files to let go of now.
  void synced() noexcept { waits_for_sync_ = false; }
  std::size_t logs_with_files() const noexcept { return with_files_.size(); }

 private:
  bool release_one(hosted_partition& p);

  // Who was used since the last look gets a second chance, so that what is busy stays open.
  template <class F>
  void release(F&& sync) {
    std::size_t chances = with_files_.size();
    for (auto left = with_files_.size(); left != 0 && with_files_.size() > max_ / 2;) {
      const auto key = with_files_.front();
      with_files_.pop_front();
      auto* p = table_.find(key);
      if (p == nullptr) continue;
      if (std::exchange(p->was_used, false) && chances != 0) {
        --chances;
        with_files_.push_back(key);
        continue;
      }
      --left;
      if (release_one(*p)) continue;
      with_files_.push_back(key);
      sync(*p);
    }
    waits_for_sync_ = with_files_.size() > max_ / 2;
  }

  partition_table& table_;
  std::size_t max_;
  bool waits_for_sync_ = false;
  std::deque<partition_key> with_files_;  // those with has_files, the longest unused ones rather at the front
};

}  // namespace jackdaw::broker
