// Forgetting at the start: DeleteRecords, retention, and the files that they leave behind.
#include <algorithm>
#include <iterator>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"

namespace jackdaw::log {

namespace {

constexpr timestamp_ms never{INT64_MAX};

timestamp_ms later(timestamp_ms t, std::int64_t ms) noexcept {
  return t.value > INT64_MAX - ms ? never : timestamp_ms{t.value + ms};
}

timestamp_ms newest_in(const segment& s) noexcept {
  return s.known_max_timestamp().value >= 0 ? s.known_max_timestamp() : s.created();
}

bool is_expired(const segment& s, timestamp_ms now, std::int64_t retention_ms) noexcept {
  return retention_ms >= 0 && now.value - newest_in(s).value > retention_ms;
}

}  // namespace

// ---- files that are on their way out: renamed first, removed later, because a reader may be sending from them

void partition_log::doom_later(std::string path, timestamp_ms due) {
  JD_ASSERT(path.starts_with(directory_), path, directory_);
  std::string deleted = path + (path.ends_with(".deleted") ? "" : ".deleted");
  state_->doomed.push_back({std::move(path), std::move(deleted), due});
}

void partition_log::doom(const std::string& path, timestamp_ms due) {
  if (!disk_.rename(path, path + ".deleted")) return;
  doom_later(path + ".deleted", due);
  state_->names_changed();
}

void partition_log::doom_segment(segment& s, timestamp_ms due) {
  for (const auto& name : s.file_names(directory_)) {
    if (disk_.exists(name)) doom(name, due);
  }
  JD_ASSERT(size_bytes_ >= s.size_bytes(), size_bytes_, s.size_bytes(), directory_);
  size_bytes_ -= s.size_bytes();
}

result<void> removal_job::run(disk& d) {
  // In the order in which they were dropped: a crash in between must leave no gap.
  for (file& f : files_) {
    if (f.present == f.deleted) continue;
    auto renamed = d.rename(f.present, f.deleted);
    if (!renamed && renamed.error().code != errc::not_found) return renamed;
    f.present = renamed ? f.deleted : std::string();  // an index that the segment never had
  }
  for (file& f : files_) {
    if (f.present.empty() || f.due > now_) continue;
    auto removed = d.remove(f.present);
    if (!removed && removed.error().code != errc::not_found) return removed;
    f.present.clear();
  }
  return {};
}

removal_job partition_log::prepare_removal(timestamp_ms now) {
  removal_job job;
  job.now_ = now;
  if (!state_ || state_->is_removing) return job;
  auto& all = state_->doomed;
  const auto waits = [now](const state::doomed_file& f) { return f.present == f.deleted && f.due > now; };
  const auto taken = std::stable_partition(all.begin(), all.end(), waits);
  job.files_.assign(std::make_move_iterator(taken), std::make_move_iterator(all.end()));
  all.erase(taken, all.end());
  state_->is_removing = !job.files_.empty();
  return job;
}

void partition_log::removal_done(removal_job job) {
  if (job.files_.empty()) return;
  JD_ASSERT(state_ && state_->is_removing, directory_);
  state& s = *state_;
  s.is_removing = false;
  s.names_changed();
  std::erase_if(job.files_, [](const state::doomed_file& f) { return f.present.empty(); });
  // Dropped before what was dropped meanwhile.
  s.doomed.insert(s.doomed.begin(), std::make_move_iterator(job.files_.begin()),
                  std::make_move_iterator(job.files_.end()));
}

result<void> partition_log::rename_doomed() {
  if (!state_) return {};
  JD_ASSERT(!state_->is_removing, directory_);
  auto job = prepare_removal({INT64_MIN});
  auto renamed = job.run(disk_);
  removal_done(std::move(job));
  return renamed;
}

std::vector<std::string> partition_log::take_removable_files(timestamp_ms now) {
  std::vector<std::string> taken;
  if (!state_) return taken;
  std::erase_if(state_->doomed, [&](const state::doomed_file& f) {
    if (f.due > now || f.present != f.deleted) return false;
    taken.push_back(f.present);
    return true;
  });
  return taken;
}

bool partition_log::has_removable_files() const noexcept { return state_ && !state_->doomed.empty(); }

// ---- the log's start

result<void> partition_log::move_log_start(offset start) {
  if (away_) return fail(errc::busy, directory_ + " is being truncated");
  if (start > log_end_) {
    return fail(errc::out_of_range, "offset " + std::to_string(start.value()) + " lies beyond the log's end " +
                                        std::to_string(log_end_.value()));
  }
  if (start > log_start_) start_moved(start);
  return {};
}

void partition_log::start_moved(offset start) {
  JD_ASSERT(start > log_start_ && start <= log_end_, start.value(), log_start_.value(), log_end_.value(), directory_);
  log_start_ = start;
  const bool changed = epochs_.truncate_from_start(start);
  if (!state_) return;
  if (changed) state_->epochs_changed = ++state_->sequence;
  state_->producers.log_start_moved(start);
}

// ---- retention

struct retention_job::unread {
  std::vector<segment> segments;  // copies: the log's own go on
  std::string directory;
  std::int64_t retention_ms = -1;
};

retention_job::retention_job() noexcept = default;
retention_job::retention_job(retention_job&&) noexcept = default;
retention_job& retention_job::operator=(retention_job&&) noexcept = default;
retention_job::~retention_job() = default;

result<void> retention_job::run(disk& d) {
  if (!unread_) return {};
  for (segment& s : unread_->segments) {
    if (auto largest = s.max_timestamp(d, unread_->directory); !largest) return largest.error();
    s.release_files();
    if (!is_expired(s, now_, unread_->retention_ms)) break;  // nor will those behind it go
  }
  return {};
}

offset partition_log::end_of(std::size_t index) const {
  const auto& segments = state_->segments;
  return index + 1 == segments.size() ? log_end_ : segments[index + 1].base();
}

// Whether the oldest segment may go, of those that are left; nothing if that takes a look at its times.
std::optional<bool> partition_log::may_go(const segment& s, offset end, std::uint64_t bytes_left,
                                          timestamp_ms now) const {
  JD_ASSERT(bytes_left >= s.size_bytes(), bytes_left, s.size_bytes(), directory_);
  if (end <= log_start_) return true;
  if (!config_->cleanup_delete) return false;
  if (config_->retention_bytes >= 0 &&
      bytes_left - s.size_bytes() >= static_cast<std::uint64_t>(config_->retention_bytes)) {
    return true;
  }
  if (config_->retention_ms < 0) return false;
  if (!s.knows_times()) return std::nullopt;
  return is_expired(s, now, config_->retention_ms);
}

retention_job partition_log::prepare_retention(offset high_watermark, timestamp_ms now) const {
  retention_job job;
  job.high_watermark_ = high_watermark;
  job.now_ = now;
  job.truncations_ = truncations_;
  if (!state_) return job;
  std::uint64_t left = size_bytes_;
  for (std::size_t i = 0; i < state_->segments.size(); ++i) {
    const segment& s = state_->segments[i];
    if (s.size_bytes() == 0 || end_of(i) > high_watermark) break;
    const auto goes = may_go(s, end_of(i), left, now);
    if (goes == false) break;
    left -= s.size_bytes();
    if (goes) continue;
    if (!job.unread_) job.unread_.reset(new retention_job::unread{{}, directory_, config_->retention_ms});
    job.unread_->segments.push_back(s);
  }
  return job;
}

result<bool> partition_log::retention_done(const retention_job& job) {
  if (!state_ || job.truncations_ != truncations_) return false;
  auto& segments = state_->segments;
  if (job.unread_) {
    for (const segment& looked_at : job.unread_->segments) {
      const std::size_t i = state_->segment_of(looked_at.base());
      if (looked_at.knows_times() && segments[i].base() == looked_at.base()) segments[i].take_times(looked_at);
    }
  }
  std::uint64_t left = size_bytes_;
  std::size_t count = 0;
  for (; count < segments.size(); ++count) {
    const segment& s = segments[count];
    if (s.size_bytes() == 0 || end_of(count) > job.high_watermark_) break;
    if (!may_go(s, end_of(count), left, job.now_).value_or(false)) break;
    left -= s.size_bytes();
  }
  // The last segment may go once a new one follows it; on a full disk that must wait, and the others go first.
  if (count != 0 && count == segments.size() && !roll(job.now_)) --count;
  if (count == 0) return false;
  drop_oldest_segments(count, job.now_);
  return true;
}

result<bool> partition_log::apply_retention(offset high_watermark, timestamp_ms now) {
  auto job = prepare_retention(high_watermark, now);
  const auto looked = job.run(disk_);
  const auto went = retention_done(job);
  if (!looked) return looked.error();
  if (!went || !*went) return went;
  if (auto renamed = rename_doomed(); !renamed) return renamed.error();
  return true;
}

void partition_log::drop_oldest_segments(std::size_t count, timestamp_ms now) {
  state& s = *state_;
  JD_ASSERT(count < s.segments.size(), count, s.segments.size());
  JD_ASSERT(s.segments[count].base() <= log_end_, s.segments[count].base().value(), log_end_.value());
  const timestamp_ms due = later(now, config_->file_delete_delay_ms);
  for (std::size_t i = 0; i < count; ++i) {
    for (auto& name : s.segments[i].file_names(directory_)) doom_later(std::move(name), due);
    JD_ASSERT(size_bytes_ >= s.segments[i].size_bytes(), size_bytes_, s.segments[i].size_bytes(), directory_);
    size_bytes_ -= s.segments[i].size_bytes();
  }
  s.segments.erase(s.segments.begin(), s.segments.begin() + static_cast<std::ptrdiff_t>(count));
  s.old_in_use = SIZE_MAX;
  const offset first = s.segments.front().base();
  drop_snapshots_below(first);
  if (first > log_start_) start_moved(first);
}

void partition_log::drop_snapshots_below(offset start) {
  auto& all = state_->snapshots;
  while (!all.empty() && all.front() < start) {
    doom_later(segment_path(directory_, all.front(), ".snapshot"), {INT64_MIN});
    all.erase(all.begin());
  }
}

timestamp_ms partition_log::next_retention_check(timestamp_ms now) {
  if (!state_ || !config_->cleanup_delete || config_->retention_ms < 0) return never;
  segment& first = state_->segments.front();
  if (first.size_bytes() == 0) return never;
  if (!first.max_timestamp(disk_, directory_)) return now;
  return later(later(newest_in(first), config_->retention_ms), 1);
}

}  // namespace jackdaw::log
