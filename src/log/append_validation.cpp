#include "append_validation.hpp"

#include <algorithm>
#include <string>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/counted.hpp"
#include "jackdaw/base/time.hpp"
#include "plain_scan.hpp"

namespace jackdaw::log {

namespace {

using protocol::batch_view;
using protocol::mutable_batch;

// The most that a batch may take uncompressed while it is packed again.
constexpr std::size_t recompress_limit_bytes = 256 * 1024 * 1024;
constexpr std::size_t records_named = 3;
constexpr std::uint64_t unpacked_limit_bytes = 64 * 1024 * 1024;
// The most that is unpacked at once to look at records; beyond it they are streamed.
constexpr std::size_t unpack_limit_bytes = 4 * 1024 * 1024;
constexpr std::size_t unpack_first_bytes = 256 * 1024;

append_error as_append_error(errc code) noexcept {
  switch (code) {
    case errc::unsupported: return append_error::unsupported_compression_type;
    // What a codec can't read stays so, however often it is sent: CORRUPT_MESSAGE would make clients try again.
    case errc::corrupt: return append_error::invalid_record;
    case errc::too_large: return append_error::message_too_large;
    default: return append_error::invalid_record;
  }
}

protocol::record_rules rules_for(const log_config& config, timestamp_ms now) noexcept {
  protocol::record_rules rules;
  rules.keys_required = config.cleanup_compact;
  if (config.message_timestamp_type == timestamp_type::create_time) {
    rules.earliest = subtract_ms(now, config.message_timestamp_before_max_ms);
    rules.latest = add_ms(now, config.message_timestamp_after_max_ms);
  }
  return rules;
}

// The one batch of a produce request, as far as its shape goes.
std::optional<batch_view> only_batch(bytes_view records, append_outcome& out) {
  if (records.size() < protocol::batch_peek_bytes) {
    return refuse(out, append_error::invalid_record, "exactly one record batch is expected; there is none");
  }
  auto size = protocol::peek_batch_size(records);
  if (!size) return refuse(out, append_error::corrupt_message, size.error().detail);
  if (*size > records.size()) {
    return refuse(out, append_error::invalid_record, "the record batch is cut off before its end");
  }
  const auto magic = load_be<std::int8_t>(records.data() + protocol::batch_field::magic);
  if (magic != protocol::batch_magic) {
    return refuse(out, append_error::invalid_record, "records of magic 2 are expected, not " + std::to_string(magic));
  }
  if (*size < records.size()) {
    return refuse(out, append_error::invalid_record, "exactly one record batch is expected; there are more bytes");
  }
  return batch_view(records);
}

bool check_header(const batch_view& batch, const append_options& options, const log_config& config,
                  append_outcome& out) {
  if (batch.compressed_by() == protocol::codec::zstd && !options.zstd_allowed) {
    refuse(out, append_error::unsupported_compression_type, "zstd needs Produce version 7 or later");
  } else if (batch.base_offset() != offset{0}) {
    refuse(out, append_error::invalid_record,
           "a new batch has base offset 0, not " + std::to_string(batch.base_offset().value()));
  } else if (batch.size_bytes() > static_cast<std::size_t>(std::max(config.max_message_bytes, 0))) {
    refuse(out, append_error::message_too_large,
           "the record batch has " + std::to_string(batch.size_bytes()) + " bytes; max.message.bytes is " +
               std::to_string(config.max_message_bytes));
  } else if (auto sound = protocol::validate(batch); !sound) {
    refuse(out, append_error::corrupt_message, sound.error().detail);
  }
  return out.ok();
}

std::string describe(const protocol::bad_record& bad, const protocol::record_rules& rules) {
  if (bad.fault == protocol::record_fault::no_key) return "a compacted topic takes no record without a key";
  return "timestamp " + std::to_string(bad.timestamp.value) + " is out of range: it must lie from " +
         std::to_string(rules.earliest.value) + " to " + std::to_string(rules.latest.value);
}

void refuse_records(const std::vector<protocol::bad_record>& bad, const protocol::record_rules& rules,
                    append_outcome& out) {
  JD_ASSERT(!bad.empty());
  for (const auto& one : bad) out.record_errors.push_back({one.index, describe(one, rules)});
  if (bad.front().fault == protocol::record_fault::timestamp_out_of_range) {
    refuse(out, append_error::invalid_timestamp, "One or more records have been rejected due to invalid timestamp");
    return;
  }
  std::string message = counted(bad.size(), "record") + " refused:";
  for (std::size_t i = 0; i < std::min(bad.size(), records_named); ++i) {
    message += " record " + std::to_string(bad[i].index) + ": " + out.record_errors[i].message + ';';
  }
  message.pop_back();
  refuse(out, append_error::invalid_record, std::move(message));
}

// The batch's records uncompressed: where they lie, or in the scratch. Nothing if that can't be had the quick way.
std::optional<bytes_view> plain_records(const batch_view& batch, append_scratch& scratch) {
  const auto codec = batch.compressed_by();
  if (codec == protocol::codec::none) return batch.payload();
  if (!codec || !scratch.unpack.open(*codec, batch.payload())) return std::nullopt;
  if (scratch.plain.size() < unpack_first_bytes) scratch.plain.resize(unpack_first_bytes);
  std::size_t size = 0;
  while (true) {
    if (size == scratch.plain.size()) {
      if (size >= unpack_limit_bytes) return std::nullopt;
      scratch.plain.resize(size * 2);
    }
    auto got = scratch.unpack.read(scratch.plain.span().subspan(size));
    if (!got) return std::nullopt;
    if (*got == 0) return scratch.plain.view().first(size);
    size += *got;
  }
}

// Whoever has finished looking at records keeps no memory that only a large batch needed.
struct scratch_use {
  append_scratch& scratch;
  ~scratch_use() {
    scratch.unpack.close();
    scratch.reader.close();
  }
};

// The most that the records of one batch may unpack to. A client needs a few bytes to say "a gigabyte of zeros"; to
// read them takes the time of others. Whoever splits the batch, as producers do that are told it is too large, gets on.
std::uint64_t unpacked_max_bytes(const log_config& config) {
  return std::max<std::uint64_t>(unpacked_limit_bytes,
                                 4 * static_cast<std::uint64_t>(std::max(config.max_message_bytes, 0)));
}

struct checked_records {
  timestamp_ms max_timestamp;
  bool counts_up = true;  // their offset deltas are 0, 1, 2 and so on
};

// Of a batch whose records are all right.
std::optional<checked_records> check_records(const batch_view& batch, const protocol::record_rules& rules,
                                             const log_config& config, append_scratch& scratch, append_outcome& out) {
  if (auto sound = protocol::check_client_header(batch); !sound) {
    return refuse(out, as_append_error(sound.error().code), sound.error().detail);
  }
  const scratch_use use{scratch};
  if (const auto plain = plain_records(batch, scratch)) {
    if (const auto largest = scan_plain_records(batch, *plain, rules)) return checked_records{*largest};
  }
  scratch.reader.limit_unpacked(unpacked_max_bytes(config));
  auto summary = protocol::inspect_client_batch(batch, rules, scratch.reader);
  if (!summary) return refuse(out, as_append_error(summary.error().code), summary.error().detail);
  if (summary->bad.empty()) return checked_records{summary->max_timestamp, summary->counts_up};
  refuse_records(summary->bad, rules, out);
  return std::nullopt;
}

protocol::compression compression_for(const log_config& config) {
  protocol::compression how;
  how.type = static_cast<protocol::codec>(config.compression_type);
  switch (how.type) {
    case protocol::codec::gzip: how.level = config.compression_gzip_level; break;
    case protocol::codec::lz4: how.level = config.compression_lz4_level; break;
    case protocol::codec::zstd: how.level = config.compression_zstd_level; break;
    case protocol::codec::none:
    case protocol::codec::snappy: break;
  }
  return how;
}

result<batch_view> pack_again(const batch_view& batch, const protocol::compression& wanted, bool counts_up,
                              append_scratch& scratch) {
  const scratch_use use{scratch};
  if (!counts_up) return protocol::renumber(batch, wanted, scratch.reader, scratch.pack, scratch.packed);
  return protocol::recompress(batch, wanted, recompress_limit_bytes, scratch.unpack, scratch.pack, scratch.packed);
}

// compression.type: packs the batch again if it isn't packed as the topic wants it. As in Kafka, records whose offsets
// don't count up get the right ones when they are packed, and keep their own in a batch that isn't.
bool apply_compression(mutable_bytes& bytes, bool counts_up, const log_config& config, append_scratch& scratch,
                       append_outcome& out) {
  const batch_view batch(bytes);
  JD_ASSERT(batch.compressed_by(), int{batch.codec_id()});  // its records were read
  const auto packed_by = *batch.compressed_by();
  protocol::compression wanted{packed_by, {}};
  if (config.compression_type != compression_policy::producer) wanted = compression_for(config);
  const bool stays_plain = wanted.type == protocol::codec::none && packed_by == protocol::codec::none;
  if (packed_by == wanted.type && (counts_up || stays_plain)) return true;
  auto packed = pack_again(batch, wanted, counts_up, scratch);
  if (!packed) {
    refuse(out, as_append_error(packed.error().code), packed.error().detail);
    return false;
  }
  if (packed->size_bytes() > static_cast<std::size_t>(std::max(config.max_message_bytes, 0))) {
    refuse(out, append_error::message_too_large,
           "packed by compression.type=" + std::string(protocol::name_of(wanted.type)) + " the record batch has " +
               std::to_string(packed->size_bytes()) + " bytes; max.message.bytes is " +
               std::to_string(config.max_message_bytes));
    return false;
  }
  bytes = scratch.packed;
  return true;
}

}  // namespace

std::optional<valid_batches> validate_client_batch(mutable_bytes records, const append_options& options,
                                                   const log_config& config, append_scratch& scratch,
                                                   append_outcome& out) {
  const auto batch = only_batch(records, out);
  if (!batch || !check_header(*batch, options, config, out)) return std::nullopt;
  const bool append_time = config.message_timestamp_type == timestamp_type::log_append_time;
  if (!append_time && batch->timestamp_type() == timestamp_type::log_append_time) {
    return refuse(out, append_error::invalid_timestamp,
                  "producers may not set the timestamp type to LogAppendTime; the topic decides it");
  }
  const protocol::record_rules rules = rules_for(config, options.now);
  const auto checked = check_records(*batch, rules, config, scratch, out);
  if (!checked) return std::nullopt;
  valid_batches valid{records, 1, batch->record_count()};
  if (!apply_compression(valid.bytes, checked->counts_up, config, scratch, out)) return std::nullopt;
  mutable_batch final_batch(valid.bytes);
  JD_ASSERT(final_batch.record_count() == valid.records && final_batch.size_bytes() == valid.bytes.size(),
            final_batch.record_count(), valid.records, valid.bytes.size());
  if (append_time) {
    final_batch.set_timestamp(timestamp_type::log_append_time, options.now);
    out.log_append_time = options.now;
  } else {
    final_batch.set_timestamp(timestamp_type::create_time, checked->max_timestamp);
  }
  return valid;
}

std::optional<valid_batches> validate_trusted_batches(mutable_bytes records, const append_options& options,
                                                      append_outcome& out) {
  valid_batches valid;
  protocol::batch_iterator batches(records);
  offset next = keeps_offsets(options.origin) ? no_offset : offset{INT64_MIN};
  while (true) {
    auto found = batches.next();
    if (!found) return refuse(out, append_error::corrupt_message, found.error().detail);
    if (!*found) break;
    const batch_view& batch = **found;
    if (auto sound = protocol::validate(batch); !sound) {
      return refuse(out, append_error::corrupt_message, sound.error().detail);
    }
    if (batch.last_offset_delta() < 0) {
      return refuse(out, append_error::corrupt_message, "a batch whose last offset lies before its first");
    }
    if (keeps_offsets(options.origin)) {
      if (batch.base_offset() < next) {
        return refuse(out, append_error::unexpected_offset, "batches whose offsets don't rise");
      }
      next = batch.next_offset();
    }
    ++valid.batches;
    valid.records += batch.record_count();
  }
  if (valid.batches == 0) return refuse(out, append_error::invalid_record, "there is no whole record batch");
  valid.bytes = records.first(batches.position());
  return valid;
}

}  // namespace jackdaw::log
