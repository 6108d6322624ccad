// CRC-32C (Castagnoli), by ISA-L's vector code.
#pragma once

#include <cstdint>

#include "jackdaw/base/bytes.hpp"

namespace jackdaw {

// `seed` is the CRC of what came before, 0 at the start.
std::uint32_t crc32c(bytes_view bytes, std::uint32_t seed = 0) noexcept;

}  // namespace jackdaw
