// Makes record batches of magic 2, and packs existing ones with another codec.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/compression.hpp"
#include "jackdaw/protocol/record_batch.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::protocol {

struct batch_options {
  jackdaw::offset base_offset{0};
  jackdaw::leader_epoch leader_epoch;  // -1: clients don't know it
  protocol::compression compression;
  protocol::timestamp_type timestamp_type = timestamp_type::create_time;
  // With log_append_time: what every record is read with.
  timestamp_ms append_time;
  jackdaw::producer_id producer_id;
  jackdaw::producer_epoch producer_epoch;
  std::int32_t base_sequence = -1;
  bool is_transactional = false;
  bool is_control = false;
  // Written into the base timestamp field, and flagged.
  std::optional<timestamp_ms> delete_horizon;
};

// A record to write. Nothing in key or value is null.
struct new_record {
  timestamp_ms timestamp;
  std::optional<bytes_view> key;
  std::optional<bytes_view> value;
  std::span<const record_header> headers;
  std::int8_t attributes = 0;
};

class batch_builder {
 public:
  explicit batch_builder(batch_options options = {});

  // Forgets the records, keeps the buffers.
  void reset(batch_options options);
  // The next offset; copies everything. `record` together with what is there must stay below 2 GiB.
  void add(const new_record& record);
  // The same at a given distance from the base offset, above the last one's: compaction leaves gaps.
  void add_at(std::int32_t offset_delta, const new_record& record);
  // Only for batches that shrank: a last offset beyond the last record's, a base timestamp and a largest timestamp
  // other than those of the records that are left.
  void set_last_offset_delta(std::int32_t delta) noexcept { last_offset_delta_ = delta; }
  // Before the first record, and not with a delete horizon, which lies in the same place.
  void set_base_timestamp(timestamp_ms base) noexcept;
  void set_max_timestamp(timestamp_ms max) noexcept { max_timestamp_override_ = max; }

  std::int32_t record_count() const noexcept { return count_; }
  bool empty() const noexcept { return count_ == 0; }
  // The batch's size before compression.
  std::size_t uncompressed_size_bytes() const noexcept { return used_; }
  // What `record` would add to that, at most.
  static std::size_t size_bound(const new_record& record) noexcept;
  timestamp_ms max_timestamp() const noexcept { return max_timestamp_; }
  std::int32_t max_timestamp_offset_delta() const noexcept { return max_timestamp_delta_; }

  // Compresses, fills in the header and returns the batch; the view lasts until the builder is used again. Fails only
  // for a compression level out of range.
  result<batch_view> finish();

 private:
  void write_header(std::vector<std::byte>& out) const;

  batch_options options_;
  std::vector<std::byte> buffer_;  // header, then records uncompressed; larger than what is used
  std::size_t used_ = batch_header_bytes;
  std::vector<std::byte> packed_;  // header, then records compressed
  compressor compressor_;
  std::int32_t count_ = 0;
  std::int32_t last_offset_delta_ = -1;
  std::optional<timestamp_ms> base_timestamp_;
  std::optional<timestamp_ms> max_timestamp_override_;
  timestamp_ms max_timestamp_;
  std::int32_t max_timestamp_delta_ = 0;
};

// The same batch with its records packed by `how`: offsets, timestamps and everything else in the header stay.
// Replaces `out`. errc::too_large when the records take more than `limit_bytes` uncompressed.
result<batch_view> recompress(const batch_view& batch, const compression& how, std::size_t limit_bytes,
                              decompressor& unpack, compressor& pack, std::vector<std::byte>& out);

// The same with offset deltas 0, 1, 2 and so on in place of the records' own, for a batch as inspect_client_batch
// takes it. Errors of the reader, whose limits hold.
result<batch_view> renumber(const batch_view& batch, const compression& how, record_reader& reader, compressor& pack,
                            std::vector<std::byte>& out);

}  // namespace jackdaw::protocol
