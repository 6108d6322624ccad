// How a verb fails: one line that says what to do next, and an exit status that scripts can use.
#pragma once

#include <boost/system/result.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::cli {

enum class exit_status : int {
  ok = 0,
  failed = 1,       // the cluster refused, or part of the work failed
  usage = 2,        // the command line makes no sense
  unreachable = 3,  // no broker answers
  not_found = 4,    // the thing named doesn't exist
  already_exists = 5,
};

struct failure {
  exit_status status = exit_status::failed;
  std::string text;

  failure() = default;
  failure(exit_status s, std::string t) : status(s), text(std::move(t)) {}
  // Connections that fail are `unreachable`, arguments that make no sense `usage`.
  failure(const error& e);  // NOLINT: converts, so that a result's error can be returned as it is
};

template <class T>
using outcome = boost::system::result<T, failure>;

[[noreturn]] void throw_exception_from_error(const failure& f, const boost::source_location& where);

inline failure usage(std::string text) { return {exit_status::usage, std::move(text)}; }
// What a broker refused: "WHAT: NAME_OF_CODE, its message; what to do".
failure refused(std::string_view what, protocol::error_code code, std::optional<std::string_view> message = {});

}  // namespace jackdaw::cli
