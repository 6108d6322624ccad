// Record batches of magic 2 as they lie on the wire and in segment files: a header of 61 bytes, then the records,
// compressed as one stream when a codec is set. Views only; whoever owns the bytes keeps them alive.
#pragma once

#include <cstdint>
#include <optional>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/endian.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/compression.hpp"

namespace jackdaw::protocol {

enum class timestamp_type : std::uint8_t { create_time, log_append_time };

// Where the fields of the header lie.
namespace batch_field {
inline constexpr std::size_t base_offset = 0;
inline constexpr std::size_t length = 8;  // counts the bytes after itself
inline constexpr std::size_t leader_epoch = 12;
inline constexpr std::size_t magic = 16;
inline constexpr std::size_t crc = 17;
inline constexpr std::size_t attributes = 21;  // the checksum covers from here to the end
inline constexpr std::size_t last_offset_delta = 23;
inline constexpr std::size_t base_timestamp = 27;
inline constexpr std::size_t max_timestamp = 35;
inline constexpr std::size_t producer_id = 43;
inline constexpr std::size_t producer_epoch = 51;
inline constexpr std::size_t base_sequence = 53;
inline constexpr std::size_t record_count = 57;
}  // namespace batch_field

inline constexpr std::size_t batch_header_bytes = 61;
// Base offset and length field: in front of what the length counts, in every format since magic 0.
inline constexpr std::size_t batch_prefix_bytes = 12;
// As many bytes as it takes to tell a batch's size and format.
inline constexpr std::size_t batch_peek_bytes = 17;
// The smallest entry of each format: an old message (magic 0) without key and value, and an empty batch.
inline constexpr std::size_t legacy_message_bytes_min = batch_prefix_bytes + 14;
inline constexpr std::int8_t batch_magic = 2;

namespace attribute_bits {
inline constexpr std::uint16_t codec_mask = 0x07;
inline constexpr std::uint16_t log_append_time = 0x08;
inline constexpr std::uint16_t transactional = 0x10;
inline constexpr std::uint16_t control = 0x20;
inline constexpr std::uint16_t delete_horizon = 0x40;
}  // namespace attribute_bits

// The size of the entry that starts at `start` (at least batch_peek_bytes), its 12 bytes of prefix included.
// errc::corrupt for a magic other than 0 to 2 and for a size below the format's smallest. Says nothing about whether
// so many bytes are there.
result<std::size_t> peek_batch_size(bytes_view start);

// The bytes of one whole batch. Reads fields, checks nothing: see validate(). Everything but base_offset(),
// size_bytes() and magic() has a meaning for magic 2 only.
class batch_view {
 public:
  batch_view() noexcept = default;
  // `bytes` starts at the base offset and ends where the batch ends; at least legacy_message_bytes_min long, and
  // batch_header_bytes for magic 2.
  explicit batch_view(bytes_view bytes) noexcept : data_(bytes.data()), size_(bytes.size()) {
    JD_ASSERT(bytes.size() >= legacy_message_bytes_min, bytes.size());
    JD_ASSERT(magic() != batch_magic || bytes.size() >= batch_header_bytes, bytes.size());
  }

  bytes_view bytes() const noexcept { return {data_, size_}; }
  std::size_t size_bytes() const noexcept { return size_; }
  jackdaw::offset base_offset() const noexcept { return jackdaw::offset{get<std::int64_t>(batch_field::base_offset)}; }
  std::int8_t magic() const noexcept { return get<std::int8_t>(batch_field::magic); }

