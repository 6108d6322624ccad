// Messages of the formats before record batches (magic 0 and 1): read only, for what an old log or client left.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::protocol {

// One message; views point into the bytes that it was parsed from.
struct legacy_message {
  jackdaw::offset offset;  // of a compressed message: its last record's
  std::int32_t message_size = 0;
  std::uint32_t crc = 0;  // CRC-32 as zlib's, from the magic to the end
  std::int8_t magic = 0;
  std::int8_t attributes = 0;
  timestamp_ms timestamp;  // -1 in magic 0
  std::optional<bytes_view> key;
  std::optional<bytes_view> value;

  std::uint8_t codec_id() const noexcept { return static_cast<std::uint8_t>(attributes & 7); }
  bool is_log_append_time() const noexcept { return magic > 0 && (attributes & 8); }
};

// Fields, sizes and checksum of one whole message as batch_iterator cuts it. errc::corrupt.
result<legacy_message> parse_legacy_message(bytes_view message);

struct legacy_record {
  jackdaw::offset offset;
  timestamp_ms timestamp;
  std::optional<bytes_view> key;
  std::optional<bytes_view> value;
};

// The records of one message: itself, or those inside when it is compressed.
struct legacy_records {
  legacy_message outer;
  std::vector<std::byte> storage;  // what compressed records point into
  std::vector<legacy_record> records;
};
result<legacy_records> read_legacy_records(bytes_view message, std::size_t memory_limit_bytes);

// Appends an uncompressed message, whose fields crc and message_size are computed.
void append_legacy_message(const legacy_message& message, std::vector<std::byte>& out);

}  // namespace jackdaw::protocol
