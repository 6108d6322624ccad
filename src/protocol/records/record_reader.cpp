#include "jackdaw/protocol/record_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string>

#include "jackdaw/base/assert.hpp"
#include "varint.hpp"

namespace jackdaw::protocol {

namespace {

constexpr std::size_t window_bytes = 64 * 1024;
constexpr std::size_t window_kept_bytes = 1024 * 1024;
constexpr std::size_t varint_bytes_max = 5;

error malformed(const batch_view& batch, const char* what) {
  return fail(errc::invalid_argument, "batch at offset " + std::to_string(batch.base_offset().value()) + ": " + what);
}

// `size` bytes, or null when it is -1. False for any other negative size, and when they aren't there.
bool take_nullable(const std::byte*& at, const std::byte* end, std::optional<bytes_view>& out) noexcept {
  std::int32_t size = 0;
  if (!read_varint(at, end, size) || size < -1 || size > end - at) return false;
  if (size < 0) {
    out.reset();
    return true;
  }
  out = bytes_view{at, static_cast<std::size_t>(size)};
  at += size;
  return true;
}

bool skip_header(const std::byte*& at, const std::byte* end) noexcept {
  std::int32_t key_size = 0;
  if (!read_varint(at, end, key_size) || key_size < 0 || key_size > end - at) return false;
  at += key_size;
  std::optional<bytes_view> value;
  return take_nullable(at, end, value);
}

// The fields after the length, which must end exactly at `end`.
bool parse_body(const std::byte* at, const std::byte* end, record_view& out) noexcept {
  if (at == end) return false;
  out.attributes = static_cast<std::int8_t>(*at++);
  if (!read_varlong(at, end, out.timestamp_delta) || !read_varint(at, end, out.offset_delta)) return false;
  if (!take_nullable(at, end, out.key) || !take_nullable(at, end, out.value)) return false;
  std::int32_t headers = 0;
  if (!read_varint(at, end, headers) || headers < 0 || headers > end - at) return false;
  const std::byte* const first = at;
  for (std::int32_t i = 0; i < headers; ++i) {
    if (!skip_header(at, end)) return false;
  }
  out.headers = record_headers{{first, at}, headers};
  return at == end;
}

}  // namespace

void record_headers::iterator::parse() noexcept {
  if (left_ == 0) return;
  std::int32_t size = 0;
  // parse_body() has been here before.
  const bool has_key = read_varint(at_, end_, size) && size >= 0 && size <= end_ - at_;
  JD_ASSERT(has_key, left_, size);
  current_.key = as_text({at_, static_cast<std::size_t>(size)});
  at_ += size;
  const bool has_value = take_nullable(at_, end_, current_.value);
  JD_ASSERT(has_value, left_, size);
}

record_reader::record_reader(std::size_t memory_limit_bytes)
    : decompressor_(memory_limit_bytes), memory_limit_bytes_(memory_limit_bytes) {}

result<void> record_reader::open(const batch_view& batch) {
  JD_ASSERT(batch.magic() == batch_magic, int{batch.magic()});
  batch_ = batch;
  records_left_ = 0;
  uncompressed_bytes_ = unpacked_bytes_ = 0;
  cur_ = end_ = nullptr;
  stream_ended_ = true;
  const auto codec_used = batch.compressed_by();
  if (!codec_used) {
    return fail(errc::unsupported, "batch at offset " + std::to_string(batch.base_offset().value()) +
                                       " uses the unknown codec " + std::to_string(batch.codec_id()));
  }
  if (batch.record_count() < 0) return malformed(batch, "it claims a negative number of records");
  streaming_ = *codec_used != codec::none;
  // An empty batch has nothing to decompress, not even a stream's frame.
  if (batch.record_count() == 0) return {};
  records_left_ = batch.record_count();
  if (!streaming_) {
    cur_ = batch.payload().data();
    end_ = cur_ + batch.payload().size();
    return {};
  }
  close();
  stream_ended_ = false;
  auto opened = decompressor_.open(*codec_used, batch.payload());
  if (!opened) records_left_ = 0;
  return opened;
}

void record_reader::close() {
  if (window_.size() > window_kept_bytes) window_ = {};
  decompressor_.close();
}

// Makes `need_bytes` readable at cur_, unless the stream ends before.
result<void> record_reader::fill(std::size_t need_bytes) {
  const auto kept = static_cast<std::size_t>(end_ - cur_);
  JD_ASSERT(streaming_ && kept <= window_.size(), kept, window_.size());
  if (need_bytes > memory_limit_bytes_) {
    return fail(errc::too_large, "a record of " + std::to_string(need_bytes) + " bytes is above the limit of " +
                                     std::to_string(memory_limit_bytes_));
  }
  // Grows by doubling as bytes arrive: a length that is only claimed costs nothing.
  if (window_.empty()) window_.resize(window_bytes);
  if (kept != 0) std::memmove(window_.data(), cur_, kept);
  std::size_t filled = kept;
  while (filled < need_bytes && !stream_ended_) {
    if (filled == window_.size()) window_.resize(window_.size() * 2);
    auto got = decompressor_.read(mutable_bytes(window_).subspan(filled));
    if (!got) return got.error();
    if (*got == 0) stream_ended_ = true;
    filled += *got;
    unpacked_bytes_ += *got;
    if (unpacked_bytes_ > unpacked_max_) {
      return fail(errc::too_large, "the batch unpacks to more than " + std::to_string(unpacked_max_) + " bytes");
    }
  }
  cur_ = window_.data();
  end_ = cur_ + filled;
  return {};
}

result<bool> record_reader::finish() {
  if (streaming_ && cur_ == end_ && !stream_ended_) {
    if (auto filled = fill(1); !filled) return filled.error();
  }
  if (cur_ != end_) {
    end_ = cur_;
    return malformed(batch_, "bytes follow its last record");
  }
  return false;
}

result<bool> record_reader::next(record_view& out) {
  if (records_left_ == 0) return finish();
  if (streaming_ && static_cast<std::size_t>(end_ - cur_) < varint_bytes_max) {
    if (auto filled = fill(varint_bytes_max); !filled) return filled.error();
  }
  const std::byte* at = cur_;
  std::int32_t length = 0;
  if (at == end_) return malformed(batch_, "it has fewer records than it says");
  if (!read_varint(at, end_, length) || length < 0) return malformed(batch_, "a record's length is damaged");
  const auto size = static_cast<std::size_t>(at - cur_) + static_cast<std::size_t>(length);
  if (static_cast<std::size_t>(end_ - cur_) < size) {
    if (streaming_) {
      const auto length_bytes = at - cur_;
      if (auto filled = fill(size); !filled) return filled.error();
      at = cur_ + length_bytes;
    }
    if (static_cast<std::size_t>(end_ - cur_) < size) return malformed(batch_, "a record reaches past its end");
  }
  if (!parse_body(at, cur_ + size, out)) return malformed(batch_, "a record is damaged");
  out.offset = batch_.at_delta(out.offset_delta);
  out.timestamp = batch_.timestamp_type() == timestamp_type::log_append_time
                      ? batch_.max_timestamp()
                      : timestamp_ms{batch_view::wrapping_add(batch_.base_timestamp().value, out.timestamp_delta)};
  out.sequence = batch_.sequence_at(out.offset_delta);
  out.size_bytes = size;
  cur_ += size;
  uncompressed_bytes_ += size;
  --records_left_;
  return true;
}

}  // namespace jackdaw::protocol
