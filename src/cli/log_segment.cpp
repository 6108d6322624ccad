#include <algorithm>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/record_format.hpp"
#include "jackdaw/protocol/legacy_records.hpp"
#include "jackdaw/protocol/record_batch.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "log_files.hpp"

namespace jackdaw::cli {

using namespace protocol;

namespace {

constexpr std::size_t memory_limit_bytes = 256 * 1024 * 1024;

std::string quoted_text(const std::optional<bytes_view>& bytes) {
  if (!bytes) return "null";
  if (!is_utf8(as_text(*bytes))) return std::to_string(bytes->size()) + " bytes";
  json_printer json;
  json.value(as_text(*bytes));
  return json.text();
}

std::string size_text(const std::optional<bytes_view>& bytes) {
  return bytes ? std::to_string(bytes->size()) + " B" : "null";
}

std::string codec_text(const batch_view& batch) {
  const auto codec_used = batch.compressed_by();
  return codec_used ? name_of(*codec_used) : "unknown (" + std::to_string(batch.codec_id()) + ")";
}

std::string line_for(const batch_view& batch, std::size_t position, bool is_valid) {
  const auto number = [](auto value) { return std::to_string(value); };
  std::string line = "offsets " + number(batch.base_offset().value()) + "-" + number(batch.last_offset().value()) +
                     "  records " + number(batch.record_count()) + "  position " + number(position) + "  bytes " +
                     number(batch.size_bytes()) + "  epoch " + number(batch.leader_epoch().value()) + "  " +
                     (batch.timestamp_type() == timestamp_type::log_append_time ? "appended " : "created ") +
                     format_time(batch.max_timestamp().value) + "  codec " + codec_text(batch);
  if (batch.has_producer_id()) {
    line += "  producer " + number(batch.producer_id().value()) + " epoch " + number(batch.producer_epoch().value());
    if (batch.base_sequence() >= 0) {
      line += " sequence " + number(batch.base_sequence()) + "-" + number(batch.last_sequence());
    }
  }
  if (batch.is_transactional()) line += "  transactional";
  if (batch.is_control()) line += "  control";
  if (batch.has_delete_horizon()) line += "  deletes from " + format_time(batch.base_timestamp().value);
  return line + (is_valid ? "" : "  WRONG CHECKSUM") + "\n";
}

std::string control_text(const record_view& record) {
  const auto key = parse_control_key(record);
  if (!key) return "unreadable";
  std::string text = name_of(static_cast<control_type>(key->type));
  if (key->type <= static_cast<std::int16_t>(control_type::commit)) {
    if (const auto epoch = parse_marker_coordinator_epoch(record))
      text += " coordinator epoch " + std::to_string(*epoch);
  }
  return text;
}

std::string line_for(const batch_view& batch, const record_view& record, bool with_bytes) {
  std::string line = "  offset " + std::to_string(record.offset.value()) + "  " + format_time(record.timestamp.value);
  if (record.sequence >= 0) line += "  sequence " + std::to_string(record.sequence);
  if (batch.is_control()) return line + "  " + control_text(record) + "\n";
  line += "  key " + (with_bytes ? quoted_text(record.key) : size_text(record.key));
  line += "  value " + (with_bytes ? quoted_text(record.value) : size_text(record.value));
  for (const auto& header : record.headers) {
    line += "  header " + std::string(header.key) + "=" +
            (with_bytes ? quoted_text(header.value) : size_text(header.value));
  }
  return line + "\n";
}

void print_fields(json_printer& json, const batch_view& batch, std::size_t position, bool is_valid) {
  const auto field = [&](std::string_view name, auto value) {
    json.key(name);
    json.value(value);
  };
  field("base_offset", batch.base_offset());
  field("last_offset", batch.last_offset());
  field("records_count", batch.record_count());
  field("position", static_cast<std::int64_t>(position));
  field("size_bytes", static_cast<std::int64_t>(batch.size_bytes()));
  field("leader_epoch", batch.leader_epoch());
  field("magic", batch.magic());
  field("codec", std::string_view(codec_text(batch)));
  field("timestamp_type",
        std::string_view(batch.timestamp_type() == timestamp_type::log_append_time ? "LogAppendTime" : "CreateTime"));
  field("base_timestamp", batch.base_timestamp().value);
  field("max_timestamp", batch.max_timestamp().value);
  field("producer_id", batch.producer_id());
  field("producer_epoch", batch.producer_epoch());
  field("base_sequence", batch.base_sequence());
  field("last_sequence", batch.last_sequence());
  field("is_transactional", batch.is_transactional());
  field("is_control", batch.is_control());
  field("has_delete_horizon", batch.has_delete_horizon());
  field("crc", std::int64_t{batch.crc()});
  field("is_valid", is_valid);
}

class segment_dump {
 public:
  segment_dump(const context& ctx, const dump_options& o) : ctx_(ctx), options_(o), reader_(memory_limit_bytes) {}

