// Values of keys whose type in the table is a 32-bit integer.
#pragma once

#include <cstdint>
#include <string_view>

#include "jackdaw/base/assert.hpp"

namespace jackdaw {

inline std::int32_t narrow_int32(std::string_view key, std::int64_t value) {
  JD_ASSERT(value == static_cast<std::int32_t>(value), key, value);
  return static_cast<std::int32_t>(value);
}

}  // namespace jackdaw
