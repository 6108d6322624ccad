// The log as raft_node sees it: the terms of all entries and the entries of late; older ones come from a log_reader.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/raft/log_reader.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

class log_view {
 public:
  // `reader` outlives the view.
  log_view(const restored_log& restored, log_reader& reader, std::size_t cache_bytes_max);

  raft_index first_index() const noexcept { return base_.index + 1; }
  raft_index last_index() const noexcept { return last_; }
  raft_term last_term() const noexcept { return terms_.empty() ? base_.term : terms_.back().term; }
  log_position last() const noexcept { return {last_, last_term()}; }
  // Nothing before first_index() - 1 and after last_index().
  std::optional<raft_term> term_at(raft_index index) const noexcept;
  bool has(const log_position& p) const noexcept { return term_at(p.index) == p.term; }
  // The last position at or before `index` whose term is at most `term`: where a follower's log can still match.
  log_position last_at_most(raft_index index, raft_term term) const noexcept;

  // The next entry: index last + 1, a term no lower than the last one.
  void append(entry e);
  void truncate_from(raft_index index);
  void drop_before(raft_index index);
  // Empty, beginning after `base`.
  void reset(const log_position& base);

  // From `from` to `to`, at least one entry, at most about `max_bytes`; they must exist.
  result<std::vector<entry>> entries(raft_index from, raft_index to, std::size_t max_bytes) const;

  // Entries up to `index` may leave memory (they are durable and applied); those of late stay as long as they fit.
  void trim(raft_index index);
  std::size_t cached_bytes() const noexcept { return cached_bytes_; }
  void check() const;

 private:
  raft_index first_cached() const noexcept { return last_ - static_cast<std::int64_t>(cache_.size()) + 1; }

  log_reader& reader_;
  std::size_t cache_bytes_max_;
  log_position base_;
  raft_index last_;
  std::vector<restored_log::term_start> terms_;  // of entries after base_, first of each term
  std::deque<entry> cache_;                      // the last ones
  std::size_t cached_bytes_ = 0;
};

}  // namespace jackdaw::raft
