// Zigzag varints at a pointer, for the loops over records. wire.hpp's reader does the same for messages.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jackdaw::protocol {

// Reads Bits / 7 rounded up bytes at most and moves `at` behind them; false when they run past `end` or don't fit.
template <unsigned Bits>
inline bool read_varint_bits(const std::byte*& at, const std::byte* end, std::uint64_t& out) noexcept {
  constexpr unsigned last_shift = (Bits - 1) / 7 * 7;
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift <= last_shift; shift += 7) {
    if (at == end) return false;
    const auto byte = std::to_integer<std::uint64_t>(*at++);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      out = value;
      return shift < last_shift || byte < (1U << (Bits - last_shift));
    }
  }
  return false;
}

inline bool read_varint(const std::byte*& at, const std::byte* end, std::int32_t& out) noexcept {
  std::uint64_t raw = 0;
  if (at != end && std::to_integer<unsigned>(*at) < 0x80) {
    raw = std::to_integer<std::uint64_t>(*at++);
  } else if (!read_varint_bits<32>(at, end, raw)) {
    return false;
  }
  const auto bits = static_cast<std::uint32_t>(raw);
  out = static_cast<std::int32_t>((bits >> 1) ^ (0U - (bits & 1)));
  return true;
}

inline bool read_varlong(const std::byte*& at, const std::byte* end, std::int64_t& out) noexcept {
  std::uint64_t raw = 0;
  if (!read_varint_bits<64>(at, end, raw)) return false;
  out = static_cast<std::int64_t>((raw >> 1) ^ (0ULL - (raw & 1)));
  return true;
}

}  // namespace jackdaw::protocol
