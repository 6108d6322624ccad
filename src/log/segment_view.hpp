// A segment as a reader needs it, and finding batches in it. On a shard it borrows the segment's memory and never
// waits for the disk; owned() makes one that a worker may use while the segment goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "batch_scan.hpp"
#include "index_entry.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/disk.hpp"
#include "jackdaw/log/read.hpp"

namespace jackdaw::log {

struct segment_view {
  std::shared_ptr<file> log_file;
  std::shared_ptr<file> index_file;       // null while index_count is 0
  std::shared_ptr<file> time_index_file;  // null while time_index_count is 0
  offset base;
  offset end;  // the first offset behind the segment
  std::uint64_t size_bytes = 0;
  std::uint32_t index_count = 0;  // entries in the files
  std::uint32_t time_index_count = 0;
  // Entries that aren't in the files yet.
  std::span<const offset_entry> pending;
  std::span<const time_entry> time_pending;
  std::vector<offset_entry> own_pending;
  std::vector<time_entry> own_time_pending;

  std::unique_ptr<segment_view> owned() const;
};

// A batch's place in its segment; at the segment's end with size 0 if there is none.
struct batch_place {
  std::uint64_t position = 0;
  std::uint32_t size_bytes = 0;
  offset base;
};

// In all of these nothing means that the answer isn't in memory (wait_mode::no_wait only).

// Where to start looking for the batch that holds `target`: an indexed batch at or before it.
result<std::optional<std::uint64_t>> scan_start_for(const segment_view& s, offset target, wait_mode wait);
// The start of the last indexed batch at or before `position`; 0 if none is.
result<std::optional<std::uint64_t>> boundary_at_or_before(const segment_view& s, std::uint64_t position,
                                                           wait_mode wait);
// The first batch whose last offset is `target` or above.
result<std::optional<batch_place>> find_batch(const segment_view& s, offset target, wait_mode wait);
// Where to start looking for the first record of `timestamp` or later.
result<std::optional<std::uint64_t>> scan_start_for(const segment_view& s, timestamp_ms timestamp, wait_mode wait);
// The last entry of the time index, if it has any.
result<std::optional<time_entry>> last_time_entry(const segment_view& s);

// partition_log::read within one segment.
struct slice_search {
  bool would_block = false;
  bool past_end = false;  // the segment has no batch at or behind `from`: the next segment may
  read_slice slice;
};
result<slice_search> make_slice(const segment_view& s, offset from, std::uint32_t max_bytes, offset upper_bound,
                                bool min_one_batch, wait_mode wait);

}  // namespace jackdaw::log
