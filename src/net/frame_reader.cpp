#include "frame_reader.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/endian.hpp"

namespace jackdaw::net {

mutable_bytes frame_reader::space(mutable_bytes scratch) {
  if (large_) {
    if (large_filled_ == large_->size()) {
      large_->resize(static_cast<std::size_t>(std::min<std::uint64_t>(large_size_, 4ULL * large_filled_)));
    }
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
  return status::frame;
}

void frame_reader::begin_large(std::uint32_t size) {
  const auto have = unread_size_ - static_cast<std::uint32_t>(sizeof claimed_);
  const auto at_once = std::max({first_bytes, 4 * have, std::min(last_large_, trust_at_most)});
  large_ = std::make_shared<buffer>(std::min(size, at_once));
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
