// Forgetting at either end: truncation, DeleteRecords, retention.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"
#include "recovery.hpp"
#include "txn_index.hpp"

namespace jackdaw::log {

namespace {

constexpr timestamp_ms never{INT64_MAX};

timestamp_ms later(timestamp_ms t, std::int64_t ms) noexcept {
  return t.value > INT64_MAX - ms ? never : timestamp_ms{t.value + ms};
}

}  // namespace

// Renamed now, removed later: a reader may be sending from it.
void partition_log::doom(const std::string& path, timestamp_ms due) {
  std::string name = path;
  if (!name.ends_with(".deleted")) {
    name += ".deleted";
    if (!disk_.rename(path, name)) return;
  }
  state_->doomed.push_back({std::move(name), due});
  state_->names_changed();
}

void partition_log::doom_segment(segment& s, timestamp_ms due) {
  for (const auto& name : s.file_names(directory_)) {
    if (disk_.exists(name)) doom(name, due);
  }
  size_bytes_ -= s.size_bytes();
}

result<void> partition_log::truncate_to(offset end) {
  if (end >= log_end_) return {};
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
  return {};
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
  size_bytes_ -= old_size - size;
  if (auto rewound = kept.rewind(disk_, directory_, end, size, true); !rewound) return rewound;
  leader_epochs found;
  auto checked = check_segment(disk_, directory_, kept, size, offset{INT64_MAX},
                               static_cast<std::uint32_t>(config_->index_interval_bytes), found);
  if (!checked) return checked.error();
  if (!checked->damage.empty()) return fail(errc::corrupt, directory_ + ": " + checked->damage);
  if (kept.has_txn_index()) {
    const std::string path = segment_path(directory_, kept.base(), ".txnindex");
    if (auto cut = truncate_txn_index(disk_, path, end); !cut) return cut;
  }
  kept.set_end(end);
  s.must_sync(*f);
  for (auto& index : kept.index_files()) s.must_sync(std::move(index));
  s.tail.restart(end - kept.base());
  return {};
}

result<void> partition_log::truncate_fully_and_start_at(offset start) {
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

result<void> partition_log::move_log_start(offset start) {
  if (start > log_end_) {
    return fail(errc::out_of_range, "offset " + std::to_string(start.value()) + " lies beyond the log's end " +
                                        std::to_string(log_end_.value()));
  }
  if (start > log_start_) start_moved(start);
  return {};
}

void partition_log::start_moved(offset start) {
  log_start_ = start;
  const bool changed = epochs_.truncate_from_start(start);
  if (!state_) return;
  if (changed) state_->epochs_changed = ++state_->sequence;
  state_->producers.log_start_moved(start);
}

result<bool> partition_log::apply_retention(offset high_watermark, timestamp_ms now) {
  if (!state_) return false;
  auto& segments = state_->segments;
  const bool deletes = config_->cleanup_delete;
  std::uint64_t left = size_bytes_;
  std::size_t count = 0;
  for (; count < segments.size(); ++count) {
    segment& s = segments[count];
    const offset end = count + 1 == segments.size() ? log_end_ : segments[count + 1].base();
    if (s.size_bytes() == 0 || end > high_watermark) break;
    bool may_go = end <= log_start_;
    if (!may_go && deletes && config_->retention_bytes >= 0) {
      may_go = left - s.size_bytes() >= static_cast<std::uint64_t>(config_->retention_bytes);
    }
    if (!may_go && deletes && config_->retention_ms >= 0) {
      auto largest = s.max_timestamp(disk_, directory_);
      if (!largest) return largest.error();
      const timestamp_ms newest = *largest && (*largest)->first.value >= 0 ? (*largest)->first : s.created();
      may_go = now.value - newest.value > config_->retention_ms;
    }
    if (!may_go) break;
    left -= s.size_bytes();
  }
  // The last segment may go once a new one follows it; on a full disk that must wait, and the others go first.
  if (count != 0 && count == segments.size() && !roll(now)) --count;
  if (count == 0) return false;
  if (auto removed = remove_oldest_segments(count, now); !removed) return removed.error();
  return true;
}

result<void> partition_log::remove_oldest_segments(std::size_t count, timestamp_ms now) {
  state& s = *state_;
  JD_ASSERT(count < s.segments.size(), count, s.segments.size());
  for (std::size_t i = 0; i < count; ++i) doom_segment(s.segments[i], later(now, config_->file_delete_delay_ms));
  s.segments.erase(s.segments.begin(), s.segments.begin() + static_cast<std::ptrdiff_t>(count));
  s.old_in_use = SIZE_MAX;
  const offset first = s.segments.front().base();
  remove_snapshots_below(first);
  if (first > log_start_) start_moved(first);
  return {};
}

void partition_log::remove_snapshots_below(offset start) {
  auto& all = state_->snapshots;
  while (!all.empty() && all.front() < start) {
    (void)disk_.remove(segment_path(directory_, all.front(), ".snapshot"));
    all.erase(all.begin());
    state_->names_changed();
  }
}

timestamp_ms partition_log::next_retention_check(timestamp_ms now) {
  if (!state_ || !config_->cleanup_delete || config_->retention_ms < 0) return never;
  segment& first = state_->segments.front();
  if (first.size_bytes() == 0) return never;
  auto largest = first.max_timestamp(disk_, directory_);
  if (!largest) return now;
  const timestamp_ms newest = *largest && (*largest)->first.value >= 0 ? (*largest)->first : first.created();
  return later(later(newest, config_->retention_ms), 1);
}

std::vector<std::string> partition_log::take_removable_files(timestamp_ms now) {
  std::vector<std::string> taken;
  if (!state_) return taken;
  std::erase_if(state_->doomed, [&](const state::doomed_file& f) {
    if (f.due > now) return false;
    taken.push_back(f.path);
    return true;
  });
  return taken;
}

bool partition_log::has_removable_files() const noexcept { return state_ && !state_->doomed.empty(); }

}  // namespace jackdaw::log
