#include <isa-l/crc.h>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw {

void assertion_failed(const char* condition, const char* file, int line, const std::string& values) {
  std::fprintf(stderr, "jackdaw: broken invariant: %s at %s:%d%s%s\n", condition, file, line,
               values.empty() ? "" : ", values:", values.c_str());
  std::abort();
}

std::uint32_t crc32c(bytes_view bytes, std::uint32_t seed) noexcept {
  // ISA-L neither inverts the initial value nor the result. Its signature lacks const, it only reads.
  JD_ASSERT(bytes.size() <= INT32_MAX, bytes.size());
  auto* data = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~seed);
}

const char* name_of(errc code) noexcept {
  switch (code) {
    case errc::corrupt: return "corrupt data";
    case errc::invalid_argument: return "invalid argument";
    case errc::not_found: return "not found";
    case errc::already_exists: return "already exists";
    case errc::out_of_range: return "out of range";
    case errc::unsupported: return "unsupported";
    case errc::no_space: return "no space on the disk";
    case errc::io: return "disk error";
    case errc::closed: return "closed";
    case errc::busy: return "busy";
    case errc::timed_out: return "timed out";
    case errc::fenced: return "fenced";
    case errc::out_of_order: return "out of order";
    case errc::unknown_producer: return "unknown producer";
    case errc::too_large: return "too large";
    case errc::not_leader: return "not the leader";
  }
  return "unknown";
}

std::string to_string(const error& e) { return std::string(name_of(e.code)) + ": " + e.detail; }

void throw_exception_from_error(const error& e, const boost::source_location& where) {
  assertion_failed("result has a value", where.file_name(), static_cast<int>(where.line()), ' ' + to_string(e));
}

}  // namespace jackdaw
