#include "jackdaw/protocol/frames.hpp"

#include <string>

namespace jackdaw::protocol {
namespace {

const api_description& api_of(const message_ref& m) {
  const api_description* api = find_api(m.api_key);
  JD_ASSERT(api != nullptr, m.name);
  return *api;
}

template <class Header>
encoded_frame encode_frame(const Header& header, std::int16_t header_version, const message_ref& m,
                           std::int16_t version) {
  encoded_frame frame;
  frame.bytes.resize(4 + header.encoded_size(header_version) + m.encoded_size(m.message, version));
  writer out(frame.bytes, &frame.externals);
  out.fixed<std::int32_t>(0);
  header.encode(out, header_version);
  m.encode(m.message, out, version);
  JD_ASSERT(out.written() == frame.bytes.size(), m.name, version, out.written(), frame.bytes.size());
  std::size_t size = frame.bytes.size() - 4;
  for (const auto& external : frame.externals) size += external.size;
  JD_ASSERT(size <= INT32_MAX, m.name, size);
  store_be(frame.bytes.data(), static_cast<std::int32_t>(size));
  return frame;
}

}  // namespace

result<std::vector<std::byte>> encode_request_frame(request_header header, const message_ref& request) {
  const api_description& api = api_of(request);
  const std::int16_t version = header.api_version;
  if (!knows_version(api, version)) {
    return fail(errc::unsupported, std::string(request.name) + " has no version " + std::to_string(version));
  }
  if (const char* field = request.unsupported_field(request.message, version)) {
    return fail(errc::unsupported, std::string(request.name) + " v" + std::to_string(version) + " can't say " + field);
  }
  header.api_key = request.api_key;
  auto frame = encode_frame(header, request_header_version(api, version), request, version);
  JD_ASSERT(frame.externals.empty(), request.name, frame.externals.size());  // they would be left out
  return std::move(frame.bytes);
}

encoded_frame encode_response_frame(correlation_id id, const message_ref& response, std::int16_t version) {
  response_header header;
  header.correlation_id = id;
  return encode_frame(header, response_header_version(api_of(response), version), response, version);
}

}  // namespace jackdaw::protocol
