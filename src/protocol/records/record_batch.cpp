#include "jackdaw/protocol/record_batch.hpp"

#include <string>

#include "jackdaw/base/crc32c.hpp"

namespace jackdaw::protocol {

result<std::size_t> peek_batch_size(bytes_view start) {
  JD_ASSERT(start.size() >= batch_peek_bytes, start.size());
  const auto length = load_be<std::int32_t>(start.data() + batch_field::length);
  const auto magic = load_be<std::int8_t>(start.data() + batch_field::magic);
  if (magic < 0 || magic > batch_magic) {
    return fail(errc::corrupt, "record batch of unknown format (magic " + std::to_string(magic) + ")");
  }
  const std::size_t least = magic == batch_magic ? batch_header_bytes : legacy_message_bytes_min;
  if (length < static_cast<std::int64_t>(least - batch_prefix_bytes)) {
    return fail(errc::corrupt, "record batch with an impossible length of " + std::to_string(length));
  }
  return batch_prefix_bytes + static_cast<std::size_t>(length);
}

std::uint32_t batch_view::computed_crc() const noexcept { return crc32c(bytes().subspan(batch_field::attributes)); }

void mutable_batch::set_timestamp(protocol::timestamp_type type, timestamp_ms max_timestamp) noexcept {
  const auto bits =
      static_cast<std::uint16_t>((attributes() & ~attribute_bits::log_append_time) |
                                 (type == timestamp_type::log_append_time ? attribute_bits::log_append_time : 0));
  if (bits == attributes() && max_timestamp == this->max_timestamp()) return;
  store_be(out_ + batch_field::attributes, bits);
  store_be(out_ + batch_field::max_timestamp, max_timestamp.value);
  store_be(out_ + batch_field::crc, computed_crc());
}

void mutable_batch::set_producer(jackdaw::producer_id id, jackdaw::producer_epoch epoch,
                                 std::int32_t base_sequence) noexcept {
  store_be(out_ + batch_field::producer_id, id.value());
  store_be(out_ + batch_field::producer_epoch, epoch.value());
  store_be(out_ + batch_field::base_sequence, base_sequence);
  store_be(out_ + batch_field::crc, computed_crc());
}

result<void> validate(const batch_view& batch) {
  if (batch.magic() != batch_magic) {
    return fail(errc::corrupt, "record batch of format " + std::to_string(batch.magic()) + " where 2 is expected");
  }
  auto size = peek_batch_size(batch.bytes());
  if (!size) return size.error();
  if (*size != batch.size_bytes()) {
    return fail(errc::corrupt, "record batch claims " + std::to_string(*size) + " bytes and has " +
                                   std::to_string(batch.size_bytes()));
  }
  if (batch.crc() != batch.computed_crc()) {
    return fail(errc::corrupt,
                "record batch at offset " + std::to_string(batch.base_offset().value()) + " has a wrong checksum");
  }
  return {};
}

result<std::optional<batch_view>> batch_iterator::next() {
  if (remaining() < batch_peek_bytes) return std::optional<batch_view>{};
  const bytes_view rest = bytes_.subspan(position_);
  auto size = peek_batch_size(rest);
  if (!size) return size.error();
  if (*size > rest.size()) return std::optional<batch_view>{};
  position_ += *size;
  return std::optional<batch_view>{batch_view{rest.first(*size)}};
}

}  // namespace jackdaw::protocol
