// Opening a log: nothing to do for an empty one, a look at the last segment after a clean shutdown, else recovery from
// the recovery point on.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "log_state.hpp"
#include "recovery.hpp"
#include "txn_index.hpp"

namespace jackdaw::log {

struct log_opener {
  disk& d;
  open_options& options;
  recovery_report& report;
  partition_log& log;
  directory_content content;

  partition_log::state& state() { return *log.state_; }
  std::uint32_t interval() const { return static_cast<std::uint32_t>(log.config_->index_interval_bytes); }

  result<void> open();
  result<void> check_metadata();
  result<void> load_epochs();
  result<void> find_segments();
  result<void> open_segments();
  result<void> recover_segments();
  result<bool> recover(std::size_t index);
  void drop_unsafe_snapshots();
  offset next_records(std::size_t index) const;
  void remove_overtaken(std::size_t index);
  static result<void> cut_at(file& f, std::uint64_t size);
  result<void> cut(segment& s, std::uint64_t file_size, const segment_check& checked, bool is_last, bool continued);
  result<void> copy_aside(segment& s, std::uint64_t from, std::uint64_t to);
  result<void> put_aside_from(std::size_t index);
  result<void> finish();
  void say(const std::string& what);
};

void log_opener::say(const std::string& what) {
  if (!report.detail.empty()) report.detail += "; ";
  report.detail += what;
}

partition_log::partition_log(disk& d, open_options& options)
    : disk_(d),
      directory_(std::move(options.directory)),
      topic_id_(options.topic_id),
      partition_(options.partition),
      config_(std::move(options.config)),
      log_start_(options.log_start_offset),
      log_end_(options.log_start_offset),
      recovery_point_(options.log_start_offset) {
  JD_ASSERT(config_ != nullptr, directory_);
}

partition_log::~partition_log() = default;

result<std::unique_ptr<partition_log>> partition_log::open(disk& d, open_options options, recovery_report* report) {
  recovery_report unwanted;
  std::unique_ptr<partition_log> log(new partition_log(d, options));
  log_opener opener{d, options, report ? *report : unwanted, *log, {}};
  if (auto opened = opener.open(); !opened) return opened.error();
  return log;
}

result<void> log_opener::open() {
  if (options.is_new) {
    // Not its parents: a data directory that is gone must not come back empty.
    if (auto made = d.create_directory(log.directory_); !made) return made;
    return check_metadata();
  }
  auto found = examine_directory(d, log.directory_);
  if (!found && found.error().code == errc::not_found && !options.must_exist) {
    options.is_new = true;
    return open();
  }
  if (!found) return found.error();
  content = std::move(*found);
  if (auto checked = check_metadata(); !checked) return checked;
  if (content.segments.empty()) {
    for (const auto& name : content.leftovers) (void)d.remove(log.directory_ + '/' + name);
    return load_epochs();
  }
  if (auto loaded = load_epochs(); !loaded) return loaded;
  return open_segments();
}

// Says whose partition it is; written when the directory is new, or when a crash took it.
result<void> log_opener::check_metadata() {
  const std::string path = log.directory_ + "/partition.metadata";
  if (content.has_metadata) {
    auto bytes = read_whole(d, path, 4096);
    if (!bytes) return bytes.error();
    if (auto id = decode_partition_metadata(as_text(*bytes))) {
      if (log.topic_id_.is_zero()) log.topic_id_ = *id;
      if (log.topic_id_ == *id) return {};
      return fail(errc::invalid_argument, log.directory_ + " belongs to the topic with id " + to_string(*id) +
                                              ", not " + to_string(log.topic_id_));
    }
  }
  if (log.topic_id_.is_zero()) return {};
  auto opened = d.open(path, open_mode::truncate);
  if (!opened) return opened.error();
  const std::string text = encode_partition_metadata(log.topic_id_);
  const bytes_view parts[] = {as_bytes(text)};
  if (auto written = (*opened)->write_at(parts, 0); !written) return written;
  log.metadata_synced_ = !options.is_new;
  if (options.is_new) return {};  // with others, by create_logs, or with the first flush
  if (auto synced = (*opened)->sync(); !synced) return synced;
  return d.sync_directory(log.directory_);
}

result<void> log_opener::load_epochs() {
  auto bytes = read_whole(d, log.directory_ + "/leader-epoch-checkpoint");
  if (!bytes && bytes.error().code == errc::not_found) return {};
  if (!bytes) return bytes.error();
  auto decoded = leader_epochs::decode(as_text(*bytes));
  if (decoded) {
    log.epochs_ = std::move(*decoded);
  } else {
    say("leader-epoch-checkpoint was damaged and is ignored");
  }
  return {};
}

result<void> log_opener::find_segments() {
  log.state_ = std::make_unique<partition_log::state>();
  auto& s = state();
  s.snapshots = content.snapshots;
  s.names_changed();
  if (!options.clean_shutdown) drop_unsafe_snapshots();
  s.parent_changed = options.clean_shutdown ? 0 : s.sequence;
  for (const auto& name : content.leftovers) {
    const std::string path = log.directory_ + '/' + name;
    if (name.ends_with(".deleted")) {
      s.doomed.push_back({path, path, options.now});
    } else if (auto removed = d.remove(path); !removed) {
      return removed;  // a new segment may take the name, and must not meet it
    }
  }
  for (std::size_t i = 0; i < content.segments.size(); ++i) {
    const offset base = content.segments[i];
    auto size = d.file_size(segment_path(log.directory_, base, ".log"));
    if (!size) return size.error();
    const bool is_last = i + 1 == content.segments.size();
    s.segments.emplace_back(base, options.now);
    s.segments.back().set_found(is_last ? base : content.segments[i + 1], *size);
    if (std::binary_search(content.txn_indexes.begin(), content.txn_indexes.end(), base)) {
      s.segments.back().set_has_txn_index();
    }
  }
  return {};
}

result<void> log_opener::open_segments() {
  if (auto found = find_segments(); !found) return found;
  if (options.clean_shutdown) options.recovery_point = offset{INT64_MAX};
  if (auto recovered = recover_segments(); !recovered) return recovered;
  return finish();
}

// Segments wholly below the recovery point are trusted; the last one is always walked, for its end.
result<void> log_opener::recover_segments() {
  auto& segments = state().segments;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    // One that ends exactly there may have got bytes behind its end that weren't flushed; an empty one behind it says
    // nothing about where it ends.
    const bool is_followed = i + 1 < segments.size() && segments[i + 1].size_bytes() != 0;
    if (is_followed && segments[i].end() < options.recovery_point) continue;
    auto whole = recover(i);
    if (!whole) return whole.error();
    if (*whole) continue;
    return put_aside_from(i + 1);
  }
  return {};
}

