#include "jackdaw/protocol/record_builder.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include "codecs.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::protocol {

namespace {

constexpr std::size_t batch_bytes_max = std::numeric_limits<std::int32_t>::max();

std::size_t varint_size(std::int64_t value) { return uvarint_size(zigzag(value)); }

std::size_t nullable_size(const std::optional<bytes_view>& bytes) {
  return bytes ? varint_size(static_cast<std::int64_t>(bytes->size())) + bytes->size() : 1;
}

void put_nullable(writer& out, const std::optional<bytes_view>& bytes) {
  if (!bytes) return out.varint(-1);
  out.varint(static_cast<std::int32_t>(bytes->size()));
  out.raw(*bytes);
}

std::size_t body_size(const new_record& record, std::int64_t timestamp_delta, std::int32_t offset_delta) {
  std::size_t size = 1 + varint_size(timestamp_delta) + varint_size(offset_delta) + nullable_size(record.key) +
                     nullable_size(record.value) + varint_size(static_cast<std::int64_t>(record.headers.size()));
  for (const record_header& header : record.headers) {
    size += nullable_size(as_bytes(header.key)) + nullable_size(header.value);
  }
  return size;
}

std::uint16_t attributes_of(const batch_options& o, codec packed_by) {
  unsigned bits = static_cast<unsigned>(packed_by);
  if (o.timestamp_type == timestamp_type::log_append_time) bits |= attribute_bits::log_append_time;
  if (o.is_transactional) bits |= attribute_bits::transactional;
  if (o.is_control) bits |= attribute_bits::control;
  if (o.delete_horizon) bits |= attribute_bits::delete_horizon;
  return static_cast<std::uint16_t>(bits);
}

// What depends on the bytes behind the header.
void seal(std::vector<std::byte>& batch, std::size_t size, std::uint16_t attributes) {
  JD_ASSERT(size <= batch_bytes_max, size);
  JD_ASSERT(size >= batch_header_bytes && size <= batch.size(), size, batch.size());
  std::byte* const at = batch.data();
  store_be(at + batch_field::length, static_cast<std::int32_t>(size - batch_prefix_bytes));
  store_be(at + batch_field::attributes, attributes);
  store_be(at + batch_field::crc, crc32c({at + batch_field::attributes, size - batch_field::attributes}));
}

// `out` is the header of `batch` and its records, packed in another way.
result<batch_view> seal_as(const batch_view& batch, codec packed_by, std::vector<std::byte>& out) {
  if (out.size() > batch_bytes_max) return fail(errc::too_large, "a recompressed batch would pass 2 GiB");
  const auto bits = static_cast<std::uint16_t>((batch.attributes() & ~attribute_bits::codec_mask) |
                                               static_cast<std::uint16_t>(packed_by));
  seal(out, out.size(), bits);
  return batch_view{out};
}

void put_record(writer& out, const new_record& record, std::size_t body, std::int64_t timestamp_delta,
                std::int32_t offset_delta) {
  out.varint(static_cast<std::int32_t>(body));
  out.fixed(record.attributes);
  out.varlong(timestamp_delta);
  out.varint(offset_delta);
  put_nullable(out, record.key);
  put_nullable(out, record.value);
  out.varint(static_cast<std::int32_t>(record.headers.size()));
  for (const record_header& header : record.headers) {
    put_nullable(out, as_bytes(header.key));
    put_nullable(out, header.value);
  }
}

void append_record(const new_record& record, std::int64_t timestamp_delta, std::int32_t offset_delta,
                   std::vector<std::byte>& to) {
  const std::size_t body = body_size(record, timestamp_delta, offset_delta);
  const std::size_t before = to.size();
  to.resize(before + varint_size(static_cast<std::int64_t>(body)) + body);
  writer out(mutable_bytes(to).subspan(before));
  put_record(out, record, body, timestamp_delta, offset_delta);
  JD_ASSERT(before + out.written() == to.size(), before, out.written(), to.size());
}

}  // namespace

batch_builder::batch_builder(batch_options options) { reset(std::move(options)); }

void batch_builder::reset(batch_options options) {
  options_ = std::move(options);
  used_ = batch_header_bytes;
  if (buffer_.size() < used_) buffer_.resize(used_);
  count_ = 0;
  last_offset_delta_ = -1;
  base_timestamp_ = options_.delete_horizon;
  max_timestamp_override_.reset();
  max_timestamp_ = {};
  max_timestamp_delta_ = 0;
}

void batch_builder::set_base_timestamp(timestamp_ms base) noexcept {
  JD_ASSERT(count_ == 0 && !options_.delete_horizon, count_);
  base_timestamp_ = base;
}

std::size_t batch_builder::size_bound(const new_record& record) noexcept {
  // The widest that the numbers can be: length, timestamp delta, offset delta.
  return 5 + body_size(record, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int32_t>::max());
}

void batch_builder::add(const new_record& record) { add_at(last_offset_delta_ + 1, record); }

