#include "jackdaw/protocol/murmur2.hpp"

#include <cstring>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::protocol {

// MurmurHash2, 32 bits, with the seed and the signedness that Kafka's clients agreed on.
std::int32_t murmur2(bytes_view key) noexcept {
  constexpr std::uint32_t seed = 0x9747b28c;
  constexpr std::uint32_t m = 0x5bd1e995;
  std::uint32_t h = seed ^ static_cast<std::uint32_t>(key.size());
  const std::size_t words = key.size() / 4;
  for (std::size_t i = 0; i < words; ++i) {
    std::uint32_t k;
    std::memcpy(&k, key.data() + i * 4, 4);  // little-endian
    k *= m;
    k ^= k >> 24;
    h = h * m ^ k * m;
  }
  const bytes_view tail = key.subspan(words * 4);
  for (std::size_t i = tail.size(); i > 0; --i) h ^= std::to_integer<std::uint32_t>(tail[i - 1]) << (8 * (i - 1));
  if (!tail.empty()) h *= m;
  h ^= h >> 13;
  h *= m;
  h ^= h >> 15;
  return static_cast<std::int32_t>(h);
}

partition_id partition_of_key(bytes_view key, std::int32_t partitions) noexcept {
  JD_ASSERT(partitions > 0, partitions);
  return partition_id{(murmur2(key) & 0x7fffffff) % partitions};
}

}  // namespace jackdaw::protocol
