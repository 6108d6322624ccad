// Expected failures are values: result<T> holds a T or an error. Exceptions don't cross a module.
#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace jackdaw {

// What went wrong, by what the caller can do about it. Kafka's error codes appear only at the protocol's edge.
enum class errc {
  corrupt,           // bytes that can't be what they claim to be
  invalid_argument,  // a value that a user or peer may not give
  not_found,
  already_exists,
  out_of_range,  // an offset or position outside what exists
  unsupported,
  no_space,  // the disk is full; may go away by itself
  io,        // the disk failed
  closed,    // the thing asked is shutting down
  busy,      // a bounded resource is spent; retry later
  timed_out,
  fenced,        // an older epoch, term or generation than the one known
  out_of_order,  // an idempotent producer's sequence has a gap
  unknown_producer,
  too_large,
  not_leader,
};

const char* name_of(errc code) noexcept;

struct error {
  errc code = errc::invalid_argument;
  // Names the thing, the value and the way out, in one sentence.
  std::string detail;
};

std::string to_string(const error& e);

// boost::system::result calls this when value() is asked of an error: a bug of ours.
[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

template <class T>
using result = boost::system::result<T, error>;

inline error fail(errc code, std::string detail) { return error{code, std::move(detail)}; }

}  // namespace jackdaw
