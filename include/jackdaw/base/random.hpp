// Random numbers that somebody hands in with a seed: cores never draw their own.
#pragma once

#include <cstdint>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/ids.hpp"

namespace jackdaw {

// splitmix64: small, fast, good enough for jitter, ids and simulated faults. Not for secrets.
class random_source {
 public:
  explicit random_source(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // 0 to bound - 1; `bound` is at least 1.
  std::uint64_t below(std::uint64_t bound) noexcept {
    JD_ASSERT(bound > 0, bound);
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(next()) * bound) >> 64);
  }
  // True once in `n` times on average; `n` is at least 1.
  bool one_in(std::uint64_t n) noexcept { return below(n) == 0; }

 private:
  std::uint64_t state_;
};

// A version 4 uuid whose printed form doesn't start with '-', which command lines would take for a flag.
uuid random_uuid(random_source& random);

}  // namespace jackdaw
