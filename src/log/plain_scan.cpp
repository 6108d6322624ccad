#include "plain_scan.hpp"

#include <algorithm>
#include <cstdint>

namespace jackdaw::log {

namespace {

using cursor = const std::uint8_t*;

// Reads an unsigned varint; false if it runs past the end or is longer than a 64-bit one. Most have one byte.
inline bool take_varint(cursor& at, cursor end, std::uint64_t& out) noexcept {
  if (at >= end) return false;
  out = *at++;
  if (out < 0x80) [[likely]]
    return true;
  out &= 0x7f;
  for (unsigned shift = 7; shift < 64; shift += 7) {
    if (at >= end) return false;
    const std::uint64_t byte = *at++;
    out |= (byte & 0x7f) << shift;
    if (byte < 0x80) return shift < 63 || byte <= 1;
  }
  return false;
}

inline std::int64_t zigzag_decoded(std::uint64_t raw) noexcept {
  return static_cast<std::int64_t>(raw >> 1) ^ -static_cast<std::int64_t>(raw & 1);
}

// A length, or -1 for null; skips that many bytes.
inline bool skip_nullable(cursor& at, cursor end, std::int64_t& size) noexcept {
  std::uint64_t raw = 0;
  if (!take_varint(at, end, raw)) return false;
  size = zigzag_decoded(raw);
  if (size < 0) return size == -1;
  if (size > end - at) return false;
  at += size;
  return true;
}

bool skip_headers(cursor& at, cursor end, std::uint64_t raw_count) noexcept {
  const std::int64_t count = zigzag_decoded(raw_count);
  if (count < 0 || count > end - at) return false;
  for (std::int64_t i = 0; i < count; ++i) {
    std::int64_t size = 0;
    if (!skip_nullable(at, end, size) || size < 0 || !skip_nullable(at, end, size)) return false;
  }
  return true;
}

struct limits {
  std::int64_t smallest = INT64_MAX;
  std::int64_t largest = INT64_MIN;
};

// One record's fields; they must end where its length says.
inline bool scan_record(cursor at, cursor end, std::int64_t index, bool key_required, limits& deltas) noexcept {
  if (at++ >= end) return false;  // attributes: nothing is defined
  std::uint64_t raw = 0;
  if (!take_varint(at, end, raw)) return false;
  const std::int64_t delta = zigzag_decoded(raw);
  deltas.smallest = std::min(deltas.smallest, delta);
  deltas.largest = std::max(deltas.largest, delta);
  if (!take_varint(at, end, raw) || zigzag_decoded(raw) != index) return false;
  std::int64_t size = 0;
  if (!skip_nullable(at, end, size) || (key_required && size < 0)) return false;
  if (!skip_nullable(at, end, size)) return false;
  if (!take_varint(at, end, raw)) return false;
  return (raw == 0 || skip_headers(at, end, raw)) && at == end;
}

}  // namespace

std::optional<timestamp_ms> scan_plain_records(const protocol::batch_view& batch, bytes_view records,
                                               const protocol::record_rules& rules) noexcept {
  auto at = reinterpret_cast<cursor>(records.data());
  const cursor end = at + records.size();
  const std::int64_t count = batch.record_count();
  limits deltas;
  for (std::int64_t index = 0; index < count; ++index) {
    std::uint64_t raw = 0;
    if (!take_varint(at, end, raw)) return std::nullopt;
    const std::int64_t size = zigzag_decoded(raw);
    if (size < 0 || size > end - at) return std::nullopt;
    if (!scan_record(at, at + size, index, rules.keys_required, deltas)) return std::nullopt;
    at += size;
  }
  if (at != end || count <= 0) return std::nullopt;
  std::int64_t smallest = 0;
  std::int64_t largest = 0;
  const std::int64_t base = batch.base_timestamp().value;
  if (__builtin_add_overflow(base, deltas.smallest, &smallest)) return std::nullopt;
  if (__builtin_add_overflow(base, deltas.largest, &largest)) return std::nullopt;
  if (smallest < rules.earliest.value || largest > rules.latest.value) return std::nullopt;
  return timestamp_ms{largest};
}

}  // namespace jackdaw::log
