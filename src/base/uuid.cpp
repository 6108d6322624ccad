#include <array>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/random.hpp"

namespace jackdaw {
namespace {

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t text_size = 22;

// The 6 bits that stand at `index` of 22; the last character holds 2 bits and 4 zeros.
unsigned six_bits(const uuid& id, std::size_t index) {
  JD_ASSERT(index < text_size, index);
  const int shift = 128 - 6 * static_cast<int>(index + 1);
  const auto all = (static_cast<unsigned __int128>(id.high) << 64) | id.low;
  return static_cast<unsigned>(shift >= 0 ? (all >> shift) & 63 : (all << -shift) & 63);
}

}  // namespace

std::string to_string(const uuid& id) {
  std::string text(text_size, '\0');
  for (std::size_t i = 0; i < text_size; ++i) text[i] = alphabet[six_bits(id, i)];
  return text;
}

std::optional<uuid> parse_uuid(std::string_view text) {
  if (text.size() != text_size) return std::nullopt;
  unsigned __int128 all = 0;
  for (std::size_t i = 0; i < text_size; ++i) {
    const auto digit = alphabet.find(text[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    if (i + 1 < text_size) {
      all = (all << 6) | digit;
    } else {
      if ((digit & 15) != 0) return std::nullopt;
      all = (all << 2) | (digit >> 4);
    }
  }
  return uuid{static_cast<std::uint64_t>(all >> 64), static_cast<std::uint64_t>(all)};
}

uuid random_uuid(random_source& random) {
  for (;;) {
    uuid id{random.next(), random.next()};
    id.high = (id.high & ~0xf000ULL) | 0x4000ULL;
    id.low = (id.low & ~(3ULL << 62)) | (2ULL << 62);
    if (alphabet[six_bits(id, 0)] != '-') return id;
  }
}

}  // namespace jackdaw
