#include "log_state.hpp"

#include <algorithm>

namespace jackdaw::log {

template <class Predicate>
std::uint64_t batch_tail::first_beyond(Predicate beyond) const noexcept {
  std::uint64_t low = first();
  std::uint64_t high = count_;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (beyond(at(middle))) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

std::optional<std::uint64_t> batch_tail::find(std::int64_t target) const noexcept {
  if (target < known_from_) return std::nullopt;
  const std::uint64_t found = first_beyond([=](const entry& e) { return std::int64_t{e.last_offset} >= target; });
  if (found == count_) return std::nullopt;
  return at(found).position;
}

std::optional<std::uint64_t> batch_tail::boundary_at_or_before(std::uint64_t position) const noexcept {
  const std::uint64_t after = first_beyond([=](const entry& e) { return e.position > position; });
  if (after == first()) return std::nullopt;
  return at(after - 1).position;
}

std::uint64_t batch_tail::next_boundary(std::uint64_t position, std::uint64_t end) const noexcept {
  const std::uint64_t after = first_beyond([=](const entry& e) { return e.position > position; });
  return after == count_ ? end : at(after).position;
}

std::size_t partition_log::state::segment_of(offset at) const noexcept {
  JD_ASSERT(!segments.empty(), at.value());
  const auto after =
      std::upper_bound(segments.begin(), segments.end(), at, [](offset o, const segment& s) { return o < s.base(); });
  return after == segments.begin() ? 0 : static_cast<std::size_t>(after - segments.begin() - 1);
}

}  // namespace jackdaw::log