// One behind the recovery point may be of records that were truncated: its removal may have come undone.
void log_opener::drop_unsafe_snapshots() {
  auto& snapshots = state().snapshots;
  while (!snapshots.empty() && snapshots.back() > options.recovery_point) {
    (void)d.remove(segment_path(log.directory_, snapshots.back(), ".snapshot"));
    snapshots.pop_back();
  }
}

// Where the next segment with records begins.
offset log_opener::next_records(std::size_t index) const {
  const auto& segments = log.state_->segments;
  for (std::size_t i = index + 1; i < segments.size(); ++i) {
    if (segments[i].size_bytes() != 0) return segments[i].base();
  }
  return offset{INT64_MAX};
}

// A roll that didn't succeed, or one before a truncation came undone, may leave a segment without records in the middle
// of what the one before it holds.
void log_opener::remove_overtaken(std::size_t index) {
  auto& segments = state().segments;
  const std::size_t next = index + 1;
  while (next < segments.size() && segments[next].size_bytes() == 0 && segments[next].base() < segments[index].end()) {
    for (const auto& name : segments[next].file_names(log.directory_)) (void)d.remove(name);
    segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(next));
    state().names_changed();
  }
}

// False if what comes behind this segment isn't the log's continuation any more.
result<bool> log_opener::recover(std::size_t index) {
  auto& segments = state().segments;
  segment& s = segments[index];
  const std::uint64_t file_size = s.size_bytes();
  const bool trusted = options.clean_shutdown;
  if (auto rewound = s.rewind(d, log.directory_, options.recovery_point, file_size, trusted); !rewound) {
    return rewound.error();
  }
  const std::uint64_t from = s.size_bytes();
  auto checked = check_segment(d, log.directory_, s, file_size, next_records(index), interval(), log.epochs_);
  if (!checked) return checked.error();
  JD_ASSERT(from <= checked->valid_bytes && checked->valid_bytes <= file_size, from, checked->valid_bytes, file_size);
  remove_overtaken(index);
  const bool is_last = index + 1 == segments.size();
  const offset limit = is_last ? offset{INT64_MAX} : segments[index + 1].base();
  if (!trusted) report.bytes_checked += checked->valid_bytes - from;
  // With the next segment right behind it, bytes too many at its end are no loss.
  const bool continued = is_last || s.end() == limit;
  const bool gap = !continued && !log.config_->cleanup_compact;
  if (!checked->damage.empty()) {
    if (auto done = cut(s, file_size, *checked, is_last, continued); !done) return done.error();
    if (!continued) return false;
  } else if (gap) {
    say("segment " + std::to_string(limit.value()) + " doesn't continue the one before, which ends at offset " +
        std::to_string(s.end().value()));
    return false;
  }
  if (!is_last) {
    if (auto finished = s.finish_index(d, log.directory_); !finished) return finished.error();
    s.set_end(limit);
  }
  if (!trusted) {
    // It may have been cut, now or in a run before that crashed, too.
    state().must_sync(s.open_log_file());
    for (auto& f : s.index_files()) state().must_sync(std::move(f));
  }
  return true;
}

result<void> log_opener::cut_at(file& f, std::uint64_t size) {
  if (auto truncated = f.truncate(size); !truncated) return truncated;
  // Before anything is written there: a later crash must not mix the two.
  return f.sync();
}

