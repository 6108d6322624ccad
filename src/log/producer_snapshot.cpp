// Kafka's producer snapshot, version 1: int16 version, uint32 CRC-32C of what follows it, int32 count, entries.
#include <algorithm>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/protocol/wire.hpp"
#include "producer_table.hpp"

namespace jackdaw::log {

namespace {

constexpr std::int16_t snapshot_version = 1;
constexpr std::size_t version_bytes = 2;
constexpr std::size_t crc_covers_from = version_bytes + 4;
constexpr std::size_t producer_entry_bytes = 8 + 2 + 4 + 8 + 4 + 8 + 4 + 8;

}  // namespace

std::vector<std::byte> producer_table::encode_snapshot() const {
  std::vector<std::byte> out(crc_covers_from + 4 + entries_.size() * producer_entry_bytes);
  protocol::writer w(out);
  w.fixed(snapshot_version);
  w.fixed<std::uint32_t>(0);
  w.fixed(static_cast<std::int32_t>(entries_.size()));
  std::vector<producer_id> ids;
  for (const auto& [id, entry] : entries_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  for (const producer_id id : ids) {
    const producer_entry& entry = entries_.at(id);
    const batch_memory last = entry.has_batches() ? entry.last_batch() : batch_memory{};
    w.fixed(id.value());
    w.fixed(entry.epoch.value());
    w.fixed(last.last_sequence);
    w.fixed(last.last_offset.value());
    w.fixed(last.offset_delta);
    // When it was last heard of, so that it doesn't expire early because its records are old.
    w.fixed(std::max(entry.last_timestamp, entry.last_seen).value);
    w.fixed(entry.coordinator_epoch);
    w.fixed(entry.transaction_start.value());
  }
  JD_ASSERT(w.written() == out.size(), w.written(), out.size(), entries_.size());
  store_be(out.data() + version_bytes, crc32c(bytes_view(out).subspan(crc_covers_from)));
  return out;
}

result<void> producer_table::decode_snapshot(bytes_view file, timestamp_ms now, std::int64_t expiration_ms) {
  clear();
  protocol::reader r(file);
  const auto damaged = [] { return fail(errc::corrupt, "the producer snapshot is damaged"); };
  const auto version = r.fixed<std::int16_t>();
  const auto crc = r.fixed<std::uint32_t>();
  if (!r.ok() || version != snapshot_version || crc != crc32c(file.subspan(crc_covers_from))) return damaged();
  const auto count = r.fixed<std::int32_t>();
  if (!r.ok() || count < 0 || r.remaining() != static_cast<std::size_t>(count) * producer_entry_bytes) return damaged();
  for (std::int32_t i = 0; i < count; ++i) {
    const producer_id id{r.fixed<std::int64_t>()};
    producer_entry entry;
    batch_memory last;
    entry.epoch = producer_epoch{r.fixed<std::int16_t>()};
    last.last_sequence = r.fixed<std::int32_t>();
    last.last_offset = offset{r.fixed<std::int64_t>()};
    last.offset_delta = r.fixed<std::int32_t>();
    last.timestamp = entry.last_timestamp = {r.fixed<std::int64_t>()};
    entry.coordinator_epoch = r.fixed<std::int32_t>();
    entry.transaction_start = offset{r.fixed<std::int64_t>()};
    if (last.last_sequence >= 0) entry.remember(last);
    entry.last_seen = entry.last_timestamp;
    if (entry.transaction_start != no_offset) open_.emplace(entry.transaction_start, id);
    entries_.insert_or_assign(id, entry);
  }
  expire(now, expiration_ms);
  return {};
}

}  // namespace jackdaw::log
