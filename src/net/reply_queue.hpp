// The answers of one connection in the order of its requests, those that aren't there yet included.
#pragma once

#include <cstdint>
#include <memory>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/broker/reply.hpp"

namespace jackdaw::net {

// A ring that grows by doubling and gives a large ring back when it runs empty.
class reply_queue {
 public:
  struct slot {
    broker::reply answer;
    std::size_t cost = 0;  // bytes charged to the connection for this slot, by whoever charges
    bool is_ready = false;
  };
  // Numbers the requests of a connection from 0.
  using ticket = std::uint64_t;

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  // A place at the end for an answer that comes later.
  ticket reserve() {
    if (size_ == capacity_) grow();
    slots_[(begin_ + size_) & (capacity_ - 1)] = slot{};
    return first_ + size_++;
  }
  slot& operator[](ticket t) {
    JD_ASSERT(t - first_ < size_, t, first_, size_);
    return at(static_cast<std::size_t>(t - first_));
  }
  ticket first_ticket() const noexcept { return first_; }
  // The n-th from the front, 0 to size() - 1.
  slot& at(std::size_t n) noexcept { return slots_[(begin_ + n) & (capacity_ - 1)]; }
  slot& front() noexcept { return at(0); }

  void pop() {
    front() = slot{};
    begin_ = (begin_ + 1) & (capacity_ - 1);
    ++first_;
    if (--size_ == 0 && capacity_ > keep_at_most) {
      slots_.reset();
      capacity_ = 0;
      begin_ = 0;
    }
  }

 private:
  static constexpr std::uint32_t keep_at_most = 8;

  void grow() {
    const std::uint32_t capacity = capacity_ == 0 ? 2 : capacity_ * 2;
    auto slots = std::make_unique<slot[]>(capacity);
    for (std::uint32_t i = 0; i < size_; ++i) slots[i] = std::move(at(i));
    slots_ = std::move(slots);
    capacity_ = capacity;
    begin_ = 0;
  }

  std::unique_ptr<slot[]> slots_;
  std::uint32_t capacity_ = 0;  // a power of two, or 0
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = 0;
  ticket first_ = 0;
};

}  // namespace jackdaw::net
