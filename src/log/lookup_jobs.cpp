// The jobs that read.hpp hands to workers.
#include <algorithm>
#include <vector>

#include "jackdaw/log/read.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "segment_view.hpp"

namespace jackdaw::log {

namespace {

constexpr std::size_t warm_step_bytes = 256 * 1024;

// Reads the slice once, so that it is in the page cache.
result<void> warm(const read_slice& slice) {
  std::vector<std::byte> chunk(std::min<std::size_t>(warm_step_bytes, slice.size_bytes));
  slice.file->prefetch(slice.position, slice.size_bytes);
  for (std::uint64_t at = 0; at < slice.size_bytes; at += chunk.size()) {
    const std::size_t size = std::min<std::uint64_t>(chunk.size(), slice.size_bytes - at);
    auto got = slice.file->read_at(mutable_bytes(chunk).first(size), slice.position + at);
    if (!got) return got.error();
  }
  return {};
}

using found_record = std::optional<timestamp_and_offset>;

// The first record of the batch that is wanted.
template <class Wanted>
result<found_record> first_in_batch(const protocol::batch_view& batch, protocol::record_reader& reader, Wanted wanted) {
  if (auto opened = reader.open(batch); !opened) return opened.error();
  protocol::record_view record;
  while (true) {
    auto more = reader.next(record);
    if (!more) return more.error();
    if (!*more) return found_record{};
    if (wanted(record)) return found_record{{record.timestamp, record.offset, batch.leader_epoch()}};
  }
}

}  // namespace

cold_read::cold_read(std::vector<std::unique_ptr<segment_view>> segments, offset from, std::uint32_t max_bytes,
                     offset upper_bound, bool min_one_batch, std::uint32_t truncations)
    : segments_(std::move(segments)),
      from_(from),
      max_bytes_(max_bytes),
      upper_bound_(upper_bound),
      min_one_batch_(min_one_batch),
      truncations_(truncations) {}
cold_read::cold_read(cold_read&&) noexcept = default;
cold_read& cold_read::operator=(cold_read&&) noexcept = default;
cold_read::~cold_read() = default;

result<read_slice> cold_read::run() {
  read_slice slice;
  for (const auto& segment : segments_) {
    auto found = make_slice(*segment, from_, max_bytes_, upper_bound_, min_one_batch_, wait_mode::may_wait);
    if (!found) return found.error();
    slice = std::move(found->slice);
    if (!found->past_end || upper_bound_ <= segment->end) break;
  }
  slice.truncations = truncations_;
  if (!slice.empty()) {
    if (auto warmed = warm(slice); !warmed) return warmed.error();
  }
  return slice;
}

timestamp_lookup::timestamp_lookup(std::vector<std::unique_ptr<segment_view>> segments, timestamp_ms target,
                                   offset from, offset upper_bound)
    : segments_(std::move(segments)), target_(target), from_(from), upper_bound_(upper_bound) {}
timestamp_lookup::timestamp_lookup(timestamp_lookup&&) noexcept = default;
timestamp_lookup& timestamp_lookup::operator=(timestamp_lookup&&) noexcept = default;
timestamp_lookup::~timestamp_lookup() = default;

result<std::optional<timestamp_and_offset>> timestamp_lookup::run() {
  protocol::record_reader reader;
  for (const auto& segment : segments_) {
    auto start = scan_start_for(*segment, target_, wait_mode::may_wait);
    if (!start) return start.error();
    batch_stream batches(*segment->log_file, **start, segment->size_bytes);
    while (true) {
      auto step = batches.next();
      if (!step) return step.error();
      if (*step == scan_step::end) break;
      if (*step != scan_step::found) return fail(errc::corrupt, "a segment is damaged");
      const auto& batch = batches.batch();
      if (batch.base_offset() >= upper_bound_) return found_record{};
      if (batch.max_timestamp() < target_ || batch.last_offset() < from_) continue;
      auto found = first_in_batch(batch, reader, [this](const protocol::record_view& record) {
        return record.timestamp >= target_ && record.offset >= from_ && record.offset < upper_bound_;
      });
      if (!found || *found) return found;
    }
  }
  return found_record{};
}

}  // namespace jackdaw::log
