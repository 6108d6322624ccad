// Request and response headers: which header version belongs to an api version, and reading and writing them.
#pragma once

#include <cstdint>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/apis.hpp"
#include "jackdaw/protocol/messages/request_header.hpp"
#include "jackdaw/protocol/messages/response_header.hpp"
#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::protocol {

// 2 with a flexible api version, else 1.
constexpr std::int16_t request_header_version(const api_description& api, std::int16_t version) noexcept {
  return version >= api.flexible_from ? 2 : 1;
}

// 1 with a flexible api version, else 0. ApiVersions always answers with 0, so that a client which doesn't know yet
// what the broker speaks can read the answer (KIP-511).
constexpr std::int16_t response_header_version(const api_description& api, std::int16_t version) noexcept {
  return api.key != api_key::api_versions && version >= api.flexible_from ? 1 : 0;
}

constexpr bool knows_version(const api_description& api, std::int16_t version) noexcept {
  return version >= api.version_min && version <= api.version_max;
}

// Reads a frame's header and leaves `in` at the body. The client id is a view into the frame.
//
// errc::unsupported: a key or version without description; nobody can tell where the body starts, so the connection
// has to be closed. ApiVersions is the exception: its header is returned for any version, and a version that
// knows_version() denies must be answered with body version 0 and UNSUPPORTED_VERSION, the body left unread.
// errc::corrupt: bytes that are no header.
result<request_header> decode_request_header(reader& in);

// `api_version` is that of the request which is answered.
result<correlation_id> decode_response_header(reader& in, const api_description& api, std::int16_t api_version);

// What the reader met, as an error that names the message and the place.
error wire_failure(const reader& in, const char* message, std::int16_t version);

}  // namespace jackdaw::protocol
