#include "batch_scan.hpp"

#include <algorithm>
#include <cstring>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::log {

namespace {

constexpr std::size_t stream_step_bytes = 1024 * 1024;

// The size of the batch whose header starts here; nothing if it can't be one of magic 2.
std::optional<std::uint64_t> size_of_batch(bytes_view start) noexcept {
  if (load_be<std::int8_t>(start.data() + protocol::batch_field::magic) != protocol::batch_magic) return std::nullopt;
  const auto length = load_be<std::int32_t>(start.data() + protocol::batch_field::length);
  constexpr auto least = static_cast<std::int32_t>(protocol::batch_header_bytes - protocol::batch_prefix_bytes);
  if (length < least) return std::nullopt;
  return protocol::batch_prefix_bytes + static_cast<std::uint64_t>(length);
}

}  // namespace

result<scan_step> header_scanner::fill() {
  JD_ASSERT(next_ < end_, next_, end_);
  const mutable_bytes into = mutable_bytes(buffer_).first(std::min<std::uint64_t>(buffer_.size(), end_ - next_));
  result<std::size_t> got = std::size_t{0};
  if (wait_ == wait_mode::no_wait) {
    auto tried = file_.try_read_at(into, next_);
    if (!tried) return scan_step::would_block;
    got = std::move(*tried);
  } else {
    got = file_.read_at(into, next_);
  }
  if (!got) return got.error();
  buffer_position_ = next_;
  buffer_size_ = *got;
  return buffer_size_ < protocol::batch_header_bytes ? scan_step::incomplete : scan_step::found;
}

result<scan_step> header_scanner::next() {
  if (next_ >= end_) return scan_step::end;
  if (end_ - next_ < protocol::batch_header_bytes) return scan_step::incomplete;
  const bool buffered =
      next_ >= buffer_position_ && next_ + protocol::batch_header_bytes <= buffer_position_ + buffer_size_;
  if (!buffered) {
    auto filled = fill();
    if (!filled || *filled != scan_step::found) return filled;
  }
  const bytes_view start = bytes_view(buffer_).subspan(next_ - buffer_position_, protocol::batch_header_bytes);
  const auto size = size_of_batch(start);
  if (!size) return scan_step::damaged;
  if (*size > end_ - next_) return scan_step::incomplete;
  header_ = protocol::batch_view(start);
  position_ = next_;
  size_ = static_cast<std::uint32_t>(*size);
  next_ += *size;
  return scan_step::found;
}

// Makes `need_bytes` (that the file has) from next_ on readable.
result<void> batch_stream::fill(std::uint64_t need_bytes) {
  if (next_ >= buffer_position_ && next_ + need_bytes <= buffer_position_ + buffer_size_) return {};
  const std::uint64_t want =
      std::min<std::uint64_t>(std::max<std::uint64_t>(need_bytes, stream_step_bytes), end_ - next_);
  std::size_t kept = 0;
  if (next_ >= buffer_position_ && next_ < buffer_position_ + buffer_size_) {
    kept = static_cast<std::size_t>(buffer_position_ + buffer_size_ - next_);
    std::memmove(buffer_.data(), buffer_.data() + (next_ - buffer_position_), kept);
  }
  JD_ASSERT(kept < want, kept, want, need_bytes);  // or there was no need
  if (buffer_.size() < want) buffer_.resize(want);
  auto got = file_.read_at(mutable_bytes(buffer_).subspan(kept, static_cast<std::size_t>(want) - kept), next_ + kept);
  if (!got) return got.error();
  buffer_position_ = next_;
  buffer_size_ = kept + *got;
  return {};
}

result<scan_step> batch_stream::next() {
  if (next_ >= end_) return scan_step::end;
  if (end_ - next_ < protocol::batch_header_bytes) return scan_step::incomplete;
  if (auto filled = fill(protocol::batch_header_bytes); !filled) return filled.error();
  if (buffer_size_ - (next_ - buffer_position_) < protocol::batch_header_bytes) return scan_step::incomplete;
  const auto size = size_of_batch(bytes_view(buffer_).subspan(next_ - buffer_position_));
  if (!size) return scan_step::damaged;
  if (*size > end_ - next_) return scan_step::incomplete;
  if (auto filled = fill(*size); !filled) return filled.error();
  const bytes_view rest = bytes_view(buffer_).first(buffer_size_).subspan(next_ - buffer_position_);
  if (rest.size() < *size) return scan_step::incomplete;
  batch_ = protocol::batch_view(rest.first(static_cast<std::size_t>(*size)));
  next_ += *size;
  return scan_step::found;
}

}  // namespace jackdaw::log
