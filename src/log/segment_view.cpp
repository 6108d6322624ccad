#include "segment_view.hpp"

#include <algorithm>
#include <array>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::log {

namespace {

// How many entries one read brings at the end of a search.
constexpr std::uint32_t entries_at_once = 340;

template <class Entry>
struct search_end {
  bool would_block = false;
  std::optional<Entry> entry;  // nothing: all entries are above
};

result<bool> read_entries(file& f, mutable_bytes into, std::uint64_t position, wait_mode wait) {
  result<std::size_t> got = std::size_t{0};
  if (wait == wait_mode::no_wait) {
    auto tried = f.try_read_at(into, position);
    if (!tried) return false;
    got = std::move(*tried);
  } else {
    got = f.read_at(into, position);
  }
  if (!got) return got.error();
  if (*got != into.size()) return fail(errc::corrupt, "an index is shorter than it was");
  return true;
}

// The last entry in the file for which `at_or_before` holds; entries rise.
template <class Entry, class Predicate>
result<search_end<Entry>> last_in_file(file& f, std::uint32_t count, Predicate at_or_before, wait_mode wait) {
  std::array<std::byte, entries_at_once * Entry::encoded_bytes> page;
  std::uint32_t low = 0;  // all entries before it are at or before
  std::uint32_t high = count;
  while (high - low > entries_at_once) {
    const std::uint32_t middle = low + (high - low) / 2;
    const mutable_bytes one(page.data(), Entry::encoded_bytes);
    auto got = read_entries(f, one, std::uint64_t{middle} * Entry::encoded_bytes, wait);
    if (!got) return got.error();
    if (!*got) return search_end<Entry>{true, {}};
    if (at_or_before(Entry::decode(page.data()))) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const mutable_bytes rest(page.data(), (high - low) * Entry::encoded_bytes);
  auto got = read_entries(f, rest, std::uint64_t{low} * Entry::encoded_bytes, wait);
  if (!got) return got.error();
  if (!*got) return search_end<Entry>{true, {}};
  search_end<Entry> found;
  for (std::uint32_t i = 0; i < high - low; ++i) {
    const Entry entry = Entry::decode(page.data() + i * Entry::encoded_bytes);
    if (!at_or_before(entry)) break;
    found.entry = entry;
  }
  return found;
}

// The same over the entries in memory, then those in the file.
template <class Entry, class Predicate>
result<search_end<Entry>> last_entry(std::span<const Entry> pending, file* f, std::uint32_t count,
                                     Predicate at_or_before, wait_mode wait) {
  const auto after = std::partition_point(pending.begin(), pending.end(), at_or_before);
  if (after != pending.begin()) return search_end<Entry>{false, *std::prev(after)};
  if (count == 0) return search_end<Entry>{};
  JD_ASSERT(f != nullptr, count);
  return last_in_file<Entry>(*f, count, at_or_before, wait);
}

result<search_end<offset_entry>> last_indexed(const segment_view& s, std::int64_t relative, wait_mode wait) {
  const auto at_or_before = [relative](const offset_entry& e) { return std::int64_t{e.relative_offset} <= relative; };
  return last_entry<offset_entry>(s.pending, s.index_file.get(), s.index_count, at_or_before, wait);
}

// Whether all bytes of the slice can be sent without waiting.
bool slice_is_cached(const segment_view& s, const read_slice& slice) {
  return slice.empty() || s.log_file->is_cached(slice.position, slice.size_bytes);
}

// Where a slice from `start` must end so that it holds whole batches, at most `max_bytes` of them or one; `limit` is
// a batch's start (or the segment's end) further on.
result<std::optional<std::uint64_t>> cut_at_batch(const segment_view& s, std::uint64_t start, std::uint64_t limit,
                                                  std::uint32_t max_bytes, bool min_one_batch, wait_mode wait) {
  auto boundary = boundary_at_or_before(s, start + max_bytes, wait);
  if (!boundary || !*boundary) return boundary;
  if (**boundary > start) return std::optional<std::uint64_t>{std::min(**boundary, limit)};
  // No indexed batch starts within reach: walk, the distance is short.
  header_scanner headers(*s.log_file, start, limit, wait);
  std::uint64_t end = start;
  while (true) {
    auto step = headers.next();
    if (!step) return step.error();
    if (*step == scan_step::would_block) return std::optional<std::uint64_t>{};
    if (*step != scan_step::found) return std::optional<std::uint64_t>{end};
    const std::uint64_t size = headers.next_position() - start;
    if (size > max_bytes) {
      if (end == start && min_one_batch) end = headers.next_position();
      return std::optional<std::uint64_t>{end};
    }
    end = headers.next_position();
  }
}

}  // namespace

std::unique_ptr<segment_view> segment_view::owned() const {
  auto copy = std::make_unique<segment_view>(*this);
  copy->own_pending.assign(pending.begin(), pending.end());
  copy->own_time_pending.assign(time_pending.begin(), time_pending.end());
  copy->pending = copy->own_pending;
  copy->time_pending = copy->own_time_pending;
  return copy;
}

result<std::optional<std::uint64_t>> scan_start_for(const segment_view& s, offset target, wait_mode wait) {
  auto found = last_indexed(s, target - s.base, wait);
  if (!found) return found.error();
  if (found->would_block) return std::optional<std::uint64_t>{};
  return std::optional<std::uint64_t>{found->entry ? found->entry->position : 0};
}

result<std::optional<std::uint64_t>> boundary_at_or_before(const segment_view& s, std::uint64_t position,
                                                           wait_mode wait) {
  const auto at_or_before = [position](const offset_entry& e) { return e.position <= position; };
  auto found = last_entry<offset_entry>(s.pending, s.index_file.get(), s.index_count, at_or_before, wait);
  if (!found) return found.error();
  if (found->would_block) return std::optional<std::uint64_t>{};
  return std::optional<std::uint64_t>{found->entry ? found->entry->position : 0};
}

result<std::optional<batch_place>> find_batch(const segment_view& s, offset target, wait_mode wait) {
  auto start = scan_start_for(s, target, wait);
  if (!start) return start.error();
  if (!*start) return std::optional<batch_place>{};
  header_scanner headers(*s.log_file, **start, s.size_bytes, wait);
  while (true) {
    auto step = headers.next();
    if (!step) return step.error();
    switch (*step) {
      case scan_step::found:
        if (headers.header().last_offset() < target) continue;
        return std::optional<batch_place>{{headers.position(), headers.size_bytes(), headers.header().base_offset()}};
      case scan_step::would_block: return std::optional<batch_place>{};
      case scan_step::end: return std::optional<batch_place>{{s.size_bytes, 0, s.end}};
      case scan_step::incomplete:
      case scan_step::damaged:
        return fail(errc::corrupt, "the segment with base offset " + std::to_string(s.base.value()) +
                                       " is damaged at position " + std::to_string(headers.next_position()));
    }
  }
}

result<std::optional<std::uint64_t>> scan_start_for(const segment_view& s, timestamp_ms timestamp, wait_mode wait) {
  const auto at_or_before = [timestamp](const time_entry& e) { return e.timestamp <= timestamp.value; };
  auto found = last_entry<time_entry>(s.time_pending, s.time_index_file.get(), s.time_index_count, at_or_before, wait);
  if (!found) return found.error();
  if (found->would_block) return std::optional<std::uint64_t>{};
  if (!found->entry) return std::optional<std::uint64_t>{0};
  return scan_start_for(s, s.base + found->entry->relative_offset, wait);
}

result<std::optional<time_entry>> last_time_entry(const segment_view& s) {
  const auto any = [](const time_entry&) { return true; };
  auto found =
      last_entry<time_entry>(s.time_pending, s.time_index_file.get(), s.time_index_count, any, wait_mode::may_wait);
  if (!found) return found.error();
  return found->entry;
}

result<slice_search> make_slice(const segment_view& s, offset from, std::uint32_t max_bytes, offset upper_bound,
                                bool min_one_batch, wait_mode wait) {
  slice_search found;
  const auto blocked = [&found] {
    found.would_block = true;
    return found;
  };
  auto first = find_batch(s, from, wait);
  if (!first) return first.error();
  if (!*first) return blocked();
  const std::uint64_t start = (*first)->position;
  found.past_end = start >= s.size_bytes;
  std::uint64_t limit = s.size_bytes;
  if (upper_bound < s.end) {
    auto bound = find_batch(s, upper_bound, wait);
    if (!bound) return bound.error();
    if (!*bound) return blocked();
    limit = (*bound)->position;
  }
  if (start >= limit) return found;
  std::uint64_t end = limit;
  if (limit - start > max_bytes) {
    auto cut = cut_at_batch(s, start, limit, max_bytes, min_one_batch, wait);
    if (!cut) return cut.error();
    if (!*cut) return blocked();
    end = **cut;
  }
  found.slice.more = end < limit || upper_bound > s.end;
  if (end == start) return found;
  JD_ASSERT(start < end && end <= s.size_bytes, start, end, s.size_bytes);
  JD_ASSERT(end - start <= max_bytes || min_one_batch, start, end, max_bytes);
  found.slice.file = s.log_file;
  found.slice.position = start;
  found.slice.size_bytes = static_cast<std::uint32_t>(end - start);
  if (wait == wait_mode::no_wait && !slice_is_cached(s, found.slice)) return blocked();
  return found;
}

}  // namespace jackdaw::log
