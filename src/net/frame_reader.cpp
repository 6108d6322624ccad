#include "frame_reader.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/endian.hpp"

namespace jackdaw::net {

// A frame's buffer grows once it is full.
std::size_t frame_reader::next_capacity() const noexcept {
  if (large_filled_ < large_->size()) return large_->capacity();
  const std::size_t trusted = std::max(first_bytes, std::min(last_large_, trust_at_most));
  return std::min<std::size_t>(large_size_, std::max(std::size_t{4} * large_filled_, trusted));
}

mutable_bytes frame_reader::space(mutable_bytes scratch) {
  if (large_) {
    if (large_filled_ == large_->size()) large_->resize(next_capacity());
    return large_->span().subspan(large_filled_);
  }
  // A frame may be cut off anywhere, so what is there of the next one moves to the front.
  JD_ASSERT(unread_size_ < scratch.size(), unread_size_);
  if (unread_size_ != 0) std::memmove(scratch.data(), unread_, unread_size_);
  unread_ = scratch.data();
  kept_ = buffer();
  auto rest = scratch.subspan(unread_size_);
  return last_large_ >= in_place_from && rest.size() > peek_bytes ? rest.first(peek_bytes) : rest;
}

void frame_reader::received(std::size_t n) { (large_ ? large_filled_ : unread_size_) += static_cast<std::uint32_t>(n); }

frame_reader::status frame_reader::next(std::shared_ptr<buffer>& out) {
  if (large_) {
    if (large_filled_ < large_size_) return status::need_more;
    last_large_ = large_size_;
    claimed_ = 0;
    out = std::move(large_);
    return status::frame;
  }
  if (unread_size_ < sizeof claimed_) return status::need_more;
  claimed_ = load_be<std::int32_t>(unread_);
  if (claimed_ <= 0 || static_cast<std::uint32_t>(claimed_) > max_frame_bytes_) return status::bad_size;
  const auto size = static_cast<std::uint32_t>(claimed_);
  if (unread_size_ - sizeof claimed_ < size) {
    if (size > kept_at_most) begin_large(size);
    return status::need_more;
  }
  out = std::make_shared<buffer>(size);
  std::memcpy(out->data(), unread_ + sizeof claimed_, size);
  unread_ += sizeof claimed_ + size;
  unread_size_ -= static_cast<std::uint32_t>(sizeof claimed_) + size;
  last_large_ = 0;
  claimed_ = 0;
  return status::frame;
}

void frame_reader::begin_large(std::uint32_t size) {
  const auto have = unread_size_ - static_cast<std::uint32_t>(sizeof claimed_);
  // Room for the rest comes with the next space(): by then somebody may have looked at growth().
  large_ = std::make_shared<buffer>(have);
  if (have != 0) std::memcpy(large_->data(), unread_ + sizeof claimed_, have);
  large_size_ = size;
  large_filled_ = have;
  unread_size_ = 0;
  kept_ = buffer();
}

void frame_reader::leave_scratch() {
  if (large_ || unread_size_ == 0) {
    kept_ = buffer();
    unread_size_ = large_ ? unread_size_ : 0;
    return;
  }
  if (!kept_.empty() && unread_ >= kept_.data() && unread_ < kept_.data() + kept_.size()) return;
  kept_ = buffer(unread_size_);
  std::memcpy(kept_.data(), unread_, unread_size_);
  unread_ = kept_.data();
}

}  // namespace jackdaw::net
