// What a partition_log has once it has data.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/log/partition_log.hpp"
#include "producer_table.hpp"
#include "segment.hpp"

namespace jackdaw::log {

// Where the last batches of the last segment lie, so that readers near the end cost no disk read.
class batch_tail {
 public:
  // `next` is the first offset that push() will be told about; offsets are relative to the segment's base.
  void restart(std::int64_t next) noexcept {
    count_ = 0;
    known_from_ = next;
  }
  void push(std::uint32_t last_offset, std::uint32_t position) noexcept {
    JD_ASSERT(count_ == 0 || (at(count_ - 1).last_offset < last_offset && at(count_ - 1).position < position),
              last_offset, position, count_);
    if (count_ >= capacity) known_from_ = std::int64_t{at(count_).last_offset} + 1;
    entries_[count_++ % capacity] = {last_offset, position};
  }
  // The start of the first batch whose last offset is `target` or above; nothing if it isn't remembered.
  std::optional<std::uint64_t> find(std::int64_t target) const noexcept;
  // The start of the last remembered batch at or before `position`; nothing if there is none.
  std::optional<std::uint64_t> boundary_at_or_before(std::uint64_t position) const noexcept;
  // Where the batch that starts at `position` ends; `end` if it is the last.
  std::uint64_t next_boundary(std::uint64_t position, std::uint64_t end) const noexcept;

 private:
  static constexpr std::uint64_t capacity = 64;
  struct entry {
    std::uint32_t last_offset;
    std::uint32_t position;
  };
  std::uint64_t first() const noexcept { return count_ > capacity ? count_ - capacity : 0; }
  const entry& at(std::uint64_t i) const noexcept { return entries_[i % capacity]; }
  // The number of the first entry for which `beyond` holds.
  template <class Predicate>
  std::uint64_t first_beyond(Predicate beyond) const noexcept;

  std::array<entry, capacity> entries_;
  std::uint64_t count_ = 0;
  std::int64_t known_from_ = 0;
};

struct partition_log::state {
  // Asked to be synced at `sequence`; let go when a flush that was prepared after that succeeded.
  struct unsynced_file {
    std::shared_ptr<file> f;
    std::uint64_t sequence = 0;
  };
  using doomed_file = removal_job::file;

  std::vector<segment> segments;  // at least one; appends go to the last
  std::uint64_t reserved_to = 0;  // the last segment's file goes on with zeros from its end to here (preallocate)
  batch_tail tail;
  producer_table producers;
  std::vector<offset> snapshots;  // offsets of the producer snapshots on the disk, rising
  std::vector<doomed_file> doomed;
  bool is_removing = false;                           // a removal_job is under way
  std::vector<aborted_transaction> unwritten_aborts;  // that .txnindex couldn't take yet
  bool must_roll = false;                             // before the next append, whatever its size
  std::size_t old_in_use = SIZE_MAX;                  // the segment besides the last that has files open

  // Flushing. A change takes the next sequence; a job covers all up to its own.
  std::uint64_t sequence = 0;
  std::uint64_t directory_changed = 0;  // names in the partition's directory
  std::uint64_t parent_changed = 0;     // the name of that directory
  std::uint64_t epochs_changed = 0;
  std::uint64_t synced = 0;
  std::vector<unsynced_file> unsynced;
  bool wants_flush = false;
  // After a failed sync: jobs prepared before are worth nothing.
  std::optional<error> suspect;
  std::uint64_t repaired_at = 0;

  segment& last() noexcept { return segments.back(); }
  const segment& last() const noexcept { return segments.back(); }
  // The segment that holds `at`: the last whose base isn't above it.
  std::size_t segment_of(offset at) const noexcept;
  void must_sync(std::shared_ptr<file> f) {
    JD_ASSERT(f != nullptr, sequence);
    unsynced.push_back({std::move(f), ++sequence});
  }
  void names_changed() noexcept { directory_changed = ++sequence; }
};

}  // namespace jackdaw::log
