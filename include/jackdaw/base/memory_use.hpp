// What one kind of work holds of the memory that it may have.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jackdaw {

struct memory_use {
  std::size_t used_bytes = 0;
  std::size_t limit_bytes = 0;
  std::uint64_t refused = 0;  // times that somebody got a refusal, or had to wait, because it was spent

  bool is_spent() const noexcept { return used_bytes >= limit_bytes; }
};

}  // namespace jackdaw
