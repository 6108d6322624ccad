// Moments of tests.
#pragma once

#include <chrono>
#include <cstdint>

#include "jackdaw/base/time.hpp"

namespace jackdaw::security {

inline time_point at_ms(std::int64_t ms) { return time_point(std::chrono::milliseconds(ms)); }

}  // namespace jackdaw::security
