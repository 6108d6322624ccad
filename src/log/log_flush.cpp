// What of a log is on the disk for sure, and what to do to get there.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"

namespace jackdaw::log {

bool partition_log::wants_flush() const noexcept { return state_ && state_->wants_flush && !state_->suspect; }

flush_job partition_log::prepare_flush() {
  flush_job job;
  JD_ASSERT(recovery_point_ <= log_end_, recovery_point_.value(), log_end_.value(), directory_);
  job.end = job.recovery_end = log_end_;
  job.truncations = truncations_;
  if (away_) job.end = job.recovery_end = recovery_point_;
  if (!state_) return job;
  state& s = *state_;
  s.wants_flush = false;
  // What the indexes can't take now, recovery must find again.
  const bool indexed = bool(write_unwritten_aborts()) && bool(write_index_page());
  job.recovery_end = indexed ? log_end_ : recovery_point_;
  job.sequence = s.sequence;
  const auto add = [&job](const std::shared_ptr<file>& f) {
    if (std::find(job.files.begin(), job.files.end(), f) == job.files.end()) job.files.push_back(f);
  };
  for (const auto& one : s.unsynced) add(one.f);
  // Opened only now: until its first flush a log would keep the file open.
  if (!metadata_synced_) {
    if (auto metadata = disk_.open(directory_ + "/partition.metadata", open_mode::write_existing)) {
      add(*metadata);
      job.has_metadata = true;
    }
  }
  if (recovery_point_ < log_end_) {
    for (std::size_t i = s.segment_of(recovery_point_); i < s.segments.size(); ++i) {
      if (s.segments[i].size_bytes() == 0) continue;
      if (auto f = s.segments[i].log_file(disk_, directory_)) add(*f);
    }
  }
  if (s.epochs_changed > s.synced) {
    job.replacements.push_back({directory_ + "/leader-epoch-checkpoint", epochs_.encode()});
    s.names_changed();
    job.sequence = s.sequence;
  }
  if (s.directory_changed > s.synced) job.directories.push_back(directory_);
  if (s.parent_changed > s.synced) job.directories.push_back(parent_directory(directory_));
  return job;
}

void partition_log::flush_done(const flush_job& job) {
  if (away_) return;  // what it synced is synced once more after the truncation
  if (!state_) {
    recovery_point_ = std::max(recovery_point_, std::min(job.recovery_end, log_end_));
    return;
  }
  state& s = *state_;
  if (s.suspect || is_older_than_repair(job)) return;
  JD_ASSERT(job.sequence <= s.sequence, job.sequence, s.sequence, directory_);
  std::erase_if(s.unsynced, [&](const state::unsynced_file& f) { return f.sequence <= job.sequence; });
  s.synced = std::max(s.synced, job.sequence);
  metadata_synced_ = metadata_synced_ || job.has_metadata;
  if (job.truncations == truncations_) {
    JD_ASSERT(job.recovery_end <= job.end && job.end <= log_end_, job.recovery_end.value(), job.end.value(),
              log_end_.value(), directory_);
    recovery_point_ = std::max(recovery_point_, job.recovery_end);
  }
  // Old segments that are on the disk needn't stay open.
  for (std::size_t i = 0; i + 1 < s.segments.size(); ++i) {
    if (i != s.old_in_use && s.segments[i].end() <= recovery_point_) s.segments[i].release_files();
  }
}

void partition_log::flush_failed(const flush_job& job, const error& why) {
  if (away_) failed_while_away_ = why;
  if (!state_ || is_older_than_repair(job)) return;
  JD_ASSERT(job.sequence <= state_->sequence, job.sequence, state_->sequence, directory_);
  state_->suspect = why;
}

// Prepared before the last repair: what it says is no news.
bool partition_log::is_older_than_repair(const flush_job& job) const noexcept {
  return job.sequence < state_->repaired_at;
}

bool partition_log::needs_repair() const noexcept { return state_ && state_->suspect.has_value(); }

result<repair_job> partition_log::prepare_repair() {
  JD_ASSERT(needs_repair(), directory_);
  state& s = *state_;
  repair_job job;
  job.end = log_end_;
  job.truncations = truncations_;
  job.directories = {directory_, parent_directory(directory_)};
  std::vector<std::shared_ptr<file>> others;
  for (const auto& one : s.unsynced) others.push_back(one.f);
  for (std::size_t i = s.segment_of(recovery_point_); i < s.segments.size(); ++i) {
    auto v = s.segments[i].view(disk_, directory_);
    if (!v) return v.error();
    // From an indexed batch at or below the recovery point: a little too much does no harm.
    auto start = scan_start_for(*v, recovery_point_, wait_mode::may_wait);
    if (!start) return start.error();
    JD_ASSERT(**start <= v->size_bytes, **start, v->size_bytes, directory_);
    job.ranges.push_back({v->log_file, **start, v->size_bytes, v->base, i + 1 < s.segments.size(), {}});
    std::erase(others, v->log_file);
  }
  JD_ASSERT(!job.ranges.empty(), directory_);
  job.ranges.back().synced_with_it = std::move(others);
  return job;
}

result<void> partition_log::repair_done(const repair_job& job, const repair_job::outcome& outcome) {
  JD_ASSERT(needs_repair(), directory_);
  state& s = *state_;
  if (job.truncations != truncations_) {
    // The job may have written what had been cut meanwhile.
    auto f = s.last().log_file(disk_, directory_);
    s.reserved_to = 0;
    return f ? (*f)->truncate(s.last().size_bytes()) : result<void>(f.error());
  }
  if (!outcome.complete) return truncate_to(outcome.valid_end);
  s.suspect.reset();
  s.repaired_at = ++s.sequence;
  JD_ASSERT(outcome.valid_end == job.end, outcome.valid_end.value(), job.end.value(), directory_);
  recovery_point_ = std::max(recovery_point_, std::min(job.end, log_end_));
  s.wants_flush = true;
  return {};
}

}  // namespace jackdaw::log
