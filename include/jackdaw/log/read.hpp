// Reading: slices of segment files, and the jobs that find them when that may take a disk read. A job holds open
// files and numbers only, so any thread may run it while the log goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/disk.hpp"

namespace jackdaw::log {

// Whole batches in one segment file. Empty (no file, size 0) when there is nothing below the upper bound, or when
// the first batch is larger than allowed.
struct read_slice {
  std::shared_ptr<log::file> file;
  std::uint64_t position = 0;
  std::uint32_t size_bytes = 0;
  // The log's count of truncations when it was made: see partition_log::is_current.
  std::uint32_t truncations = 0;
  // True if the slice stopped at max_bytes, or at the end of a segment, with more to read below the upper bound.
  bool more = false;

  bool empty() const noexcept { return size_bytes == 0; }
};

struct segment_view;

// A read that needs the disk. run() waits for it, then reads the slice's bytes into the page cache, so that sending
// the slice doesn't wait. Check partition_log::is_current before using the slice.
class cold_read {
 public:
  cold_read(std::vector<std::unique_ptr<segment_view>> segments, offset from, std::uint32_t max_bytes,
            offset upper_bound, bool min_one_batch, std::uint32_t truncations);
  cold_read(cold_read&&) noexcept;
  cold_read& operator=(cold_read&&) noexcept;
  ~cold_read();

  result<read_slice> run();

 private:
  std::vector<std::unique_ptr<segment_view>> segments_;  // the next one, too: the first may have a gap at its end
  offset from_;
  std::uint32_t max_bytes_;
  offset upper_bound_;
  bool min_one_batch_;
  std::uint32_t truncations_;
};

// One of the two.
struct read_outcome {
  read_slice slice;
  std::optional<cold_read> cold;
};

struct timestamp_and_offset {
  timestamp_ms timestamp{-1};
  offset at = no_offset;
  jackdaw::leader_epoch epoch;
};

// A look-up by time. run() opens and reads indexes and batches and unpacks them: give it to a worker. The log may go on
// meanwhile; what retention removes before it is looked at is left out, as if it had been removed earlier.
class timestamp_lookup {
 public:
  struct candidates;

  explicit timestamp_lookup(std::unique_ptr<candidates> looked_at);
  timestamp_lookup(timestamp_lookup&&) noexcept;
  timestamp_lookup& operator=(timestamp_lookup&&) noexcept;
  ~timestamp_lookup();

  // Nothing if no record qualifies. errc::busy if the log was being truncated, errc::io, errc::corrupt.
  result<std::optional<timestamp_and_offset>> run();

 private:
  std::unique_ptr<candidates> looked_at_;
};

}  // namespace jackdaw::log
