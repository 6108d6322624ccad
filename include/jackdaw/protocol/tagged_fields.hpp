// Tagged fields that nobody here defines, kept so that what is decoded encodes to the same bytes (KIP-482).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "jackdaw/base/bytes.hpp"

namespace jackdaw::protocol {

struct raw_tag {
  std::uint32_t tag = 0;
  bytes_view value;  // into the decoded frame
};

// One pointer wide, because every flexible struct has one and nearly all are empty.
class tagged_fields {
 public:
  tagged_fields() noexcept = default;
  tagged_fields(const tagged_fields& other) : tags_(other.tags_ ? std::make_unique<list>(*other.tags_) : nullptr) {}
  tagged_fields(tagged_fields&&) noexcept = default;
  tagged_fields& operator=(const tagged_fields& other) {
    tags_ = other.tags_ ? std::make_unique<list>(*other.tags_) : nullptr;
    return *this;
  }
  tagged_fields& operator=(tagged_fields&&) noexcept = default;
  ~tagged_fields() = default;

  bool empty() const noexcept { return !tags_; }
  std::span<const raw_tag> all() const noexcept {
    return tags_ ? std::span<const raw_tag>(*tags_) : std::span<const raw_tag>{};
  }
  void add(raw_tag tag) {
    if (!tags_) tags_ = std::make_unique<list>();
    tags_->push_back(tag);
  }
  bool operator==(const tagged_fields& other) const noexcept {
    const auto a = all();
    const auto b = other.all();
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (a[i].tag != b[i].tag || !same_bytes(a[i].value, b[i].value)) return false;
    }
    return true;
  }

 private:
  using list = std::vector<raw_tag>;
  std::unique_ptr<list> tags_;
};

}  // namespace jackdaw::protocol
