// Any message type behind one function, chosen at run time: what golden tests and fuzz targets do with all of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/bytes.hpp"

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
// Nothing when there is no such type.
std::optional<version_span> versions_of(const message_type& type);

struct decoded {
  std::string error;  // empty when the bytes are one whole message
  std::string json;
  std::vector<std::byte> encoded;
  std::size_t encoded_size = 0;
  const char* unsupported_field = nullptr;
};
// `version` must be one that the type has.
decoded decode_any(const message_type& type, std::int16_t version, bytes_view bytes);

// For bytes of any kind: decodes them, and what decoded must encode to bytes which decode and encode to the same.
// Empty, or what went wrong; bytes that are no message are fine.
std::string check_hostile(const message_type& type, std::int16_t version, bytes_view bytes);

}  // namespace jackdaw::golden
