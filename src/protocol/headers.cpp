#include "jackdaw/protocol/headers.hpp"

#include <string>

namespace jackdaw::protocol {

result<request_header> decode_request_header(reader& in) {
  reader ahead = in;
  const auto key = ahead.fixed<std::int16_t>();
  const auto version = ahead.fixed<std::int16_t>();
  if (!ahead.ok()) return wire_failure(ahead, request_header::message_name, 1);
  const api_description* api = find_api(key);
  if (!api) return fail(errc::unsupported, "no api has key " + std::to_string(key));
  if (!knows_version(*api, version) && api->key != api_key::api_versions) {
    return fail(errc::unsupported, std::string(api->name) + " has versions " + std::to_string(api->version_min) +
                                       " to " + std::to_string(api->version_max) + ", not " + std::to_string(version));
  }
  request_header header;
  const std::int16_t header_version = request_header_version(*api, version);
  header.decode(in, header_version);
  if (!in.ok()) return wire_failure(in, request_header::message_name, header_version);
  return header;
}

result<correlation_id> decode_response_header(reader& in, const api_description& api, std::int16_t api_version) {
  response_header header;
  const std::int16_t header_version = response_header_version(api, api_version);
  header.decode(in, header_version);
  if (!in.ok()) return wire_failure(in, response_header::message_name, header_version);
  return header.correlation_id;
}

error wire_failure(const reader& in, const char* message, std::int16_t version) {
  return fail(errc::corrupt, std::string(message) + " v" + std::to_string(version) + ": " + name_of(in.status()) +
                                 " at byte " + std::to_string(in.position()));
}

}  // namespace jackdaw::protocol
