// The jobs that read.hpp hands to workers.
#include <algorithm>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/log/read.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "lookup.hpp"
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
      truncations_(truncations) {
  JD_ASSERT(!segments_.empty(), from.value(), upper_bound.value());
}
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

timestamp_lookup::timestamp_lookup(std::unique_ptr<candidates> looked_at) : looked_at_(std::move(looked_at)) {
  JD_ASSERT(looked_at_ != nullptr);
}
timestamp_lookup::timestamp_lookup(timestamp_lookup&&) noexcept = default;
timestamp_lookup& timestamp_lookup::operator=(timestamp_lookup&&) noexcept = default;
timestamp_lookup::~timestamp_lookup() = default;

namespace {

using candidates = timestamp_lookup::candidates;

// Retention may have taken the segment meanwhile; its partition's directory it doesn't take.
bool has_gone(const error& why, const candidates& all) {
  return why.code == errc::not_found && all.d.exists(all.directory);
}

// Leaves the first segment with the largest timestamp, if any has one.
result<void> choose_largest(candidates& all) {
  all.target = {-1};
  std::size_t chosen = all.segments.size();
  for (std::size_t i = 0; i < all.segments.size(); ++i) {
    auto largest = all.segments[i].max_timestamp(all.d, all.directory);
    if (!largest && !has_gone(largest.error(), all)) return largest.error();
    if (!largest || !*largest || (*largest)->first <= all.target) continue;
    all.target = (*largest)->first;
    chosen = i;
  }
  std::vector<segment> only;
  if (chosen != all.segments.size()) only.push_back(std::move(all.segments[chosen]));
  all.segments = std::move(only);
  return {};
}

result<found_record> look_into(const segment_view& s, const candidates& all, protocol::record_reader& reader) {
  auto start = scan_start_for(s, all.target, wait_mode::may_wait);
  if (!start) return start.error();
  batch_stream batches(*s.log_file, **start, s.size_bytes);
  while (true) {
    auto step = batches.next();
    if (!step) return step.error();
    if (*step == scan_step::end) return found_record{};
    if (*step != scan_step::found) return fail(errc::corrupt, all.directory + ": a segment is damaged");
    const auto& batch = batches.batch();
    if (batch.base_offset() >= all.upper_bound) return found_record{};
    if (batch.max_timestamp() < all.target || batch.last_offset() < all.from) continue;
    auto found = first_in_batch(batch, reader, [&all](const protocol::record_view& record) {
      return record.timestamp >= all.target && record.offset >= all.from && record.offset < all.upper_bound;
    });
    if (!found || *found) return found;
  }
}

}  // namespace

result<std::optional<timestamp_and_offset>> timestamp_lookup::run() {
  candidates& all = *looked_at_;
  if (all.is_truncating) return fail(errc::busy, all.directory + " is being truncated");
  if (all.wants_largest) {
    if (auto chosen = choose_largest(all); !chosen) return chosen.error();
  }
  protocol::record_reader reader;
  for (segment& s : all.segments) {
    const auto largest = s.max_timestamp(all.d, all.directory);
    // A segment that can't tell is looked at.
    if (largest && (!*largest || (*largest)->first < all.target)) continue;
    auto seen = s.view(all.d, all.directory);
    if (!seen && has_gone(seen.error(), all)) continue;
    if (!seen) return seen.error();
    auto found = look_into(*seen, all, reader);
    if (!found || *found) return found;
    s.release_files();
  }
  return found_record{};
}

}  // namespace jackdaw::log
