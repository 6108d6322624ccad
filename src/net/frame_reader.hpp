// Cuts what arrives on a connection into requests: a 4-byte size, then that many bytes.
#pragma once

#include <cstdint>
#include <memory>

#include "jackdaw/base/buffer.hpp"

namespace jackdaw::net {

// Memory follows the bytes that arrived, not the size that a frame claims. A connection at rest holds nothing: what is
// received lands in a scratch area that all connections of a shard share, and only an unfinished frame is kept.
class frame_reader {
 public:
  explicit frame_reader(std::uint32_t max_frame_bytes) noexcept : max_frame_bytes_(max_frame_bytes) {}

  // Where to receive next; never empty. It is `scratch`, or the rest of a large frame's own buffer. Call it only when
  // next() found nothing more.
  mutable_bytes space(mutable_bytes scratch);
  // `n` bytes were received at the start of what space() gave.
  void received(std::size_t n);

  enum class status { frame, need_more, bad_size };
  // The next whole frame, without its size, in `out`. After bad_size the connection is of no use; claimed() says why.
  status next(std::shared_ptr<buffer>& out);

  // Before somebody else uses the scratch area: keeps what next() hasn't taken out of it.
  void leave_scratch();

  // The size claimed by the frame that next() stopped at; 0 when it isn't known yet.
  std::int32_t claimed() const noexcept { return claimed_; }
  // How much more memory the next space() will hold.
  std::size_t growth() const noexcept { return large_ ? next_capacity() - large_->capacity() : 0; }
  bool is_inside_frame() const noexcept { return large_ != nullptr || unread_size_ != 0; }
  std::size_t held_bytes() const noexcept { return (large_ ? large_->capacity() : 0) + kept_.capacity(); }

 private:
  void begin_large(std::uint32_t size);
  std::size_t next_capacity() const noexcept;

  // Unfinished frames up to here are kept as they are; larger ones get a buffer of their own.
  static constexpr std::uint32_t kept_at_most = 2048;
  // A frame may have this much at once, and always four times what has arrived of it.
  static constexpr std::uint32_t first_bytes = 16 * 1024;
  // Who has sent a whole frame of some size gets as much for the next one at once, up to this.
  static constexpr std::uint32_t trust_at_most = 2 * 1024 * 1024;
  // From this size on, frames are worth receiving in place: the scratch area gets only the start of the next.
  static constexpr std::uint32_t in_place_from = 64 * 1024;
  static constexpr std::size_t peek_bytes = 4096;

  std::uint32_t max_frame_bytes_;
  std::int32_t claimed_ = 0;
  std::uint32_t last_large_ = 0;
  std::uint32_t large_size_ = 0;
  std::uint32_t large_filled_ = 0;
  std::uint32_t unread_size_ = 0;
  const std::byte* unread_ = nullptr;  // into the scratch area or kept_
  std::shared_ptr<buffer> large_;
  buffer kept_;
};

}  // namespace jackdaw::net
