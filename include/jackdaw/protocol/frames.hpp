// Whole messages and frames: encode into memory of their own, decode with an error that says what and where.
// A frame is an int32 size, a header and a body; the functions that decode take it without the size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/protocol/headers.hpp"

namespace jackdaw::protocol {

// The body alone. The message's views must be alive, and it must not hold external records.
template <class Message>
std::vector<std::byte> encode_message(const Message& message, std::int16_t version) {
  std::vector<std::byte> bytes(message.encoded_size(version));
  writer out(bytes);
  message.encode(out, version);
  JD_ASSERT(out.written() == bytes.size(), Message::message_name, version, out.written(), bytes.size());
  return bytes;
}

// Reads one whole message. Its views point into `in`'s bytes. errc::corrupt when they are anything else.
template <class Message>
result<Message> decode_message(reader& in, std::int16_t version) {
  JD_ASSERT(version >= Message::version_min && version <= Message::version_max, Message::message_name, version);
  Message message;
  message.decode(in, version);
  in.expect_end();
  if (!in.ok()) return wire_failure(in, Message::message_name, version);
  return message;
}

template <class Message>
result<Message> decode_message(bytes_view bytes, std::int16_t version) {
  reader in(bytes);
  return decode_message<Message>(in, version);
}

// A frame, and where in it bytes of somebody else belong (records sent from a file); its size field counts them.
struct encoded_frame {
  std::vector<std::byte> bytes;
  std::vector<writer::external> externals;
};

namespace detail {
template <class Header, class Message>
encoded_frame encode_frame(const Header& header, std::int16_t header_version, const Message& message,
                           std::int16_t version) {
  encoded_frame frame;
  frame.bytes.resize(4 + header.encoded_size(header_version) + message.encoded_size(version));
  writer out(frame.bytes, &frame.externals);
  out.fixed<std::int32_t>(0);
  header.encode(out, header_version);
  message.encode(out, version);
  JD_ASSERT(out.written() == frame.bytes.size(), Message::message_name, version, out.written(), frame.bytes.size());
  std::size_t size = frame.bytes.size() - 4;
  for (const auto& external : frame.externals) size += external.size;
  JD_ASSERT(size <= INT32_MAX, Message::message_name, size);
  store_be(frame.bytes.data(), static_cast<std::int32_t>(size));
  return frame;
}
}  // namespace detail

// A client's frame; header.api_version says which version, header.api_key is set here. errc::unsupported when the
// version doesn't exist or can't say what the message holds.
template <class Request>
result<std::vector<std::byte>> encode_request_frame(request_header header, const Request& request) {
  header.api_key = Request::api_key;
  const api_description& api = *find_api(Request::api_key);
  const std::int16_t version = header.api_version;
  if (!knows_version(api, version)) {
    return fail(errc::unsupported, std::string(Request::message_name) + " has no version " + std::to_string(version));
  }
  if (const char* field = request.unsupported_field(version)) {
    return fail(errc::unsupported,
                std::string(Request::message_name) + " v" + std::to_string(version) + " can't say " + field);
  }
  return detail::encode_frame(header, request_header_version(api, version), request, version).bytes;
}

// A broker's frame. Fields that the version doesn't have are left out.
template <class Response>
encoded_frame encode_response_frame(correlation_id id, const Response& response, std::int16_t version) {
  response_header header;
  header.correlation_id = id;
  const api_description& api = *find_api(Response::api_key);
  return detail::encode_frame(header, response_header_version(api, version), response, version);
}

template <class Response>
struct decoded_response {
  correlation_id id;
  Response body;  // views into the frame
};

// A response's frame without its size, at the client: the broker is trusted with more memory than its bytes.
template <class Response>
result<decoded_response<Response>> decode_response(bytes_view frame, std::int16_t version) {
  reader in(frame, reader::trusted_allowance_bytes(frame.size()));
  auto id = decode_response_header(in, *find_api(Response::api_key), version);
  if (!id) return id.error();
  auto body = decode_message<Response>(in, version);
  if (!body) return body.error();
  return decoded_response<Response>{*id, std::move(*body)};
}

}  // namespace jackdaw::protocol
