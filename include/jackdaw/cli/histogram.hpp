// Counts of durations, precise to 1 %, in constant memory.
#pragma once

#include <array>
#include <cstdint>

namespace jackdaw::cli {

class histogram {
 public:
  void add(std::uint64_t microseconds, std::uint64_t times = 1) noexcept;
  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t max() const noexcept { return max_; }
  double mean() const noexcept { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  // The value that `fraction` (0 to 1) of all are at or below; 0 when empty.
  std::uint64_t quantile(double fraction) const noexcept;

 private:
  // 128 buckets for each doubling.
  static constexpr unsigned precision_bits = 7;
  static constexpr std::size_t buckets = (64 - precision_bits + 1) << precision_bits;
  static std::size_t index_of(std::uint64_t value) noexcept;
  static std::uint64_t value_at(std::size_t index) noexcept;

  std::array<std::uint64_t, buckets> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace jackdaw::cli
