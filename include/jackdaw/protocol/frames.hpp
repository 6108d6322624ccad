// Whole messages and frames: encode into memory of their own, decode with an error that says what and where.
// A frame is an int32 size, a header and a body; the functions that decode take it without the size.
#pragma once

#include <cstddef>
#include <cstdint>
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

// Reads one whole message. Its views point into `in`'s bytes. errc::corrupt when they are anything else. (A broker
// that wants to take what Kafka takes decodes by itself and lets bytes that follow a request be.)
template <class Message>
result<Message> decode_message(reader& in, std::int16_t version) {
  JD_ASSERT(version >= Message::version_min && version <= Message::version_max, Message::message_name, version);
  result<Message> message(boost::system::in_place_value);
  message->decode(in, version);
  in.expect_end();
  if (!in.ok()) message = wire_failure(in, Message::message_name, version);
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

// A message of any type, for what is the same with all of them; `message` must be alive.
struct message_ref {
  const void* message;
  const char* name;
  std::int16_t api_key;  // -1: not an api's
  std::size_t (*encoded_size)(const void* message, std::int16_t version);
  void (*encode)(const void* message, writer& out, std::int16_t version);
  const char* (*unsupported_field)(const void* message, std::int16_t version);

  template <class Message>
  static message_ref of(const Message& message) noexcept {
    std::int16_t key = -1;
    if constexpr (Message::is_api) key = Message::api_key;
    return {
        &message,
        Message::message_name,
        key,
        [](const void* m, std::int16_t v) { return static_cast<const Message*>(m)->encoded_size(v); },
        [](const void* m, writer& out, std::int16_t v) { static_cast<const Message*>(m)->encode(out, v); },
        [](const void* m, std::int16_t v) { return static_cast<const Message*>(m)->unsupported_field(v); },
    };
  }
};

// A client's frame; header.api_version says which version, header.api_key is set here. errc::unsupported when the
// version doesn't exist or can't say what the message holds.
result<std::vector<std::byte>> encode_request_frame(request_header header, const message_ref& request);
template <class Request>
result<std::vector<std::byte>> encode_request_frame(request_header header, const Request& request) {
  return encode_request_frame(std::move(header), message_ref::of(request));
}

// A broker's frame. Fields that the version doesn't have are left out.
encoded_frame encode_response_frame(correlation_id id, const message_ref& response, std::int16_t version);
template <class Response>
encoded_frame encode_response_frame(correlation_id id, const Response& response, std::int16_t version) {
  return encode_response_frame(id, message_ref::of(response), version);
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
  result<decoded_response<Response>> response(boost::system::in_place_value);
  const auto id = decode_response_header(in, *find_api(Response::api_key), version);
  if (!id) {
    response = id.error();
    return response;
  }
  response->id = *id;
  response->body.decode(in, version);
  in.expect_end();
  if (!in.ok()) response = wire_failure(in, Response::message_name, version);
  return response;
}

}  // namespace jackdaw::protocol