  jackdaw::leader_epoch leader_epoch() const noexcept {
    return jackdaw::leader_epoch{get<std::int32_t>(batch_field::leader_epoch)};
  }
  std::uint32_t crc() const noexcept { return get<std::uint32_t>(batch_field::crc); }
  std::uint16_t attributes() const noexcept { return get<std::uint16_t>(batch_field::attributes); }
  // 0 to 7; only 0 to 4 are codecs.
  std::uint8_t codec_id() const noexcept {
    return static_cast<std::uint8_t>(attributes() & attribute_bits::codec_mask);
  }
  // Nothing when codec_id() is no codec.
  std::optional<codec> compressed_by() const noexcept {
    const std::uint8_t id = codec_id();
    if (id > static_cast<std::uint8_t>(codec::zstd)) return std::nullopt;
    return static_cast<codec>(id);
  }
  jackdaw::protocol::timestamp_type timestamp_type() const noexcept {
    return attributes() & attribute_bits::log_append_time ? timestamp_type::log_append_time
                                                          : timestamp_type::create_time;
  }
  bool is_transactional() const noexcept { return attributes() & attribute_bits::transactional; }
  bool is_control() const noexcept { return attributes() & attribute_bits::control; }
  // When set, the base timestamp field holds the time at which tombstones and markers in the batch may go (KIP-534).
  bool has_delete_horizon() const noexcept { return attributes() & attribute_bits::delete_horizon; }
  std::int32_t last_offset_delta() const noexcept { return get<std::int32_t>(batch_field::last_offset_delta); }
  jackdaw::offset last_offset() const noexcept { return at_delta(last_offset_delta()); }
  jackdaw::offset next_offset() const noexcept { return jackdaw::offset{wrapping_add(last_offset().value(), 1)}; }
  timestamp_ms base_timestamp() const noexcept { return {get<std::int64_t>(batch_field::base_timestamp)}; }
  timestamp_ms max_timestamp() const noexcept { return {get<std::int64_t>(batch_field::max_timestamp)}; }
  jackdaw::producer_id producer_id() const noexcept {
    return jackdaw::producer_id{get<std::int64_t>(batch_field::producer_id)};
  }
  bool has_producer_id() const noexcept { return producer_id().value() >= 0; }
  jackdaw::producer_epoch producer_epoch() const noexcept {
    return jackdaw::producer_epoch{get<std::int16_t>(batch_field::producer_epoch)};
  }
  std::int32_t base_sequence() const noexcept { return get<std::int32_t>(batch_field::base_sequence); }
  // -1 without a sequence; wraps from 2147483647 to 0.
  std::int32_t last_sequence() const noexcept { return sequence_at(last_offset_delta()); }
  std::int32_t record_count() const noexcept { return get<std::int32_t>(batch_field::record_count); }
  // What follows the header, as it lies: compressed or not.
  bytes_view payload() const noexcept {
    JD_ASSERT(size_ >= batch_header_bytes, size_);
    return bytes().subspan(batch_header_bytes);
  }
  std::uint32_t computed_crc() const noexcept;

  // Hostile deltas wrap instead of overflowing.
  jackdaw::offset at_delta(std::int32_t delta) const noexcept {
    return jackdaw::offset{wrapping_add(base_offset().value(), delta)};
  }
  std::int32_t sequence_at(std::int32_t delta) const noexcept {
    const std::int32_t base = base_sequence();
    if (base < 0) return -1;
    return static_cast<std::int32_t>((static_cast<std::uint32_t>(base) + static_cast<std::uint32_t>(delta)) &
                                     0x7fffffffU);
  }
  static constexpr std::int64_t wrapping_add(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
  static constexpr std::int64_t wrapping_subtract(std::int64_t a, std::int64_t b) noexcept {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  }

 private:
  template <std::integral T>
  T get(std::size_t at) const noexcept {
    return load_be<T>(data_ + at);
  }

  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// Patches a batch of magic 2 where it lies: the receive buffer, before the one write that appends it.
class mutable_batch : public batch_view {
 public:
  explicit mutable_batch(mutable_bytes bytes) noexcept : batch_view(bytes), out_(bytes.data()) {
    JD_ASSERT(magic() == batch_magic, int{magic()});
  }

  // Both lie outside the checksum.
  void set_base_offset(jackdaw::offset value) noexcept { store_be(out_ + batch_field::base_offset, value.value()); }
  void set_leader_epoch(jackdaw::leader_epoch value) noexcept {
    store_be(out_ + batch_field::leader_epoch, value.value());
  }
  // Sets type and largest timestamp, and makes the checksum right again if that changed a byte. With
  // log_append_time, `max_timestamp` is the time that every record of the batch is read with.
  void set_timestamp(jackdaw::protocol::timestamp_type type, timestamp_ms max_timestamp) noexcept;
  // For clients that get a new producer id with batches already packed. Makes the checksum right again.
  void set_producer(jackdaw::producer_id id, jackdaw::producer_epoch epoch, std::int32_t base_sequence) noexcept;

 private:
  std::byte* out_;
};

// Sizes, magic and checksum: whether these are the bytes that somebody wrote. errc::corrupt if not. Looks at no
// record, and accepts what only a broker may write (control batches, empty ones).
result<void> validate(const batch_view& batch);

// Walks over batches that follow each other. Stops before an incomplete one at the end: a fetch may end so, and so
// does a torn write.
class batch_iterator {
 public:
  explicit batch_iterator(bytes_view bytes) noexcept : bytes_(bytes) {}

  // The next whole batch, of any magic, unchecked; nothing when no whole one is left; errc::corrupt for a size or
  // magic that can't be (and again at every further call).
  result<std::optional<batch_view>> next();
  // Where the next batch starts: after all that next() returned.
  std::size_t position() const noexcept { return position_; }
  // Bytes not returned so far: once next() returned nothing, those of the incomplete batch.
  std::size_t remaining() const noexcept { return bytes_.size() - position_; }

 private:
  bytes_view bytes_;
  std::size_t position_ = 0;
};

}  // namespace jackdaw::protocol
