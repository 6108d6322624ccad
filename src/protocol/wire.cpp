#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::protocol {

const char* name_of(wire_error e) noexcept {
  switch (e) {
    case wire_error::none: return "none";
    case wire_error::truncated: return "a field reaches past the end";
    case wire_error::bad_length: return "a length that is not allowed here";
    case wire_error::bad_varint: return "a varint that is too long";
    case wire_error::bad_tags: return "tagged fields out of order or of another size";
    case wire_error::too_many: return "more elements than the message can hold";
    case wire_error::trailing_bytes: return "bytes after the end of the message";
  }
  return "unknown";
}

namespace {

// Little-endian groups of 7 bits; nothing when it takes more bytes than `Bits` need. As in Kafka, bits beyond them
// are dropped.
template <int Bits>
std::optional<std::uint64_t> read_varint(reader& in) noexcept {
  std::uint64_t value = 0;
  for (int shift = 0; shift < Bits; shift += 7) {
    const auto byte = in.fixed<std::uint8_t>();
    if (!in.ok()) return std::nullopt;
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  in.fail(wire_error::bad_varint);
  return std::nullopt;
}

}  // namespace

std::uint32_t reader::long_uvarint() noexcept { return static_cast<std::uint32_t>(read_varint<32>(*this).value_or(0)); }

std::int32_t reader::varint() noexcept {
  const auto v = static_cast<std::uint32_t>(read_varint<32>(*this).value_or(0));
  return static_cast<std::int32_t>(v >> 1) ^ -static_cast<std::int32_t>(v & 1);
}

std::int64_t reader::varlong() noexcept {
  const auto v = read_varint<64>(*this).value_or(0);
  return static_cast<std::int64_t>(v >> 1) ^ -static_cast<std::int64_t>(v & 1);
}

// -1 for null, else a length that fits what is left.
std::int64_t reader::length(bool compact, bool is_string) noexcept {
  std::int64_t n = 0;
  if (compact) {
    n = static_cast<std::int64_t>(uvarint()) - 1;
  } else if (is_string) {
    n = fixed<std::int16_t>();
  } else {
    n = fixed<std::int32_t>();
  }
  if (!ok()) return 0;
  if (n < -1 || (is_string && n > static_cast<std::int64_t>(string_bytes_max))) {
    fail(wire_error::bad_length);
    return 0;
  }
  if (n > static_cast<std::int64_t>(remaining())) {
    fail(wire_error::truncated);
    return 0;
  }
  return n;
}

std::optional<std::string_view> reader::nullable_string(bool compact) noexcept {
  const auto n = length(compact, true);
  if (n < 0) return std::nullopt;
  return as_text(take(static_cast<std::size_t>(n)));
}

std::string_view reader::string(bool compact) noexcept {
  const auto text = nullable_string(compact);
  if (!text) fail(wire_error::bad_length);
  return text.value_or(std::string_view{});
}

std::optional<bytes_field> reader::nullable_bytes(bool compact) noexcept {
  const auto n = length(compact, false);
  if (n < 0) return std::nullopt;
  return bytes_field{take(static_cast<std::size_t>(n))};
}

bytes_field reader::bytes(bool compact) noexcept {
  const auto value = nullable_bytes(compact);
  if (!value) fail(wire_error::bad_length);
  return value.value_or(bytes_field{});
}

std::optional<records_view> reader::nullable_records(bool compact) noexcept {
  const auto value = nullable_bytes(compact);
  if (!value) return std::nullopt;
  return records_view::of(*value);
}

std::int64_t reader::count(bool compact, std::size_t element_size_min) noexcept {
  JD_ASSERT(element_size_min > 0);
  const std::int64_t n = compact ? static_cast<std::int64_t>(uvarint()) - 1 : fixed<std::int32_t>();
  if (!ok()) return 0;
  if (n < -1) {
    fail(wire_error::bad_length);
    return 0;
  }
  if (n > static_cast<std::int64_t>(remaining() / element_size_min)) {
    fail(wire_error::too_many);
    return 0;
  }
  return n;
}

std::optional<std::size_t> reader::nullable_array_count(bool compact, std::size_t element_size_min) noexcept {
  const auto n = count(compact, element_size_min);
  if (n < 0) return std::nullopt;
  return static_cast<std::size_t>(n);
}

std::size_t reader::array_count(bool compact, std::size_t element_size_min) noexcept {
  const auto n = nullable_array_count(compact, element_size_min);
  if (!n) fail(wire_error::bad_length);
  return n.value_or(0);
}

reader::tag_header reader::next_tag(std::int64_t& previous) noexcept {
  const tag_header header{uvarint(), uvarint()};
  if (!ok()) return {};
  if (static_cast<std::int64_t>(header.tag) <= previous) {
    fail(wire_error::bad_tags);
    return {};
  }
  previous = header.tag;
  if (header.size > remaining()) {
    fail(wire_error::truncated);
    return {};
  }
  return header;
}

std::string_view cut_text(std::string_view text) noexcept {
  std::size_t size = string_bytes_max;
  if (text.size() <= size) return text;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
  return text.substr(0, size);
}

}  // namespace jackdaw::protocol
