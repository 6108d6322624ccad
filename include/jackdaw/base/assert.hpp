// An invariant of our own. It stays on in release: a stopped broker is repaired by its replicas, a wrong one spreads.
#pragma once

#include <sstream>
#include <string>

namespace jackdaw {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line, const std::string& values);

namespace detail {
template <class... Values>
std::string describe_values(const Values&... values) {
  std::ostringstream out;
  ((out << ' ' << values), ...);
  return out.str();
}
}  // namespace detail

}  // namespace jackdaw

// JD_ASSERT(condition, values to print...): stops the process with the condition, the place and the values.
#define JD_ASSERT(condition, ...)                    \
  (__builtin_expect(static_cast<bool>(condition), 1) \
       ? static_cast<void>(0)                        \
       : ::jackdaw::assertion_failed(#condition, __FILE__, __LINE__, ::jackdaw::detail::describe_values(__VA_ARGS__)))
