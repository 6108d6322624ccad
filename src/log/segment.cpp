#include "segment.hpp"

#include <algorithm>
#include <cstdio>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::log {

namespace {

template <class Entry>
result<void> append_entries(file& f, std::uint32_t count, const std::vector<Entry>& entries) {
  if (entries.empty()) return {};
  std::vector<std::byte> bytes(entries.size() * Entry::encoded_bytes);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].encode(bytes.data() + i * Entry::encoded_bytes);
  const bytes_view parts[] = {bytes};
  const std::uint64_t position = std::uint64_t{count} * Entry::encoded_bytes;
  JD_ASSERT(count < UINT32_MAX - entries.size(), count, entries.size());  // not_counted: nobody has opened it
  auto written = f.write_at(parts, position);
  // What did get through must not count as entries. If this fails, too, it is cut when the segment is opened again.
  if (!written) (void)f.truncate(position);
  return written;
}

template <class Entry>
result<std::vector<Entry>> read_entries(file* f, std::uint32_t count, const std::vector<Entry>& pending) {
  std::vector<Entry> entries;
  if (f != nullptr && count != 0) {
    std::vector<std::byte> bytes(std::size_t{count} * Entry::encoded_bytes);
    auto got = f->read_at(bytes, 0);
    if (!got) return got.error();
    entries.reserve(*got / Entry::encoded_bytes + pending.size());
    for (std::size_t at = 0; at + Entry::encoded_bytes <= *got; at += Entry::encoded_bytes) {
      entries.push_back(Entry::decode(bytes.data() + at));
    }
  }
  entries.insert(entries.end(), pending.begin(), pending.end());
  return entries;
}

// Opens the file if it exists and counts its entries. One that somebody took away has none any more: readers then look
// further, and nothing is lost.
result<std::uint32_t> open_index(disk& d, const std::string& path, std::size_t entry_bytes,
                                 std::shared_ptr<file>& slot) {
  if (!slot) {
    auto opened = d.open(path, open_mode::write_existing);
    if (!opened && opened.error().code == errc::not_found) return std::uint32_t{0};
    if (!opened) return opened.error();
    slot = std::move(*opened);
  }
  auto size = slot->size();
  if (!size) return size.error();
  return static_cast<std::uint32_t>(*size / entry_bytes);
}

// Cuts the file to the entries kept; what of them it doesn't have stays in `pending`.
template <class Entry>
result<void> keep_in_file(file* f, std::uint32_t& count, std::vector<Entry>& pending, const std::vector<Entry>& kept) {
  if (kept.size() < count) {
    JD_ASSERT(f != nullptr, kept.size(), count);
    if (auto cut = f->truncate(kept.size() * Entry::encoded_bytes); !cut) return cut;
    count = static_cast<std::uint32_t>(kept.size());
  }
  pending.assign(kept.begin() + count, kept.end());
  return {};
}

}  // namespace

std::string segment_path(const std::string& directory, offset base, const char* suffix) {
  char name[32];
  std::snprintf(name, sizeof name, "/%020lld", static_cast<long long>(base.value()));
  return directory + name + suffix;
}

result<std::shared_ptr<file>> segment::log_file(disk& d, const std::string& directory) {
  if (!log_file_) {
    auto opened = d.open(segment_path(directory, base_, ".log"), open_mode::write_existing);
    if (!opened) return opened.error();
    log_file_ = std::move(*opened);
  }
  return log_file_;
}

result<void> segment::create(disk& d, const std::string& directory) {
  auto opened = d.open(segment_path(directory, base_, ".log"), open_mode::truncate);
  if (!opened) return opened.error();
  log_file_ = std::move(*opened);
  times_known_ = true;
  return {};
}

void segment::note_batch(const appended_batch& batch, std::uint32_t index_interval_bytes) {
  JD_ASSERT(batch.base >= end_ && batch.last >= batch.base, batch.base.value(), batch.last.value(), end_.value());
  if (!first_timestamp_) first_timestamp_ = batch.max_timestamp;
  if (batch.max_timestamp > max_timestamp_) {
    max_timestamp_ = batch.max_timestamp;
    max_timestamp_offset_ = batch.last;
  }
  JD_ASSERT(size_bytes_ <= UINT32_MAX, size_bytes_, base_.value());  // indexes have 32 bits for a position
  if (unindexed_bytes_ > index_interval_bytes) {
    pending_.push_back({static_cast<std::uint32_t>(batch.last - base_), static_cast<std::uint32_t>(size_bytes_)});
    add_time_entry();
    unindexed_bytes_ = 0;
  }
  unindexed_bytes_ += batch.size_bytes;
  size_bytes_ += batch.size_bytes;
  end_ = batch.last + 1;
}

void segment::add_time_entry() {
  if (max_timestamp_.value <= last_time_entry_) return;
  JD_ASSERT(max_timestamp_offset_ >= base_, max_timestamp_offset_.value(), base_.value(), max_timestamp_.value);
  time_pending_.push_back({max_timestamp_.value, static_cast<std::uint32_t>(max_timestamp_offset_ - base_)});
  last_time_entry_ = max_timestamp_.value;
}

