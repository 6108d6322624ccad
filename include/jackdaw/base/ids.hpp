// A type of its own for each kind of number, so that a leader epoch never lands where a partition id belongs.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace jackdaw {

// An integer of type Rep that converts to and from nothing. `Default` is Kafka's value for "not known".
template <class Tag, class Rep, Rep Default = Rep{}>
class strong {
 public:
  using rep = Rep;

  constexpr strong() noexcept = default;
  constexpr explicit strong(Rep value) noexcept : value_(value) {}

  constexpr Rep value() const noexcept { return value_; }
  constexpr auto operator<=>(const strong&) const noexcept = default;

 private:
  Rep value_ = Default;
};

// A strong integer that counts along a line: differences are plain integers, and it can be moved along the line.
template <class Tag, class Rep, Rep Default = Rep{}>
class strong_ordinal : public strong<Tag, Rep, Default> {
 public:
  using strong<Tag, Rep, Default>::strong;

  constexpr strong_ordinal& operator++() noexcept { return *this = *this + Rep{1}; }
  friend constexpr strong_ordinal operator+(strong_ordinal a, Rep n) noexcept {
    return strong_ordinal{static_cast<Rep>(a.value() + n)};
  }
  friend constexpr strong_ordinal operator-(strong_ordinal a, Rep n) noexcept {
    return strong_ordinal{static_cast<Rep>(a.value() - n)};
  }
  friend constexpr Rep operator-(strong_ordinal a, strong_ordinal b) noexcept {
    return static_cast<Rep>(a.value() - b.value());
  }
};

using broker_id = strong<struct broker_id_tag, std::int32_t, -1>;
using broker_epoch = strong<struct broker_epoch_tag, std::int64_t, -1>;
using partition_id = strong<struct partition_id_tag, std::int32_t>;
using correlation_id = strong<struct correlation_id_tag, std::int32_t>;
// A record's place in its partition; 0 is the first ever, -1 is "none".
using offset = strong_ordinal<struct offset_tag, std::int64_t>;
// Counts the leaders of a partition; -1 is "not known".
using leader_epoch = strong_ordinal<struct leader_epoch_tag, std::int32_t, -1>;
using producer_id = strong_ordinal<struct producer_id_tag, std::int64_t, -1>;
using producer_epoch = strong_ordinal<struct producer_epoch_tag, std::int16_t, -1>;
// Raft's terms and log positions.
using raft_term = strong_ordinal<struct raft_term_tag, std::int64_t>;
using raft_index = strong_ordinal<struct raft_index_tag, std::int64_t>;
// A thread of the broker, 0 to shard count - 1.
using shard_id = strong<struct shard_id_tag, std::uint32_t>;

inline constexpr offset no_offset{-1};

// 128 bits, compared and printed as Kafka does.
struct uuid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  constexpr bool is_zero() const noexcept { return high == 0 && low == 0; }
  constexpr auto operator<=>(const uuid&) const noexcept = default;
};

// 22 characters of URL-safe base64 without padding, as Kafka prints it.
std::string to_string(const uuid& id);
// Nothing unless `text` is what to_string prints.
std::optional<uuid> parse_uuid(std::string_view text);

}  // namespace jackdaw

template <class Tag, class Rep, Rep Default>
struct std::hash<jackdaw::strong<Tag, Rep, Default>> {
  std::size_t operator()(jackdaw::strong<Tag, Rep, Default> x) const noexcept { return std::hash<Rep>{}(x.value()); }
};

template <class Tag, class Rep, Rep Default>
struct std::hash<jackdaw::strong_ordinal<Tag, Rep, Default>> {
  std::size_t operator()(jackdaw::strong_ordinal<Tag, Rep, Default> x) const noexcept {
    return std::hash<Rep>{}(x.value());
  }
};

template <>
struct std::hash<jackdaw::uuid> {
  std::size_t operator()(const jackdaw::uuid& id) const noexcept {
    // Topic ids are random, so their bits are already spread.
    return static_cast<std::size_t>(id.high ^ (id.low * 0x9e3779b97f4a7c15ULL));
  }
};
