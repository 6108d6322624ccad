// Entries of a segment's sparse indexes, in Kafka's layout (docs/formats/log.md).
#pragma once

#include <cstdint>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/endian.hpp"

namespace jackdaw::log {

// .index: a batch, by its last offset and where it starts in the segment file.
struct offset_entry {
  static constexpr std::size_t encoded_bytes = 8;
  std::uint32_t relative_offset = 0;  // against the segment's base offset
  std::uint32_t position = 0;

  static offset_entry decode(const std::byte* at) noexcept {
    return {load_be<std::uint32_t>(at), load_be<std::uint32_t>(at + 4)};
  }
  void encode(std::byte* at) const noexcept {
    store_be(at, relative_offset);
    store_be(at + 4, position);
  }
  bool operator==(const offset_entry&) const = default;
};

// .timeindex: the largest timestamp so far, and the last offset of the batch that brought it. All records with a
// larger timestamp come behind that batch.
struct time_entry {
  static constexpr std::size_t encoded_bytes = 12;
  std::int64_t timestamp = -1;
  std::uint32_t relative_offset = 0;

  static time_entry decode(const std::byte* at) noexcept {
    return {load_be<std::int64_t>(at), load_be<std::uint32_t>(at + 8)};
  }
  void encode(std::byte* at) const noexcept {
    store_be(at, timestamp);
    store_be(at + 8, relative_offset);
  }
  bool operator==(const time_entry&) const = default;
};

}  // namespace jackdaw::log
