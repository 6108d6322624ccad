// Who wrote to the partition with sequence numbers, and which transactions are open (KIP-98). Pure state: partition_log
// feeds it batches in the order of their offsets, from appends and from replay alike.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/append.hpp"
#include "jackdaw/log/producers.hpp"
#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::log {

// What is kept of each of a producer's last five batches, to tell a duplicate and answer it.
struct batch_memory {
  std::int32_t last_sequence = -1;
  std::int32_t offset_delta = 0;  // last offset - first offset
  offset last_offset = no_offset;
  timestamp_ms timestamp;

  offset first_offset() const noexcept { return last_offset - offset_delta; }
  std::int32_t first_sequence() const noexcept;
};

class producer_entry {
 public:
  static constexpr std::size_t batches_kept = 5;

  producer_epoch epoch;
  std::int32_t coordinator_epoch = -1;
  timestamp_ms last_timestamp{-1};
  timestamp_ms last_seen{-1};  // when it last appended here, by our clock: what expiry counts from
  offset transaction_start = no_offset;

  bool has_batches() const noexcept { return count_ != 0; }
  const batch_memory& last_batch() const noexcept { return batches_[count_ - 1]; }
  std::int32_t last_sequence() const noexcept { return has_batches() ? last_batch().last_sequence : -1; }
  void remember(const batch_memory& batch) noexcept;
  void forget_batches() noexcept { count_ = 0; }
  // A batch from before the last one that is known, found again after a restart; in the order of offsets.
  void recall(const batch_memory& batch) noexcept;
  const batch_memory* find(std::int32_t first_sequence, std::int32_t last_sequence) const noexcept;

 private:
  std::array<batch_memory, batches_kept> batches_;  // oldest first
  std::uint32_t count_ = 0;
};

// A transaction's end as its marker tells it.
struct transaction_marker {
  producer_id id;
  producer_epoch epoch;
  bool commit = false;
  std::int32_t coordinator_epoch = -1;
  offset at;  // the marker's own
  timestamp_ms timestamp;
};

class producer_table {
 public:
  struct verdict {
    append_error error = append_error::none;
    std::string message;
    const batch_memory* duplicate = nullptr;  // lasts until the next change
  };

  bool empty() const noexcept { return entries_.empty(); }
  std::size_t size() const noexcept { return entries_.size(); }

  // May a client's batch with a producer id be appended? Changes nothing.
  verdict check_data(const protocol::batch_view& batch) const;
  verdict check_marker(const transaction_marker& marker) const;

  // The batch (with a producer id, no marker) is in the log now, with the offsets in its header.
  void apply_data(const protocol::batch_view& batch, timestamp_ms now);
  // Snapshots have only the last batch of each producer: brings back one of those before it.
  void recall(const protocol::batch_view& batch);
  // What .txnindex must learn, if the marker aborted a transaction.
  std::optional<aborted_transaction> apply_marker(const transaction_marker& marker, timestamp_ms now);

  // The first offset of a transaction that is open, or finished with a marker that isn't below the high watermark yet;
  // nothing if there is none.
  std::optional<offset> first_unstable() const noexcept;
  void high_watermark_moved(offset high_watermark);
  // The log now starts there.
  void log_start_moved(offset log_start);

  // Forgets producers without an open transaction that wrote nothing for `expiration_ms`.
  void expire(timestamp_ms now, std::int64_t expiration_ms);
  std::vector<producer_description> describe() const;
  void clear();

  // The file <offset>.snapshot: what is needed to go on from that offset.
  std::vector<std::byte> encode_snapshot() const;
  // Replaces everything. errc::corrupt. Entries that have expired by `now` are left out.
  result<void> decode_snapshot(bytes_view file, timestamp_ms now, std::int64_t expiration_ms);

 private:
  producer_entry& entry_of(producer_id id, producer_epoch epoch);
  std::optional<offset> first_open_besides(producer_id id) const noexcept;

  std::unordered_map<producer_id, producer_entry> entries_;
  std::map<offset, producer_id> open_;     // by first offset
  std::map<offset, offset> unreplicated_;  // finished: first offset -> the marker's
};

}  // namespace jackdaw::log
