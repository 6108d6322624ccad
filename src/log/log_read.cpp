// Reading: from memory near the end, by the indexes elsewhere, by a job where that would wait for the disk.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"
#include "lookup.hpp"
#include "txn_index.hpp"

namespace jackdaw::log {

result<read_outcome> partition_log::read(offset from, std::uint32_t max_bytes, offset upper_bound, bool min_one_batch) {
  if (away_) return fail(errc::busy, directory_ + " is being truncated");
  if (from < log_start_ || from > log_end_) {
    return fail(errc::out_of_range, "offset " + std::to_string(from.value()) + " is outside " +
                                        std::to_string(log_start_.value()) + " to " + std::to_string(log_end_.value()));
  }
  upper_bound = std::min(upper_bound, log_end_);
  read_outcome out;
  out.slice.truncations = truncations_;
  if (!state_ || from >= upper_bound) return out;
  const segment& last = state_->last();
  if (from >= last.base()) {
    if (const auto start = state_->tail.find(from - last.base()); start && last.has_log_file()) {
      out.slice = read_tail(last, *start, max_bytes, upper_bound, min_one_batch);
      return out;
    }
  }
  return read_segments(state_->segment_of(from), from, max_bytes, upper_bound, min_one_batch);
}

// `start` and all that follows it is remembered.
read_slice partition_log::read_tail(const segment& s, std::uint64_t start, std::uint32_t max_bytes, offset upper_bound,
                                    bool min_one_batch) const {
  read_slice slice;
  slice.truncations = truncations_;
  const std::uint64_t limit =
      upper_bound >= log_end_ ? s.size_bytes() : state_->tail.find(upper_bound - s.base()).value_or(s.size_bytes());
  if (start >= limit) return slice;
  std::uint64_t end = limit;
  if (limit - start > max_bytes) {
    end = state_->tail.boundary_at_or_before(start + max_bytes).value_or(start);
    if (end <= start && min_one_batch) end = state_->tail.next_boundary(start, s.size_bytes());
    end = std::min(end, limit);
  }
  slice.more = end < limit;
  if (end <= start) return slice;
  slice.file = s.open_log_file();
  slice.position = start;
  slice.size_bytes = static_cast<std::uint32_t>(end - start);
  JD_ASSERT(slice.file != nullptr && end <= s.size_bytes(), start, end, s.size_bytes(), directory_);
  JD_ASSERT(slice.size_bytes <= max_bytes || min_one_batch, slice.size_bytes, max_bytes, directory_);
  return slice;
}

result<read_outcome> partition_log::read_segments(std::size_t index, offset from, std::uint32_t max_bytes,
                                                  offset upper_bound, bool min_one_batch) {
  for (; index < state_->segments.size(); ++index) {
    use_old_segment(index);
    auto v = state_->segments[index].view(disk_, directory_);
    if (!v) return v.error();
    auto found = make_slice(*v, from, max_bytes, upper_bound, min_one_batch, wait_mode::no_wait);
    if (!found) return found.error();
    read_outcome out;
    if (found->would_block) {
      std::vector<std::unique_ptr<segment_view>> views;
      views.push_back(v->owned());
      if (index + 1 < state_->segments.size()) {
        auto next = owned_view(index + 1);
        if (!next) return next.error();
        views.push_back(std::move(*next));
      }
      out.cold.emplace(std::move(views), from, max_bytes, upper_bound, min_one_batch, truncations_);
      return out;
    }
    if (found->past_end && upper_bound > v->end) continue;
    out.slice = std::move(found->slice);
    out.slice.truncations = truncations_;
    return out;
  }
  read_outcome nothing;
  nothing.slice.truncations = truncations_;
  return nothing;
}

// At most one segment besides the last keeps its files open.
void partition_log::use_old_segment(std::size_t index) {
  if (index + 1 >= state_->segments.size() || state_->old_in_use == index) return;
  // SIZE_MAX, for none, is above every index.
  if (state_->old_in_use < state_->segments.size() - 1) state_->segments[state_->old_in_use].release_files();
  state_->old_in_use = index;
}

result<std::unique_ptr<segment_view>> partition_log::owned_view(std::size_t index) {
  segment& s = state_->segments[index];
  const bool was_open = s.open_file_count() != 0;
  auto v = s.view(disk_, directory_);
  if (!v) return v.error();
  auto copy = v->owned();
  if (!was_open && index + 1 < state_->segments.size()) s.release_files();
  return copy;
}

timestamp_lookup partition_log::find_timestamp(timestamp_ms target, offset upper_bound) const {
  auto job = std::make_unique<timestamp_lookup::candidates>(disk_, directory_);
  job->target = target;
  job->from = log_start_;
  job->upper_bound = std::min(upper_bound, log_end_);
  job->is_truncating = away_;
  if (state_) {
    for (const segment& s : state_->segments) {
      if (s.base() >= job->upper_bound) break;
      if (s.size_bytes() == 0 || s.end() <= log_start_) continue;
      if (s.knows_times() && s.known_max_timestamp() < target) continue;
      job->segments.push_back(s);
      // If it is known to have such a record, and all of it can be seen, nobody needs to look further.
      if (s.knows_times() && s.base() >= log_start_ && s.end() <= job->upper_bound) break;
    }
  }
  return timestamp_lookup(std::move(job));
}

timestamp_lookup partition_log::find_max_timestamp(offset upper_bound) const {
  auto job = std::make_unique<timestamp_lookup::candidates>(disk_, directory_);
  job->wants_largest = true;
  job->from = log_start_;
  job->upper_bound = std::min(upper_bound, log_end_);
  job->is_truncating = away_;
  timestamp_ms largest_known{-1};
  if (state_) {
    for (const segment& s : state_->segments) {
      if (s.size_bytes() == 0 || s.end() <= log_start_) continue;
      if (s.knows_times() && s.known_max_timestamp() <= largest_known) continue;
      if (s.knows_times()) largest_known = s.known_max_timestamp();
      job->segments.push_back(s);
    }
  }
  return timestamp_lookup(std::move(job));
}

result<std::vector<aborted_transaction>> partition_log::aborted_transactions(offset from, offset upper_bound) const {
  std::vector<aborted_transaction> found;
  if (away_) return fail(errc::busy, directory_ + " is being truncated");
  if (!state_) return found;
  const auto add = [&](const aborted_transaction& one) {
    if (one.last_offset >= from && one.first_offset < upper_bound) found.push_back(one);
    // A later marker can't end a transaction that began before this.
    return one.last_stable_offset >= upper_bound;
  };
  for (std::size_t i = state_->segment_of(from); i < state_->segments.size(); ++i) {
    const segment& s = state_->segments[i];
    if (!s.has_txn_index()) continue;
    auto entries = read_txn_index(disk_, segment_path(directory_, s.base(), ".txnindex"));
    if (!entries) return entries.error();
    for (const auto& one : *entries) {
      if (add(one)) return found;
    }
  }
  for (const auto& one : state_->unwritten_aborts) add(one);
  return found;
}

}  // namespace jackdaw::log