void batch_builder::add_at(std::int32_t offset_delta, const new_record& record) {
  JD_ASSERT(offset_delta > last_offset_delta_, offset_delta, last_offset_delta_);
  if (!base_timestamp_) base_timestamp_ = record.timestamp;
  const std::int64_t timestamp_delta = batch_view::wrapping_subtract(record.timestamp.value, base_timestamp_->value);
  const std::size_t body = body_size(record, timestamp_delta, offset_delta);
  const std::size_t size = varint_size(static_cast<std::int64_t>(body)) + body;
  JD_ASSERT(used_ + size <= batch_bytes_max, used_, size);
  if (buffer_.size() < used_ + size) buffer_.resize(std::max(used_ + size, buffer_.size() * 2));
  writer out(mutable_bytes(buffer_).subspan(used_, size));
  put_record(out, record, body, timestamp_delta, offset_delta);
  JD_ASSERT(out.written() == size, out.written(), size, record.headers.size());
  used_ += size;
  if (count_ == 0 || record.timestamp > max_timestamp_) {
    max_timestamp_ = record.timestamp;
    max_timestamp_delta_ = offset_delta;
  }
  ++count_;
  last_offset_delta_ = offset_delta;
}

void batch_builder::write_header(std::vector<std::byte>& out) const {
  timestamp_ms max = max_timestamp_;
  if (options_.timestamp_type == timestamp_type::log_append_time) max = options_.append_time;
  if (max_timestamp_override_) max = *max_timestamp_override_;
  std::byte* const at = out.data();
  store_be(at + batch_field::base_offset, options_.base_offset.value());
  store_be(at + batch_field::leader_epoch, options_.leader_epoch.value());
  store_be(at + batch_field::magic, batch_magic);
  store_be(at + batch_field::last_offset_delta, last_offset_delta_);
  store_be(at + batch_field::base_timestamp, base_timestamp_.value_or(timestamp_ms{}).value);
  store_be(at + batch_field::max_timestamp, max.value);
  store_be(at + batch_field::producer_id, options_.producer_id.value());
  store_be(at + batch_field::producer_epoch, options_.producer_epoch.value());
  store_be(at + batch_field::base_sequence, options_.base_sequence);
  store_be(at + batch_field::record_count, count_);
}

result<batch_view> batch_builder::finish() {
  const codec packed_by = count_ == 0 ? codec::none : options_.compression.type;
  if (packed_by == codec::none) {
    write_header(buffer_);
    seal(buffer_, used_, attributes_of(options_, codec::none));
    return batch_view{bytes_view(buffer_).first(used_)};
  }
  packed_.resize(batch_header_bytes);
  const bytes_view records = bytes_view(buffer_).subspan(batch_header_bytes, used_ - batch_header_bytes);
  if (auto packed = compressor_.append(options_.compression, records, packed_); !packed) return packed.error();
  write_header(packed_);
  seal(packed_, packed_.size(), attributes_of(options_, packed_by));
  return batch_view{packed_};
}

result<batch_view> recompress(const batch_view& batch, const compression& how, std::size_t limit_bytes,
                              decompressor& unpack, compressor& pack, std::vector<std::byte>& out) {
  JD_ASSERT(batch.magic() == batch_magic, int{batch.magic()});
  const auto packed_by = batch.compressed_by();
  if (!packed_by) return fail(errc::unsupported, "unknown codec " + std::to_string(batch.codec_id()));
  const codec to = batch.record_count() == 0 ? codec::none : how.type;
  const bytes_view header = batch.bytes().first(batch_header_bytes);
  out.assign(header.begin(), header.end());
  if (batch.record_count() != 0 && to == codec::none) {
    if (auto done = decompress(unpack, *packed_by, batch.payload(), limit_bytes, out); !done) return done.error();
  } else if (batch.record_count() != 0) {
    std::vector<std::byte> plain;
    bytes_view records = batch.payload();
    if (*packed_by != codec::none) {
      if (auto done = decompress(unpack, *packed_by, records, limit_bytes, plain); !done) return done.error();
      records = plain;
    }
    if (auto done = pack.append(how, records, out); !done) return done.error();
  }
  return seal_as(batch, to, out);
}

result<batch_view> renumber(const batch_view& batch, const compression& how, record_reader& reader, compressor& pack,
                            std::vector<std::byte>& out) {
  if (auto opened = reader.open(batch); !opened) return opened.error();
  std::vector<std::byte> plain;
  record_view record;
  std::int32_t delta = 0;
  for (;; ++delta) {
    auto more = reader.next(record);
    if (!more) return more.error();
    if (!*more) break;
    const std::vector<record_header> headers(record.headers.begin(), record.headers.end());
    append_record({{}, record.key, record.value, headers, record.attributes}, record.timestamp_delta, delta, plain);
  }
  JD_ASSERT(delta == batch.record_count(), delta, batch.record_count());
  const bytes_view header = batch.bytes().first(batch_header_bytes);
  out.assign(header.begin(), header.end());
  if (auto done = pack.append(how, plain, out); !done) return done.error();
  return seal_as(batch, how.type, out);
}

}  // namespace jackdaw::protocol
