// Counts in sentences.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace jackdaw {

// "1 broker", "2 brokers": `noun` takes an s, or `count` is one.
inline std::string counted(std::uint64_t count, std::string_view noun) {
  std::string out = std::to_string(count) + ' ';
  out += noun;
  if (count != 1) out += 's';
  return out;
}

}  // namespace jackdaw