bool segment::index_full(std::int32_t segment_index_bytes) const noexcept {
  const auto room = static_cast<std::size_t>(std::max(segment_index_bytes, 0));
  return index_count_ + pending_.size() >= room / offset_entry::encoded_bytes ||
         time_index_count_ + time_pending_.size() + 1 >= room / time_entry::encoded_bytes;
}

result<void> segment::open_indexes(disk& d, const std::string& directory) {
  if (index_count_ != 0) {
    auto counted = open_index(d, segment_path(directory, base_, ".index"), offset_entry::encoded_bytes, index_file_);
    if (!counted) return counted.error();
    if (index_count_ == not_counted || !index_file_) index_count_ = *counted;
  }
  if (time_index_count_ != 0) {
    auto counted =
        open_index(d, segment_path(directory, base_, ".timeindex"), time_entry::encoded_bytes, time_index_file_);
    if (!counted) return counted.error();
    if (time_index_count_ == not_counted || !time_index_file_) time_index_count_ = *counted;
  }
  return {};
}

result<void> segment::create_indexes(disk& d, const std::string& directory) {
  // Without entries there is no file yet; one that a crash left over would say things about other records.
  const auto mode_for = [](std::uint32_t count) { return count == 0 ? open_mode::truncate : open_mode::create; };
  if (!index_file_) {
    auto opened = d.open(segment_path(directory, base_, ".index"), mode_for(index_count_));
    if (!opened) return opened.error();
    index_file_ = std::move(*opened);
  }
  if (!time_index_file_) {
    auto opened = d.open(segment_path(directory, base_, ".timeindex"), mode_for(time_index_count_));
    if (!opened) return opened.error();
    time_index_file_ = std::move(*opened);
  }
  return {};
}

result<void> segment::write_index(disk& d, const std::string& directory) {
  if (pending_.empty() && time_pending_.empty()) return {};
  if (auto made = create_indexes(d, directory); !made) return made;
  if (auto written = append_entries(*index_file_, index_count_, pending_); !written) return written;
  index_count_ += static_cast<std::uint32_t>(pending_.size());
  pending_.clear();
  if (auto written = append_entries(*time_index_file_, time_index_count_, time_pending_); !written) return written;
  time_index_count_ += static_cast<std::uint32_t>(time_pending_.size());
  time_pending_.clear();
  return {};
}

result<void> segment::finish_index(disk& d, const std::string& directory) {
  add_time_entry();
  if (auto made = create_indexes(d, directory); !made) return made;
  return write_index(d, directory);
}

// How many of the entries rise as they should and lie below the limits; none if the last of them names no batch.
result<std::size_t> segment::entries_that_hold(const std::vector<offset_entry>& all, offset limit,
                                               std::uint64_t size_bytes, bool trusted) {
  std::size_t kept = 0;
  for (const offset_entry& e : all) {
    if (base_ + e.relative_offset >= limit || e.position >= size_bytes) break;
    if (kept > 0 && (e.relative_offset <= all[kept - 1].relative_offset || e.position <= all[kept - 1].position)) break;
    if (kept == 0 && e.position == 0) break;  // the first batch has no entry: zeros that were never written
    ++kept;
  }
  // When the limit was flushed, up to a page of entries below it was still in memory: their bytes may be anything.
  if (!trusted) kept -= std::min(kept, entries_per_write);
  if (kept == 0) return kept;
  header_scanner last(*log_file_, all[kept - 1].position, size_bytes, wait_mode::may_wait);
  auto step = last.next();
  if (!step) return step.error();
  const bool holds = *step == scan_step::found && last.header().last_offset() == base_ + all[kept - 1].relative_offset;
  return holds ? kept : 0;
}

result<void> segment::keep_entries(const std::vector<offset_entry>& offsets, const std::vector<time_entry>& times) {
  if (auto kept = keep_in_file(index_file_.get(), index_count_, pending_, offsets); !kept) return kept;
  if (auto kept = keep_in_file(time_index_file_.get(), time_index_count_, time_pending_, times); !kept) return kept;
  last_time_entry_ = times.empty() ? -1 : times.back().timestamp;
  max_timestamp_ = {last_time_entry_};
  max_timestamp_offset_ = times.empty() ? no_offset : base_ + times.back().relative_offset;
  times_known_ = true;
  unindexed_bytes_ = 0;
  size_bytes_ = offsets.empty() ? 0 : offsets.back().position;
  return {};
}

