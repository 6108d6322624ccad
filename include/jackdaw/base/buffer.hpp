// Owned bytes that nobody zeroed first.
#pragma once

#include <cstdlib>
#include <memory>
#include <new>

#include "jackdaw/base/bytes.hpp"

namespace jackdaw {

// Move-only; a moved-from buffer is empty. Growing keeps the bytes and may move them.
class buffer {
 public:
  buffer() noexcept = default;
  explicit buffer(std::size_t size) : size_(size), capacity_(size) {
    if (size != 0) bytes_.reset(allocate(nullptr, size));
  }

  std::byte* data() noexcept { return bytes_.get(); }
  const std::byte* data() const noexcept { return bytes_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  bytes_view view() const noexcept { return {data(), size_}; }
  mutable_bytes span() noexcept { return {data(), size_}; }

  // New bytes are uninitialized; shrinking keeps the capacity.
  void resize(std::size_t size) {
    if (size > capacity_) {
      bytes_.reset(allocate(bytes_.release(), size));
      capacity_ = size;
    }
    size_ = size;
  }

 private:
  struct release {
    void operator()(std::byte* p) const noexcept { std::free(p); }
  };
  static std::byte* allocate(std::byte* old, std::size_t size) {
    auto* p = static_cast<std::byte*>(std::realloc(old, size));
    if (p == nullptr) throw std::bad_alloc();
    return p;
  }

  std::unique_ptr<std::byte, release> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace jackdaw
