// Forgetting at the end: truncation, by this thread or by a worker.
#include <algorithm>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"
#include "recovery.hpp"
#include "txn_index.hpp"

namespace jackdaw::log {

result<void> partition_log::truncate_to(offset end) {
  JD_ASSERT(!away_, directory_);
  if (end >= log_end_) return {};
  if (auto renamed = rename_doomed(); !renamed) return renamed;  // new files may take the names
  if (!state_ || end <= state_->segments.front().base()) return truncate_fully_and_start_at(end);
  state& s = *state_;
  std::size_t keep = s.segment_of(end);
  auto v = s.segments[keep].view(disk_, directory_);
  if (!v) return v.error();
  auto place = find_batch(*v, end, wait_mode::may_wait);
  if (!place) return place.error();
  const offset new_end = std::min(end, (*place)->base);
  std::uint64_t size = (*place)->position;
  if (size == 0) {
    // Nothing of that segment stays: the one before ends the log.
    if (keep == 0) return truncate_fully_and_start_at(new_end);
    size = s.segments[--keep].size_bytes();
  }
  JD_ASSERT(new_end <= end && size <= s.segments[keep].size_bytes(), new_end.value(), end.value(), size, directory_);
  ++truncations_;
  if (auto cut = cut_segments(keep, size, new_end); !cut) return cut;
  log_end_ = new_end;
  log_start_ = std::min(log_start_, log_end_);
  recovery_point_ = std::min(recovery_point_, log_end_);
  if (epochs_.truncate_from_end(log_end_)) s.epochs_changed = ++s.sequence;
  s.wants_flush = true;
  const timestamp_ms created = s.last().created();
  if (auto loaded = reload_producers(created, log_end_); !loaded) return loaded;
  // What is appended next goes into a segment of its own. In the same file a power failure could bring back what was
  // cut while later segments keep what came after it, and nobody could tell.
  s.must_roll = !roll(created);
  check();
  return {};
}

// What of a cut segment's batches and index entries is left; nothing yet after an error.
result<segment_check> partition_log::walk_again(segment& s, std::uint64_t size, offset end) {
  if (auto rewound = s.rewind(disk_, directory_, end, size, true); !rewound) return rewound.error();
  leader_epochs found;
  return check_segment(disk_, directory_, s, size, offset{INT64_MAX},
                       static_cast<std::uint32_t>(config_->index_interval_bytes), found);
}

// Makes the segment `keep`, cut to `size` bytes, the last one; the log then ends at `end`.
result<void> partition_log::cut_segments(std::size_t keep, std::uint64_t size, offset end) {
  state& s = *state_;
  segment& kept = s.segments[keep];
  auto f = kept.log_file(disk_, directory_);
  if (!f) return f.error();
  const std::uint64_t old_size = kept.size_bytes();
  if (auto cut = (*f)->truncate(size); !cut) return cut;
  s.reserved_to = 0;
  // From the last one on: a crash in between leaves no gap.
  for (std::size_t i = s.segments.size(); i-- > keep + 1;) doom_segment(s.segments[i], timestamp_ms{0});
  s.segments.erase(s.segments.begin() + static_cast<std::ptrdiff_t>(keep) + 1, s.segments.end());
  s.old_in_use = SIZE_MAX;
  // Recovery trusts what lies below the recovery point: what was cut must not come back there.
  if (end <= recovery_point_) {
    if (auto synced = (*f)->sync(); !synced) return synced;
    if (auto synced = disk_.sync_directory(directory_); !synced) return synced;
  }
  JD_ASSERT(size <= old_size && old_size <= size_bytes_, size, old_size, size_bytes_, directory_);
  auto checked = walk_again(kept, size, end);
  size_bytes_ = size_bytes_ - old_size + kept.size_bytes();  // whatever came of it
  if (!checked) return checked.error();
  if (!checked->damage.empty()) return fail(errc::corrupt, directory_ + ": " + checked->damage);
  if (kept.has_txn_index()) {
    const std::string path = segment_path(directory_, kept.base(), ".txnindex");
    if (auto cut = truncate_txn_index(disk_, path, end); !cut) return cut;
  }
  JD_ASSERT(kept.end() <= end && kept.size_bytes() == size, kept.end().value(), end.value(), size, directory_);
  kept.set_end(end);
  s.must_sync(*f);
  for (auto& index : kept.index_files()) s.must_sync(std::move(index));
  s.tail.restart(end - kept.base());
  return {};
}

result<void> partition_log::truncate_fully_and_start_at(offset start) {
  JD_ASSERT(!away_, directory_);
  if (auto renamed = rename_doomed(); !renamed) return renamed;
  ++truncations_;
  if (state_) {
    state& s = *state_;
    segment next(start, s.last().created());
    // From the last one on: a crash in between leaves no gap and no later start.
    for (std::size_t i = s.segments.size(); i-- > 0;) doom_segment(s.segments[i], timestamp_ms{0});
    for (const offset at : s.snapshots) doom(segment_path(directory_, at, ".snapshot"), timestamp_ms{0});
    s.segments.clear();
    s.snapshots.clear();
    s.producers.clear();
    s.unwritten_aborts.clear();
    s.unsynced.clear();
    s.old_in_use = SIZE_MAX;
    s.reserved_to = 0;
    auto created = next.create(disk_, directory_);
    s.segments.push_back(std::move(next));
    s.tail.restart(0);
    s.names_changed();
    s.epochs_changed = ++s.sequence;
    s.wants_flush = true;
    if (!created) return created;
  }
  JD_ASSERT(size_bytes_ == 0, size_bytes_, directory_);
  epochs_.clear();
  log_start_ = log_end_ = start;
  recovery_point_ = std::min(recovery_point_, start);
  return {};
}

// ---- by a worker

truncation_job::truncation_job(std::unique_ptr<partition_log> log, offset to, bool restarts) noexcept
    : log_(std::move(log)), to_(to), restarts_(restarts) {}
truncation_job::truncation_job(truncation_job&&) noexcept = default;
truncation_job& truncation_job::operator=(truncation_job&&) noexcept = default;
truncation_job::~truncation_job() = default;

result<void> truncation_job::run() {
  return restarts_ ? log_->truncate_fully_and_start_at(to_) : log_->truncate_to(to_);
}

void partition_log::move_content(partition_log& from) {
  state_ = std::move(from.state_);
  epochs_ = from.epochs_;
  truncations_ = from.truncations_;
  log_start_ = from.log_start_;
  log_end_ = from.log_end_;
  recovery_point_ = from.recovery_point_;
  size_bytes_ = from.size_bytes_;
}

// The worker gets a log of its own with everything that this one has; this one keeps what it answers meanwhile.
truncation_job partition_log::lend(offset to, bool restarts) {
  JD_ASSERT(!away_ && !needs_repair(), directory_);
  JD_ASSERT(!state_ || !state_->is_removing, directory_);
  open_options same;
  same.directory = directory_;
  same.topic_id = topic_id_;
  same.partition = partition_;
  same.config = config_;
  std::unique_ptr<partition_log> other(new partition_log(disk_, same));
  other->move_content(*this);
  away_ = true;
  return {std::move(other), to, restarts};
}

truncation_job partition_log::prepare_truncation(offset end) { return lend(end, false); }

truncation_job partition_log::prepare_restart(offset start) { return lend(start, true); }

result<void> partition_log::truncation_done(truncation_job job, const result<void>& outcome) {
  JD_ASSERT(away_ && !state_ && job.log_ != nullptr, directory_);
  JD_ASSERT(job.log_->directory_ == directory_, directory_, job.log_->directory_);
  JD_ASSERT(job.restarts_ || job.log_->log_end_ <= log_end_, job.log_->log_end_.value(), log_end_.value(), directory_);
  JD_ASSERT(job.log_->truncations_ >= truncations_, job.log_->truncations_, truncations_, directory_);
  move_content(*job.log_);
  away_ = false;
  const auto failed = std::exchange(failed_while_away_, std::nullopt);
  if (!failed || !state_) return outcome;
  state_->suspect = failed;
  return outcome ? result<void>(*failed) : outcome;
}

}  // namespace jackdaw::log
