#include <string>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::protocol {

namespace {

constexpr std::size_t bad_records_max = 1000;

error refused(const batch_view& batch, const std::string& what) {
  return fail(errc::invalid_argument, "record batch " + what + " (" + std::to_string(batch.record_count()) +
                                          " records, last offset delta " + std::to_string(batch.last_offset_delta()) +
                                          ")");
}

void keep_largest(const record_view& record, bool first, batch_summary& summary) noexcept {
  if (first || record.timestamp > summary.max_timestamp) {
    summary.max_timestamp = record.timestamp;
    summary.max_timestamp_offset_delta = record.offset_delta;
  }
}

void apply_rules(const record_view& record, const record_rules& rules, std::int32_t index, batch_summary& summary) {
  if (summary.bad.size() >= bad_records_max) return;
  if (rules.keys_required && !record.key) {
    summary.bad.push_back({index, record_fault::no_key, record.timestamp});
  } else if (record.timestamp.value != -1 && (record.timestamp < rules.earliest || record.timestamp > rules.latest)) {
    summary.bad.push_back({index, record_fault::timestamp_out_of_range, record.timestamp});
  }
}

}  // namespace

result<void> check_client_header(const batch_view& batch) {
  if (batch.is_control()) return refused(batch, "is marked control, which clients may not write");
  if (batch.has_delete_horizon()) return refused(batch, "has a delete horizon, which clients may not set");
  if (batch.record_count() <= 0) return refused(batch, "has no records");
  if (batch.last_offset_delta() != batch.record_count() - 1)
    return refused(batch, "has offsets that don't match its records");
  if (batch.has_producer_id() && batch.base_sequence() < 0) return refused(batch, "has a producer id but no sequence");
  if (!batch.compressed_by()) {
    return fail(errc::unsupported, "record batch with the unknown codec " + std::to_string(batch.codec_id()));
  }
  return {};
}

result<batch_summary> inspect_client_batch(const batch_view& batch, const record_rules& rules, record_reader& reader) {
  if (auto checked = check_client_header(batch); !checked) return checked.error();
  if (auto opened = reader.open(batch); !opened) return opened.error();
  batch_summary summary;
  record_view record;
  std::int32_t index = 0;
  for (;; ++index) {
    auto more = reader.next(record);
    if (!more) return more.error();
    if (!*more) break;
    if (record.offset_delta != index) summary.counts_up = false;
    keep_largest(record, index == 0, summary);
    apply_rules(record, rules, index, summary);
  }
  JD_ASSERT(index == batch.record_count(), index, batch.record_count());  // the reader refuses fewer and more
  summary.uncompressed_bytes = reader.uncompressed_bytes();
  return summary;
}

result<batch_summary> summarize(const batch_view& batch, record_reader& reader) {
  if (auto opened = reader.open(batch); !opened) return opened.error();
  batch_summary summary;
  record_view record;
  for (bool first = true;; first = false) {
    auto more = reader.next(record);
    if (!more) return more.error();
    if (!*more) break;
    keep_largest(record, first, summary);
  }
  summary.uncompressed_bytes = reader.uncompressed_bytes();
  return summary;
}

const char* name_of(control_type type) noexcept {
  switch (type) {
    case control_type::abort: return "ABORT";
    case control_type::commit: return "COMMIT";
    case control_type::leader_change: return "LEADER_CHANGE";
    case control_type::snapshot_header: return "SNAPSHOT_HEADER";
    case control_type::snapshot_footer: return "SNAPSHOT_FOOTER";
    case control_type::kraft_version: return "KRAFT_VERSION";
    case control_type::kraft_voters: return "KRAFT_VOTERS";
  }
  return "UNKNOWN";
}

result<control_key> parse_control_key(const record_view& record) {
  if (!record.key || record.key->size() < 4) return fail(errc::corrupt, "control record with a key of under 4 bytes");
  control_key key{load_be<std::int16_t>(record.key->data()), load_be<std::int16_t>(record.key->data() + 2)};
  if (key.version < 0) return fail(errc::corrupt, "control record of version " + std::to_string(key.version));
  return key;
}

result<std::int32_t> parse_marker_coordinator_epoch(const record_view& record) {
  if (!record.value || record.value->size() < 6) return fail(errc::corrupt, "transaction marker of under 6 bytes");
  return load_be<std::int32_t>(record.value->data() + 2);
}

}  // namespace jackdaw::protocol
