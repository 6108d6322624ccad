// The records inside a batch of magic 2: read one by one, decompressed on the way if need be, and the checks that a
// broker makes on what clients send.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/compression.hpp"
#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::protocol {

struct record_header {
  std::string_view key;
  std::optional<bytes_view> value;  // nothing is null
};

// The headers of one record, parsed as they are walked over. Checked when the record was read, so walking can't fail.
class record_headers {
 public:
  class iterator {
   public:
    using value_type = record_header;
    using difference_type = std::ptrdiff_t;
    iterator() noexcept = default;
    iterator(bytes_view encoded, std::int32_t left) noexcept
        : at_(encoded.data()), end_(at_ + encoded.size()), left_(left) {
      parse();
    }
    const record_header& operator*() const noexcept { return current_; }
    const record_header* operator->() const noexcept { return &current_; }
    iterator& operator++() noexcept {
      JD_ASSERT(left_ > 0, left_);
      --left_;
      parse();
      return *this;
    }
    iterator operator++(int) noexcept {
      iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const iterator& other) const noexcept { return left_ == other.left_; }

   private:
    void parse() noexcept;
    const std::byte* at_ = nullptr;
    const std::byte* end_ = nullptr;
    std::int32_t left_ = 0;
    record_header current_;
  };

  record_headers() noexcept = default;
  // `encoded` was checked: `count` headers and nothing else.
  record_headers(bytes_view encoded, std::int32_t count) noexcept : encoded_(encoded), count_(count) {}
  std::size_t size() const noexcept { return static_cast<std::size_t>(count_); }
  bool empty() const noexcept { return count_ == 0; }
  iterator begin() const noexcept { return {encoded_, count_}; }
  iterator end() const noexcept { return {}; }

 private:
  bytes_view encoded_;
  std::int32_t count_ = 0;
};

struct record_view {
  jackdaw::offset offset;
  timestamp_ms timestamp;  // as a reader sees it: the append time with log_append_time
  std::int32_t offset_delta = 0;
  std::int64_t timestamp_delta = 0;
  std::int32_t sequence = -1;
  std::int8_t attributes = 0;
  std::optional<bytes_view> key;    // nothing is null
  std::optional<bytes_view> value;  // nothing is null
  record_headers headers;
  std::size_t size_bytes = 0;  // as encoded, its length field included
};

// Reads the records of one batch after the other. Keep it: it owns decompression tables and a window buffer.
class record_reader {
 public:
  // The most memory for decompressed bytes held at a time: the largest compressed record that can be read.
  static constexpr std::size_t memory_limit_bytes_default = 128 * 1024 * 1024;

  explicit record_reader(std::size_t memory_limit_bytes = memory_limit_bytes_default);

  // `batch` must outlive the reading. errc::unsupported for an unknown codec, errc::corrupt for damaged bytes,
  // errc::invalid_argument for a negative record count.
  result<void> open(const batch_view& batch);
  // False after the last record. Views in `out` point into the batch, or, when it is compressed, into this reader,
  // where they last until the next call. errc::invalid_argument for records that aren't well formed, that are fewer
  // than the header says, or that bytes follow; errc::corrupt for damaged compression; errc::too_large.
  result<bool> next(record_view& out);
  // What the records take uncompressed, as far as they were read.
  std::uint64_t uncompressed_bytes() const noexcept { return uncompressed_bytes_; }
  // The most that the compressed records of one batch may unpack to, from the next open() on; errc::too_large beyond.
  void limit_unpacked(std::uint64_t bytes) noexcept { unpacked_max_ = bytes; }
  // After a batch: memory that only a large one needs goes back.
  void close();

 private:
  result<void> fill(std::size_t need_bytes);
  result<bool> finish();

  decompressor decompressor_;
  std::size_t memory_limit_bytes_;
  batch_view batch_;
  bool streaming_ = false;
  bool stream_ended_ = false;
  std::int32_t records_left_ = 0;
  std::uint64_t uncompressed_bytes_ = 0;
  std::uint64_t unpacked_bytes_ = 0;
  std::uint64_t unpacked_max_ = UINT64_MAX;
  const std::byte* cur_ = nullptr;
  const std::byte* end_ = nullptr;
  std::vector<std::byte> window_;
};

// What a broker asks of records beyond being well formed.
struct record_rules {
  bool keys_required = false;  // compacted topics
  // Record timestamps outside are refused. Those of -1 ("none") are fine.
  timestamp_ms earliest{std::numeric_limits<std::int64_t>::min()};
  timestamp_ms latest{std::numeric_limits<std::int64_t>::max()};
};

enum class record_fault : std::uint8_t { no_key, timestamp_out_of_range };

struct bad_record {
  std::int32_t index = 0;  // in the batch
  record_fault fault = record_fault::no_key;
  timestamp_ms timestamp;
};

// What one walk over the records finds out.
struct batch_summary {
  // The largest timestamp and the first record that has it; {-1}, base offset + 0 in an empty batch.
  timestamp_ms max_timestamp;
  std::int32_t max_timestamp_offset_delta = 0;
  std::uint64_t uncompressed_bytes = 0;  // of the records, without the batch header
  // The records' offset deltas are 0, 1, 2 and so on. inspect_client_batch only.
  bool counts_up = true;
  // Records that break the rules. Not empty: the batch must be refused with an error for each. At most 1000.
  std::vector<bad_record> bad;
};

// The checks on a batch that a client sent, after validate(): not a control batch, no delete horizon, at least one
// record, as many records as the header says, last_offset_delta one less, a sequence when there is a producer id.
// errc::invalid_argument (Kafka's INVALID_RECORD) when they fail; next()'s errors otherwise. The records' own offset
// deltas may be anything, as in Kafka: some clients write 0 into all of them.
result<batch_summary> inspect_client_batch(const batch_view& batch, const record_rules& rules, record_reader& reader);

// The part of inspect_client_batch that looks at the header only.
result<void> check_client_header(const batch_view& batch);

// The largest timestamp and where it is, for any batch: control, compacted and empty ones, too.
result<batch_summary> summarize(const batch_view& batch, record_reader& reader);

// Keys of control records.
struct control_key {
  std::int16_t version = 0;
  std::int16_t type = 0;
};
enum class control_type : std::int16_t {
  abort = 0,
  commit = 1,
  leader_change = 2,
  snapshot_header = 3,
  snapshot_footer = 4,
  kraft_version = 5,
  kraft_voters = 6,
};
// "COMMIT", ...; "UNKNOWN" for other numbers.
const char* name_of(control_type type) noexcept;
result<control_key> parse_control_key(const record_view& record);
// The coordinator's epoch in the value of an abort or commit marker.
result<std::int32_t> parse_marker_coordinator_epoch(const record_view& record);

}  // namespace jackdaw::protocol