result<void> log_opener::cut(segment& s, std::uint64_t file_size, const segment_check& checked, bool is_last,
                             bool continued) {
  auto f = s.log_file(d, log.directory_);
  if (!f) return f.error();
  if (is_last && log.config_->preallocate && !options.clean_shutdown && s.end() >= options.recovery_point) {
    auto reserved = only_zeros(**f, checked.valid_bytes, file_size);
    if (!reserved) return reserved.error();
    if (*reserved) return cut_at(**f, checked.valid_bytes);
  }
  // A torn tail has nothing behind it; what has is damage.
  bool damaged = !continued || options.clean_shutdown;
  if (is_last && !damaged) {
    auto behind = valid_batch_behind(**f, checked.valid_bytes, file_size, s.end());
    if (!behind) return behind.error();
    damaged = *behind;
  }
  const std::string where = segment_path(log.directory_, s.base(), ".log") + " at position " +
                            std::to_string(checked.valid_bytes) + " (offset " + std::to_string(s.end().value()) + ")";
  if (s.end() < options.recovery_point && !options.clean_shutdown) report.damaged_below_recovery_point = true;
  if (damaged) {
    say("damage in " + where + ": " + checked.damage + "; what follows was put aside");
    if (auto copied = copy_aside(s, checked.valid_bytes, file_size); !copied) return copied;
  } else {
    say("the torn end of " + where + " was cut: " + checked.damage);
    report.bytes_cut += file_size - checked.valid_bytes;
  }
  return cut_at(**f, checked.valid_bytes);
}

// To <segment>.log.<position>.quarantined, and on the disk before the original is cut.
result<void> log_opener::copy_aside(segment& s, std::uint64_t from, std::uint64_t to) {
  const std::string path = segment_path(log.directory_, s.base(), ".log.") + std::to_string(from) + ".quarantined";
  auto source = s.log_file(d, log.directory_);
  if (!source) return source.error();
  auto target = d.open(path, open_mode::truncate);
  if (!target) return target.error();
  std::vector<std::byte> chunk(1024 * 1024);
  for (std::uint64_t at = from; at < to;) {
    auto got = (*source)->read_at(mutable_bytes(chunk).first(std::min<std::uint64_t>(chunk.size(), to - at)), at);
    if (!got) return got.error();
    if (*got == 0) break;
    const bytes_view parts[] = {bytes_view(chunk).first(*got)};
    if (auto written = (*target)->write_at(parts, at - from); !written) return written;
    at += *got;
  }
  if (auto synced = (*target)->sync(); !synced) return synced;
  if (auto synced = d.sync_directory(log.directory_); !synced) return synced;
  report.quarantined.push_back(path);
  return {};
}

result<void> log_opener::put_aside_from(std::size_t index) {
  auto& segments = state().segments;
  JD_ASSERT(index > 0 && index <= segments.size(), index, segments.size(), log.directory_);  // a log has one
  for (std::size_t i = index; i < segments.size(); ++i) {
    if (segments[i].base() < options.recovery_point && !options.clean_shutdown) {
      report.damaged_below_recovery_point = true;
    }
    for (const auto& name : segments[i].file_names(log.directory_)) {
      if (!d.exists(name)) continue;
      if (auto renamed = d.rename(name, name + ".quarantined"); !renamed) return renamed;
      report.quarantined.push_back(name + ".quarantined");
    }
  }
  segments.erase(segments.begin() + static_cast<std::ptrdiff_t>(index), segments.end());
  return {};
}

result<void> log_opener::finish() {
  auto& s = state();
  log.log_end_ = s.last().end();
  log.log_start_ = std::max(options.log_start_offset, s.segments.front().base());
  log.size_bytes_ = 0;
  for (const auto& one : s.segments) log.size_bytes_ += one.size_bytes();
  s.tail.restart(log.log_end_ - s.last().base());
  if (log.epochs_.truncate_from_end(log.log_end_)) s.epochs_changed = ++s.sequence;
  if (!options.clean_shutdown) s.epochs_changed = ++s.sequence;
  log.recovery_point_ = std::min(options.recovery_point, log.log_end_);
  const offset rebuild_from = options.clean_shutdown ? log.log_end_ : log.recovery_point_;
  for (auto& one : s.segments) {
    if (!one.has_txn_index() || one.end() <= rebuild_from) continue;
    const std::string path = segment_path(log.directory_, one.base(), ".txnindex");
    if (auto cut_to = truncate_txn_index(d, path, rebuild_from); !cut_to) return cut_to;
  }
  if (auto loaded = log.reload_producers(options.now, rebuild_from); !loaded) return loaded;
  if (log.log_start_ > log.log_end_) {
    const offset start = log.log_start_;
    say("all records lie below the log's start " + std::to_string(start.value()));
    if (auto emptied = log.truncate_fully_and_start_at(start); !emptied) return emptied;
  }
  log.drop_snapshots_below(s.segments.front().base());
  log.epochs_.truncate_from_start(log.log_start_);
  s.wants_flush = !options.clean_shutdown && log.recovery_point_ < log.log_end_;
  if (options.clean_shutdown) {
    s.synced = s.sequence;
    log.recovery_point_ = log.log_end_;
  }
  log.release_files();
  log.check();
  return {};
}

}  // namespace jackdaw::log
