// Big-endian integers at any address: the byte order of the wire and of every file we write.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace jackdaw {

static_assert(std::endian::native == std::endian::little, "load_be and store_be swap bytes");

template <std::integral T>
constexpr T byte_swap(T value) noexcept {
  using U = std::make_unsigned_t<T>;
  if constexpr (sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(static_cast<U>(value)));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(static_cast<U>(value)));
  } else {
    return static_cast<T>(__builtin_bswap64(static_cast<U>(value)));
  }
}

// `at` points at sizeof(T) readable bytes.
template <std::integral T>
T load_be(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return byte_swap(value);
}

// `at` points at sizeof(T) writable bytes.
template <std::integral T>
void store_be(std::byte* at, T value) noexcept {
  value = byte_swap(value);
  std::memcpy(at, &value, sizeof value);
}

}  // namespace jackdaw
