// One segment: a .log file and its indexes. Index entries gather in memory and are written a page at a time; what a
// crash takes of them is rebuilt from the .log file.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "index_entry.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/disk.hpp"
#include "jackdaw/log/log_config.hpp"
#include "segment_view.hpp"

namespace jackdaw::log {

// "<directory>/00000000000000000042.log"; `suffix` is ".log", ".index", ...
std::string segment_path(const std::string& directory, offset base, const char* suffix);

// What the segment must know of a batch that was appended to it.
struct appended_batch {
  offset base;
  offset last;
  std::uint32_t size_bytes = 0;
  timestamp_ms max_timestamp;
};

class segment {
 public:
  segment(offset base, timestamp_ms created) noexcept : base_(base), end_(base), created_(created) {}

  offset base() const noexcept { return base_; }
  offset end() const noexcept { return end_; }
  std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  timestamp_ms created() const noexcept { return created_; }
  // Of the first batch; nothing while there is none.
  std::optional<timestamp_ms> first_timestamp() const noexcept { return first_timestamp_; }
  bool has_txn_index() const noexcept { return has_txn_index_; }
  void set_has_txn_index() noexcept { has_txn_index_ = true; }

  // The segment was found on the disk. Before note_batch it must be rewound.
  void set_found(offset end, std::uint64_t size_bytes) noexcept;
  // The end of the log's last segment may lie behind its last batch (an empty or truncated one).
  void set_end(offset end) noexcept {
    JD_ASSERT(end >= end_, end.value(), end_.value());
    end_ = end;
  }

  result<std::shared_ptr<file>> log_file(disk& d, const std::string& directory);
  // Makes the file.
  result<void> create(disk& d, const std::string& directory);

  // After the batch's bytes were written at size_bytes().
  void note_batch(const appended_batch& batch, std::uint32_t index_interval_bytes);
  // True if the indexes have no room for another entry.
  bool index_full(std::int32_t segment_index_bytes) const noexcept;
  // A page of index entries has gathered.
  bool wants_index_write() const noexcept { return pending_.size() >= entries_per_write; }
  // Writes the entries that gathered. After an error they stay in memory.
  result<void> write_index(disk& d, const std::string& directory);
  // The same, with the closing entry of the time index: for a segment that gets no more batches for now. Makes both
  // files even if they are empty.
  result<void> finish_index(disk& d, const std::string& directory);
  // Starts over behind the batches whose index entries hold: keeps those of offsets below `limit` that lie before
  // `size_bytes`, as far as they rise as they should and the last of them names a batch. The segment then ends where
  // that batch starts (at 0 if no entry is left): the caller notes all batches from there on. Not `trusted`: `limit`
  // was flushed, and so were index entries below it except the last page of them, which go.
  result<void> rewind(disk& d, const std::string& directory, offset limit, std::uint64_t size_bytes, bool trusted);

  // Largest timestamp and where it is; reads the end of the time index the first time for a segment found on disk.
  result<std::optional<std::pair<timestamp_ms, offset>>> max_timestamp(disk& d, const std::string& directory);

  bool knows_times() const noexcept { return times_known_; }
  // What max_timestamp() found: of a segment that knows its times only, -1 and no_offset without any.
  timestamp_ms known_max_timestamp() const noexcept { return max_timestamp_; }
  // Learns them from a copy of this segment that has looked.
  void take_times(const segment& copy) noexcept;

  // Borrows from this segment: use it before the next change.
  result<segment_view> view(disk& d, const std::string& directory);

  // For a segment that is nobody's any more: its names end in ".deleted".
  std::vector<std::string> file_names(const std::string& directory) const;

  // Lets go of files; they are opened again when needed.
  void release_files() noexcept;
  std::size_t open_file_count() const noexcept;
  bool has_log_file() const noexcept { return log_file_ != nullptr; }
  // Null unless has_log_file().
  const std::shared_ptr<file>& open_log_file() const noexcept { return log_file_; }
  std::vector<std::shared_ptr<file>> index_files() const;

 private:
  static constexpr std::size_t entries_per_write = 512;
  static constexpr std::uint32_t not_counted = UINT32_MAX;

  result<void> open_indexes(disk& d, const std::string& directory);
  result<void> create_indexes(disk& d, const std::string& directory);
  result<void> scan_max_timestamp(disk& d, const std::string& directory);
  result<std::size_t> entries_that_hold(const std::vector<offset_entry>& all, offset limit, std::uint64_t size_bytes,
                                        bool trusted);
  result<void> keep_entries(const std::vector<offset_entry>& offsets, const std::vector<time_entry>& times);
  void add_time_entry();

  offset base_;
  offset end_;
  std::uint64_t size_bytes_ = 0;
  timestamp_ms created_;
  std::optional<timestamp_ms> first_timestamp_;
  bool times_known_ = false;
  bool has_txn_index_ = false;
  timestamp_ms max_timestamp_{-1};
  offset max_timestamp_offset_ = no_offset;
  std::int64_t last_time_entry_ = -1;  // its timestamp
  std::uint32_t unindexed_bytes_ = 0;
  std::uint32_t index_count_ = 0;  // entries in the files; not_counted for a segment found on disk
  std::uint32_t time_index_count_ = 0;
  std::vector<offset_entry> pending_;
  std::vector<time_entry> time_pending_;
  std::shared_ptr<file> log_file_;
  std::shared_ptr<file> index_file_;
  std::shared_ptr<file> time_index_file_;
};

}  // namespace jackdaw::log
