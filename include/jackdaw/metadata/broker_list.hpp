// A short list of brokers (replicas, ISR): 16 bytes, and no allocation up to three of them, because a cluster has
// several of these for each of a hundred thousand partitions.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/ids.hpp"

namespace jackdaw::metadata {

class broker_list {
 public:
  static constexpr std::size_t inline_capacity = 3;

  broker_list() noexcept = default;
  broker_list(std::initializer_list<broker_id> ids) : broker_list(std::span(ids.begin(), ids.size())) {}
  explicit broker_list(std::span<const broker_id> ids) { copy_from(ids); }
  broker_list(const broker_list& other) { copy_from(other.all()); }
  broker_list(broker_list&& other) noexcept { take(other); }
  broker_list& operator=(const broker_list& other) {
    if (this != &other) *this = broker_list(other);
    return *this;
  }
  broker_list& operator=(broker_list&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ~broker_list() { release(); }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const broker_id* begin() const noexcept { return data(); }
  const broker_id* end() const noexcept { return data() + size_; }
  broker_id operator[](std::size_t i) const noexcept {
    JD_ASSERT(i < size_, i, size_);
    return data()[i];
  }
  std::span<const broker_id> all() const noexcept { return {data(), size_}; }
  bool contains(broker_id id) const noexcept { return std::find(begin(), end(), id) != end(); }

  // Order counts, as it does for replicas.
  bool operator==(const broker_list& other) const noexcept {
    return std::equal(begin(), end(), other.begin(), other.end());
  }
  // Bytes on the heap, for memory accounts.
  std::size_t heap_bytes() const noexcept { return size_ > inline_capacity ? size_ * sizeof(broker_id) : 0; }

 private:
  const broker_id* data() const noexcept {
    return size_ > inline_capacity ? heap() : reinterpret_cast<const broker_id*>(storage_.data());
  }
  broker_id* heap() const noexcept {
    broker_id* at;
    std::memcpy(&at, storage_.data(), sizeof at);
    return at;
  }
  void copy_from(std::span<const broker_id> ids) {
    size_ = static_cast<std::uint32_t>(ids.size());
    auto* to = reinterpret_cast<broker_id*>(storage_.data());
    if (size_ > inline_capacity) {
      to = new broker_id[size_];
      std::memcpy(storage_.data(), &to, sizeof to);
    }
    std::copy(ids.begin(), ids.end(), to);
  }
  void take(broker_list& other) noexcept {
    storage_ = other.storage_;
    size_ = std::exchange(other.size_, 0);
  }
  void release() noexcept {
    if (size_ > inline_capacity) delete[] heap();
    size_ = 0;
  }

  // The ids themselves, or a pointer to them when there are more than fit.
  alignas(void*) std::array<std::byte, inline_capacity * sizeof(broker_id)> storage_{};
  std::uint32_t size_ = 0;
};
static_assert(sizeof(broker_list) == 16);

}  // namespace jackdaw::metadata
