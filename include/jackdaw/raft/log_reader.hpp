// The part of the log that raft_node no longer holds in memory, and what it needs to know of the log at start.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

class log_reader {
 public:
  virtual ~log_reader() = default;
  // Entries that were appended and not truncated or dropped, from `from` up to `to`, both included: at least one, then
  // as many as fit into `max_bytes`. Asked only for entries that a ready's persist_id, reported by persisted(), covers.
  virtual result<std::vector<entry>> entries(raft_index from, raft_index to, std::size_t max_bytes) = 0;
};

// The log as it was found at start: feed it every entry in order.
class restored_log {
 public:
  // An empty log that begins after `base`.
  restored_log() = default;
  explicit restored_log(log_position base);

  // Asserts that it is the next entry and that terms don't fall.
  void add(const entry& e);

  struct term_start {
    raft_term term;
    raft_index first;
  };
  // The entry before the first one.
  const log_position& base() const noexcept { return base_; }
  raft_index last_index() const noexcept { return last_; }
  const std::vector<term_start>& terms() const noexcept { return terms_; }
  // Entries of kind voters: where, and what they say. Undecodable ones are dropped: the storage's checksums come first.
  const std::vector<std::pair<raft_index, voter_set>>& voters() const noexcept { return voters_; }

 private:
  log_position base_;
  raft_index last_;
  std::vector<term_start> terms_;
  std::vector<std::pair<raft_index, voter_set>> voters_;
};

}  // namespace jackdaw::raft
