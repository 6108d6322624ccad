#include "jackdaw/cli/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace jackdaw::cli {

// Values below 2^precision count exactly; above, a bucket is 2^-precision of its value wide.
std::size_t histogram::index_of(std::uint64_t value) noexcept {
  const unsigned width = static_cast<unsigned>(std::bit_width(value));
  if (width <= precision_bits) return static_cast<std::size_t>(value);
  const unsigned shift = width - precision_bits - 1;
  return (static_cast<std::size_t>(shift + 1) << precision_bits) +
         static_cast<std::size_t>((value >> shift) - (1ULL << precision_bits));
}

std::uint64_t histogram::value_at(std::size_t index) noexcept {
  const std::size_t group = index >> precision_bits;
  const std::uint64_t low = index & ((1ULL << precision_bits) - 1);
  if (group == 0) return low;
  return ((1ULL << precision_bits) + low) << (group - 1);
}

void histogram::add(std::uint64_t microseconds, std::uint64_t times) noexcept {
  counts_[index_of(microseconds)] += times;
  count_ += times;
  max_ = std::max(max_, microseconds);
  sum_ += static_cast<double>(microseconds) * static_cast<double>(times);
}

std::uint64_t histogram::quantile(double fraction) const noexcept {
  if (count_ == 0) return 0;
  const auto wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(fraction * static_cast<double>(count_))));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets; ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(value_at(i), max_);
  }
  return max_;
}

}  // namespace jackdaw::cli
