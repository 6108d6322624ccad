// Any message type behind one class, chosen at run time: what golden tests and fuzz targets do with all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/protocol/frames.hpp"

namespace jackdaw::golden {

// An api's request or response by key, or another message by Kafka's name of it.
struct message_type {
  std::int16_t key = -1;
  bool is_request = false;
  std::string data_name;
};

struct version_span {
  std::int16_t min = 0;
  std::int16_t max = 0;
};

struct message_operations;

class any_message {
 public:
  // A new message; nothing when there is no such type.
  static std::optional<any_message> make(const message_type& type);

  version_span versions() const noexcept;
  // `version` must be one that the type has, here and below.
  void decode(protocol::reader& in, std::int16_t version);
  std::vector<std::byte> encode(std::int16_t version) const;
  std::size_t encoded_size(std::int16_t version) const;
  std::string json(std::int16_t version) const;
  const char* unsupported_field(std::int16_t version) const;
  // Points into this.
  protocol::message_ref ref() const noexcept;

 private:
  using storage = std::unique_ptr<void, void (*)(void*)>;
  any_message(const message_operations& operations, storage message);

  const message_operations* operations_;
  storage message_;
};

struct decoded {
  std::string error;  // empty when the bytes are one whole message
  std::string json;
  std::vector<std::byte> encoded;
  std::size_t encoded_size = 0;
  const char* unsupported_field = nullptr;
};
decoded decode_any(const message_type& type, std::int16_t version, bytes_view bytes);

// For bytes of any kind: decodes them, and what decoded must encode to bytes which decode and encode to the same.
// Empty, or what went wrong; bytes that are no message are fine.
std::string check_hostile(const message_type& type, std::int16_t version, bytes_view bytes);

}  // namespace jackdaw::golden