  result<void> add(const batch_view& batch, std::size_t position) {
    auto valid = validate(batch);
    if (!ctx_.is_json()) {
      context::print(line_for(batch, position, valid.has_value()));
      if (!valid || !options_.deep) return valid;
      return each_record(batch, [&](const record_view& r) { context::print(line_for(batch, r, options_.print)); });
    }
    json_printer json;
    json.begin_object();
    print_fields(json, batch, position, valid.has_value());
    result<void> done = valid;
    if (valid && options_.deep) {
      json.key("records");
      json.begin_array();
      done = each_record(batch, [&](const record_view& r) { print_record(json, r); });
      json.end_array();
    }
    json.end_object();
    context::print(json);
    return done;
  }

  result<void> add_legacy(bytes_view message, std::size_t position) {
    auto records = read_legacy_records(message, memory_limit_bytes);
    if (!records) return records.error();
    const auto& outer = records->outer;
    if (ctx_.is_json()) {
      json_printer json;
      json.begin_object();
      json.key("last_offset");
      json.value(outer.offset);
      json.key("magic");
      json.value(outer.magic);
      json.key("position");
      json.value(static_cast<std::int64_t>(position));
      json.key("records_count");
      json.value(static_cast<std::int64_t>(records->records.size()));
      json.end_object();
      context::print(json);
      return {};
    }
    context::print("offset " + std::to_string(outer.offset.value()) + "  message of format " +
                   std::to_string(outer.magic) + "  records " + std::to_string(records->records.size()) +
                   "  position " + std::to_string(position) + "\n");
    return {};
  }

 private:
  template <class Function>
  result<void> each_record(const batch_view& batch, Function&& function) {
    if (auto opened = reader_.open(batch); !opened) return opened;
    record_view record;
    while (true) {
      auto more = reader_.next(record);
      if (!more) return more.error();
      if (!*more) return {};
      function(record);
    }
  }

  void print_record(json_printer& json, const record_view& record) const {
    json.begin_object();
    json.key("offset");
    json.value(record.offset);
    json.key("timestamp");
    json.value(record.timestamp.value);
    json.key("sequence");
    json.value(record.sequence);
    if (options_.print) {
      print_bytes(json, "key", record.key);
      print_bytes(json, "value", record.value);
    }
    json.key("headers");
    json.value(static_cast<std::int64_t>(record.headers.size()));
    json.end_object();
  }

  const context& ctx_;
  const dump_options& options_;
  record_reader reader_;
};

bool only_zeros(bytes_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::string reserve_text(std::size_t bytes, std::size_t position) {
  return std::to_string(bytes) + " bytes of zeros at position " + std::to_string(position) +
         ": reserved by a broker that runs or was killed\n";
}

error at_position(const error& e, const std::string& path, std::size_t position) {
  return fail(errc::corrupt, path + " at position " + std::to_string(position) + ": " + e.detail);
}

}  // namespace

outcome<void> dump_segment(const context& ctx, const std::string& path, const dump_options& o) {
  auto file = mapped_file::open(path);
  if (!file) return file.error();
  batch_iterator batches(file->bytes());
  segment_dump dump(ctx, o);
  std::optional<error> damage;
  while (true) {
    const std::size_t position = batches.position();
    if (const auto rest = file->bytes().subspan(position); !rest.empty() && only_zeros(rest)) {
      if (!ctx.is_json()) context::print(reserve_text(rest.size(), position));
      if (damage) return failure(*damage);
      return boost::system::in_place_value;
    }
    auto next = batches.next();
    if (!next) return failure(at_position(next.error(), path, position));
    if (!*next) break;
    const batch_view& batch = **next;
    const bool is_legacy = batch.magic() != batch_magic;
    if (!is_legacy && batch.base_offset().value() >= o.until) return boost::system::in_place_value;
    if (!is_legacy && batch.last_offset().value() < o.from) continue;
    auto done = is_legacy ? dump.add_legacy(batch.bytes(), position) : dump.add(batch, position);
    if (!done && !damage) damage = at_position(done.error(), path, position);
  }
  if (damage) return failure(*damage);
  if (batches.remaining() != 0) {
    return failure{exit_status::failed, path + " ends with " + std::to_string(batches.remaining()) +
                                            " bytes of an incomplete batch at position " +
                                            std::to_string(batches.position())};
  }
  return boost::system::in_place_value;
}

}  // namespace jackdaw::cli
