// Who votes. The newest set in the log counts from the moment it is appended, committed or not (4.1), so a truncation
// brings the one before it back.
#pragma once

#include <deque>
#include <utility>

#include "jackdaw/raft/log_reader.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

class membership {
 public:
  membership(const snapshot_info& snapshot, const restored_log& log);

  const voter_set& current() const noexcept { return sets_.back().second; }
  // The entry that brought the current set.
  raft_index since() const noexcept { return sets_.back().first; }
  const voter_set& at(raft_index index) const noexcept;

  void append(raft_index index, voter_set voters);
  void truncate_from(raft_index index);
  // What came before `index` will not be asked for again.
  void forget_before(raft_index index);
  void reset(const snapshot_info& snapshot);

 private:
  std::deque<std::pair<raft_index, voter_set>> sets_;  // never empty; the first is the snapshot's
};

}  // namespace jackdaw::raft
