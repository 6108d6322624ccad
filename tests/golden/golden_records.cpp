// records-*.jsonl: sets of record batches, old messages among them. Valid ones must read as described and, where they
// aren't compressed, rebuild to the same bytes; the others must be refused.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <optional>

#include "golden.hpp"
#include "jackdaw/protocol/legacy_records.hpp"
#include "jackdaw/protocol/record_batch.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::golden {
namespace {

namespace json = boost::json;
using namespace jackdaw::protocol;

constexpr std::size_t memory_limit_bytes = 64 * 1024 * 1024;

std::string to_base64(bytes_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t present = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < present ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) text += j <= present ? alphabet[group >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

json::value base64_or_null(const std::optional<bytes_view>& bytes) {
  if (!bytes) return nullptr;
  return json::value(to_base64(*bytes));
}

// The first reason to refuse the set; the description of what is in it otherwise.
struct decoded_set {
  std::optional<error> refusal;
  json::array batches;
  std::size_t trailing_bytes = 0;
};

json::object control_json(const record_view& record) {
  const auto key = parse_control_key(record).value();
  const auto type = static_cast<control_type>(key.type);
  json::object out{{"type", name_of(type)}, {"typeId", key.type}, {"keyVersion", key.version}};
  if (record.value && record.value->size() >= 2) out["valueVersion"] = load_be<std::int16_t>(record.value->data());
  if (type == control_type::abort || type == control_type::commit) {
    out["coordinatorEpoch"] = parse_marker_coordinator_epoch(record).value();
  }
  return out;
}

json::object record_json(const batch_view& batch, const record_view& record) {
  json::array headers;
  for (const record_header& h : record.headers) headers.push_back({{"key", h.key}, {"value", base64_or_null(h.value)}});
  json::object out{{"offset", record.offset.value()},
                   {"timestamp", record.timestamp.value},
                   {"sequence", record.sequence},
                   {"key", base64_or_null(record.key)},
                   {"value", base64_or_null(record.value)},
                   {"headers", std::move(headers)},
                   {"timestampDelta", record.timestamp_delta},
                   {"offsetDelta", record.offset_delta}};
  if (batch.is_control()) out["control"] = control_json(record);
  return out;
}

json::object header_json(const batch_view& batch) {
  return {{"magic", batch.magic()},
          {"baseOffset", batch.base_offset().value()},
          {"batchLength", static_cast<std::int64_t>(batch.size_bytes() - batch_prefix_bytes)},
          {"partitionLeaderEpoch", batch.leader_epoch().value()},
          {"crc", batch.crc()},
          {"attributes", static_cast<std::int16_t>(batch.attributes())},
          {"codec", name_of(*batch.compressed_by())},
          {"timestampType", batch.timestamp_type() == timestamp_type::log_append_time ? "LogAppendTime" : "CreateTime"},
          {"isTransactional", batch.is_transactional()},
          {"isControl", batch.is_control()},
          {"hasDeleteHorizon", batch.has_delete_horizon()},
          {"lastOffsetDelta", batch.last_offset_delta()},
          {"baseTimestamp", batch.base_timestamp().value},
          {"maxTimestamp", batch.max_timestamp().value},
          {"producerId", batch.producer_id().value()},
          {"producerEpoch", batch.producer_epoch().value()},
          {"baseSequence", batch.base_sequence()},
          {"recordsCount", batch.record_count()},
          {"lastOffset", batch.last_offset().value()},
          {"lastSequence", batch.last_sequence()}};
}

result<json::object> batch_json(const batch_view& batch) {
  if (auto valid = validate(batch); !valid) return valid.error();
  record_reader reader(memory_limit_bytes);
  if (auto opened = reader.open(batch); !opened) return opened.error();
  json::object out = header_json(batch);
  json::array records;
  record_view record;
  while (true) {
    auto more = reader.next(record);
    if (!more) return more.error();
    if (!*more) break;
    records.push_back(record_json(batch, record));
  }
  out["records"] = std::move(records);
  if (batch.codec_id() != 0) out["uncompressedSize"] = static_cast<std::int64_t>(reader.uncompressed_bytes());
  return out;
}

result<json::object> legacy_json(bytes_view message) {
  auto read = read_legacy_records(message, memory_limit_bytes);
  if (!read) return read.error();
  const legacy_message& outer = read->outer;
  json::array records;
  for (const legacy_record& r : read->records) {
    records.push_back({{"offset", r.offset.value()},
                       {"timestamp", r.timestamp.value},
                       {"key", base64_or_null(r.key)},
                       {"value", base64_or_null(r.value)}});
  }
  json::object out{{"magic", outer.magic},
                   {"offset", outer.offset.value()},
                   {"messageSize", outer.message_size},
                   {"crc", outer.crc},
                   {"attributes", outer.attributes},
                   {"codec", name_of(static_cast<codec>(outer.codec_id()))},
                   {"baseOffset", read->records.front().offset.value()},
                   {"lastOffset", outer.offset.value()},
                   {"records", std::move(records)}};
  out["timestampType"] = outer.magic == 0             ? "NoTimestampType"
                         : outer.is_log_append_time() ? "LogAppendTime"
                                                      : "CreateTime";
  if (outer.magic == 1) out["timestamp"] = outer.timestamp.value;
  return out;
}

decoded_set decode_set(bytes_view bytes) {
  decoded_set out;
  batch_iterator batches(bytes);
  while (true) {
    auto next = batches.next();
    if (!next) {
      out.refusal = next.error();
      return out;
    }
    if (!*next) break;
    auto read = (*next)->magic() == batch_magic ? batch_json(**next) : legacy_json((*next)->bytes());
    if (!read) {
      out.refusal = read.error();
      return out;
    }
    out.batches.push_back(std::move(*read));
  }
  out.trailing_bytes = batches.remaining();
  return out;
}

// Owns what a record description holds.
struct owned_record {
  explicit owned_record(const json::object& from) : timestamp_ms(int_member(from, "timestamp")) {
    for (const auto* field : {"key", "value"}) {
      if (!from.at(field).is_null()) (field[0] == 'k' ? key : value) = from_base64(from.at(field).as_string());
    }
    if (!from.contains("headers")) return;
    for (const auto& h : from.at("headers").as_array()) {
      auto& added = headers.emplace_back();
      added.first = text_member(h.as_object(), "key");
      if (!h.at("value").is_null()) added.second = from_base64(h.at("value").as_string());
    }
  }

  std::int64_t timestamp_ms;
  std::optional<buffer> key;
  std::optional<buffer> value;
  std::vector<std::pair<std::string, std::optional<buffer>>> headers;
};

std::optional<bytes_view> view_of(const std::optional<buffer>& bytes) {
  return bytes ? std::optional<bytes_view>(*bytes) : std::nullopt;
}

batch_options options_from(const json::object& batch) {
  batch_options options;
  options.base_offset = jackdaw::offset{int_member(batch, "baseOffset")};
  options.leader_epoch = jackdaw::leader_epoch{static_cast<std::int32_t>(int_member(batch, "partitionLeaderEpoch"))};
  options.compression.type = *parse_codec(text_member(batch, "codec"));
  if (text_member(batch, "timestampType") == "LogAppendTime") {
    options.timestamp_type = timestamp_type::log_append_time;
    options.append_time = {int_member(batch, "maxTimestamp")};
  }
  options.producer_id = jackdaw::producer_id{int_member(batch, "producerId")};
  options.producer_epoch = jackdaw::producer_epoch{static_cast<std::int16_t>(int_member(batch, "producerEpoch"))};
  options.base_sequence = static_cast<std::int32_t>(int_member(batch, "baseSequence"));
  options.is_transactional = batch.at("isTransactional").as_bool();
  options.is_control = batch.at("isControl").as_bool();
  if (batch.at("hasDeleteHorizon").as_bool()) options.delete_horizon = timestamp_ms{int_member(batch, "baseTimestamp")};
  return options;
}

buffer rebuild_batch(const json::object& batch) {
  const batch_options options = options_from(batch);
  batch_builder builder(options);
  const std::int64_t base_ms = int_member(batch, "baseTimestamp");
  if (!options.delete_horizon) builder.set_base_timestamp({base_ms});
  for (const auto& described : batch.at("records").as_array()) {
    const owned_record owned(described.as_object());
    std::vector<record_header> headers;
    for (const auto& h : owned.headers) headers.push_back({h.first, view_of(h.second)});
    // With LogAppendTime a reader no longer sees the time that was written.
    const std::int64_t written_ms = base_ms + int_member(described.as_object(), "timestampDelta");
    builder.add_at(static_cast<std::int32_t>(int_member(described.as_object(), "offsetDelta")),
                   {{written_ms}, view_of(owned.key), view_of(owned.value), headers});
  }
  builder.set_last_offset_delta(static_cast<std::int32_t>(int_member(batch, "lastOffsetDelta")));
  builder.set_max_timestamp({int_member(batch, "maxTimestamp")});
  const bytes_view built = builder.finish().value().bytes();
  return {built.begin(), built.end()};
}

buffer rebuild_message(const json::object& batch) {
  const owned_record owned(batch.at("records").at(0).as_object());
  legacy_message message;
  message.offset = jackdaw::offset{int_member(batch, "offset")};
  message.magic = static_cast<std::int8_t>(int_member(batch, "magic"));
  message.attributes = static_cast<std::int8_t>(int_member(batch, "attributes"));
  message.timestamp = {owned.timestamp_ms};
  message.key = view_of(owned.key);
  message.value = view_of(owned.value);
  buffer out;
  append_legacy_message(message, out);
  return out;
}

// Compressed batches needn't give the same bytes, but the same records.
void expect_same_batch(bytes_view rebuilt, bytes_view original, const json::object& described, verdict& v) {
  if (text_member(described, "codec") == "none") {
    v.expect_same(rebuilt, original, "rebuilt batch");
    return;
  }
  auto again = batch_json(batch_view{rebuilt});
  if (!v.expect(again.has_value(), "a rebuilt compressed batch is readable")) return;
  for (const auto* changed : {"crc", "batchLength"}) (*again)[changed] = described.at(changed);
  v.expect_same(json::value(*again), json::value(described), "rebuilt compressed batch");
}

// Packed by each other codec and back, a batch holds the same records.
void expect_recompresses(const batch_view& batch, const json::object& described, verdict& v) {
  decompressor unpack;
  compressor pack;
  std::vector<std::byte> packed;
  for (const codec to : {codec::none, codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    auto made = recompress(batch, {to}, memory_limit_bytes, unpack, pack, packed);
    if (!v.expect(made.has_value(), "recompresses")) return;
    auto again = batch_json(*made);
    if (!v.expect(again.has_value(), "a recompressed batch is readable")) return;
    v.expect_same(again->at("records"), described.at("records"), "records after recompression");
    v.expect_equal(made->max_timestamp().value, batch.max_timestamp().value, "max timestamp after recompression");
  }
}

void test_records(const json::object& vector, verdict& v) {
  const buffer bytes = hex_member(vector);
  const decoded_set decoded = decode_set(bytes);
  if (!vector.at("valid").as_bool()) {
    v.expect(decoded.refusal.has_value(), "is refused");
    return;
  }
  if (!v.expect(!decoded.refusal, decoded.refusal ? to_string(*decoded.refusal) : "")) return;
  const json::array& described = vector.at("batches").as_array();
  v.expect_same(json::value(decoded.batches), json::value(described), "decoded batches");
  const std::int64_t trailing = vector.contains("trailingBytes") ? int_member(vector, "trailingBytes") : 0;
  v.expect_equal(static_cast<std::int64_t>(decoded.trailing_bytes), trailing, "trailing bytes");
  batch_iterator batches(bytes);
  for (const auto& entry : described) {
    const batch_view batch = batches.next().value().value();
    const json::object& object = entry.as_object();
    if (batch.magic() == batch_magic) {
      expect_same_batch(rebuild_batch(object), batch.bytes(), object, v);
      expect_recompresses(batch, object, v);
    } else if (text_member(object, "codec") == "none") {
      v.expect_same(rebuild_message(object), batch.bytes(), "rebuilt message");
    }
  }
}

const family records{"records-", test_records};

}  // namespace
}  // namespace jackdaw::golden
