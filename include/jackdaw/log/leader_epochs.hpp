// Which leader epoch began at which offset (KIP-101, KIP-320), and its checkpoint file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw::log {

struct epoch_start {
  jackdaw::leader_epoch epoch;
  offset start_offset;
  bool operator==(const epoch_start&) const = default;
};

struct epoch_end {
  jackdaw::leader_epoch epoch;  // -1 if not known
  offset end_offset = no_offset;
  bool operator==(const epoch_end&) const = default;
};

// Epochs and start offsets both rise strictly from entry to entry.
class leader_epochs {
 public:
  bool operator==(const leader_epochs&) const = default;
  bool empty() const noexcept { return entries_.empty(); }
  const std::vector<epoch_start>& entries() const noexcept { return entries_; }
  std::optional<jackdaw::leader_epoch> latest() const noexcept;
  // The epoch of the batch at `at`.
  std::optional<jackdaw::leader_epoch> epoch_at(offset at) const noexcept;

  // Notes that `epoch` begins at `start`. Entries that contradict it (a later start, or a larger epoch, from before a
  // truncation) go. True if anything changed.
  bool assign(jackdaw::leader_epoch epoch, offset start);
  // What OffsetForLeaderEpoch answers: the largest known epoch that isn't above `requested`, and where it ended: the
  // start of the next, or `log_end` for the latest. Below all known ones: `requested` and where the first begins.
  // Above all known ones, or none known: unknown (-1, -1).
  epoch_end end_offset_for(jackdaw::leader_epoch requested, offset log_end) const noexcept;
  // Forgets what begins at or after `end`. True if anything changed.
  bool truncate_from_end(offset end);
  // The log now starts at `start`: older entries go, the one that covers `start` begins there. True if changed.
  bool truncate_from_start(offset start);
  void clear() noexcept { entries_.clear(); }

  // The file leader-epoch-checkpoint.
  std::string encode() const;
  static result<leader_epochs> decode(std::string_view text);

 private:
  std::vector<epoch_start> entries_;
};

}  // namespace jackdaw::log