result<void> segment::rewind(disk& d, const std::string& directory, offset limit, std::uint64_t size_bytes,
                             bool trusted) {
  if (auto opened = log_file(d, directory); !opened) return opened.error();
  if (auto opened = open_indexes(d, directory); !opened) return opened;
  auto offsets = read_entries(index_file_.get(), index_count_, pending_);
  if (!offsets) return offsets.error();
  auto times = read_entries(time_index_file_.get(), time_index_count_, time_pending_);
  if (!times) return times.error();
  auto kept = entries_that_hold(*offsets, limit, size_bytes, trusted);
  if (!kept) return kept.error();
  offsets->resize(*kept);
  const std::int64_t last_relative = offsets->empty() ? -1 : std::int64_t{offsets->back().relative_offset};
  const std::int64_t time_limit = trusted && !offsets->empty() ? limit - base_ : last_relative + 1;
  std::size_t times_kept = 0;
  for (const time_entry& e : *times) {
    if (std::int64_t{e.relative_offset} >= time_limit || e.timestamp < 0) break;
    if (times_kept > 0 && e.timestamp <= (*times)[times_kept - 1].timestamp) break;
    ++times_kept;
  }
  times->resize(times_kept);
  if (auto done = keep_entries(*offsets, *times); !done) return done;
  end_ = base_;
  first_timestamp_.reset();
  if (size_bytes_ == 0) return {};
  header_scanner first(*log_file_, 0, size_bytes, wait_mode::may_wait);
  auto step = first.next();
  if (!step) return step.error();
  if (*step == scan_step::found) first_timestamp_ = first.header().max_timestamp();
  return {};
}

result<void> segment::scan_max_timestamp(disk& d, const std::string& directory) {
  auto opened = log_file(d, directory);
  if (!opened) return opened.error();
  header_scanner headers(**opened, 0, size_bytes_, wait_mode::may_wait);
  while (true) {
    auto step = headers.next();
    if (!step) return step.error();
    if (*step != scan_step::found) return {};
    if (headers.header().max_timestamp() <= max_timestamp_) continue;
    max_timestamp_ = headers.header().max_timestamp();
    max_timestamp_offset_ = headers.header().last_offset();
  }
}

result<std::optional<std::pair<timestamp_ms, offset>>> segment::max_timestamp(disk& d, const std::string& directory) {
  if (!times_known_) {
    auto seen = view(d, directory);
    if (!seen) return seen.error();
    auto last = last_time_entry(*seen);
    if (!last) return last.error();
    if (*last) {
      max_timestamp_ = {(*last)->timestamp};
      max_timestamp_offset_ = base_ + (*last)->relative_offset;
    } else if (auto scanned = scan_max_timestamp(d, directory); !scanned) {
      return scanned.error();
    }
    times_known_ = true;
  }
  if (max_timestamp_offset_ == no_offset) return std::optional<std::pair<timestamp_ms, offset>>{};
  return std::optional{std::pair{max_timestamp_, max_timestamp_offset_}};
}

void segment::take_times(const segment& copy) noexcept {
  JD_ASSERT(copy.base_ == base_ && copy.times_known_, base_.value(), copy.base_.value());
  if (times_known_) return;
  max_timestamp_ = copy.max_timestamp_;
  max_timestamp_offset_ = copy.max_timestamp_offset_;
  times_known_ = true;
}

result<segment_view> segment::view(disk& d, const std::string& directory) {
  auto opened = log_file(d, directory);
  if (!opened) return opened.error();
  if (auto indexes = open_indexes(d, directory); !indexes) return indexes.error();
  JD_ASSERT((index_file_ || index_count_ == 0) && (time_index_file_ || time_index_count_ == 0), base_.value(),
            index_count_, time_index_count_);
  segment_view v;
  v.log_file = log_file_;
  v.index_file = index_file_;
  v.time_index_file = time_index_file_;
  v.base = base_;
  v.end = end_;
  v.size_bytes = size_bytes_;
  v.index_count = index_count_;
  v.time_index_count = time_index_count_;
  v.pending = pending_;
  v.time_pending = time_pending_;
  return v;
}

void segment::set_found(offset end, std::uint64_t size_bytes) noexcept {
  JD_ASSERT(end >= base_, end.value(), base_.value());
  end_ = end;
  size_bytes_ = size_bytes;
  index_count_ = not_counted;
  time_index_count_ = not_counted;
}

void segment::release_files() noexcept {
  log_file_.reset();
  index_file_.reset();
  time_index_file_.reset();
}

std::size_t segment::open_file_count() const noexcept {
  return std::size_t{log_file_ != nullptr} + std::size_t{index_file_ != nullptr} +
         std::size_t{time_index_file_ != nullptr};
}

std::vector<std::shared_ptr<file>> segment::index_files() const {
  std::vector<std::shared_ptr<file>> files;
  if (index_file_) files.push_back(index_file_);
  if (time_index_file_) files.push_back(time_index_file_);
  return files;
}

std::vector<std::string> segment::file_names(const std::string& directory) const {
  std::vector<std::string> names;
  for (const char* suffix : {".log", ".index", ".timeindex"}) names.push_back(segment_path(directory, base_, suffix));
  if (has_txn_index_) names.push_back(segment_path(directory, base_, ".txnindex"));
  return names;
}

}  // namespace jackdaw::log
