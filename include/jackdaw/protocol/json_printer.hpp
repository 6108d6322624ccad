// Prints a message as JSON: for logs and for the golden tests. Bytes are base64, a uuid is Kafka's 22 characters.
// The text is valid JSON whatever the message holds: bytes that are no UTF-8 become U+FFFD.
#pragma once

#include <string>
#include <string_view>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/protocol/error_codes.hpp"
#include "jackdaw/protocol/wire.hpp"

namespace jackdaw::protocol {

class json_printer {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }
  void key(std::string_view name);
  void null() { item("null"); }

  void value(bool v) { item(v ? "true" : "false"); }
  void value(std::int8_t v) { item(std::to_string(v)); }
  void value(std::int16_t v) { item(std::to_string(v)); }
  void value(std::uint16_t v) { item(std::to_string(v)); }
  void value(std::int32_t v) { item(std::to_string(v)); }
  void value(std::int64_t v) { item(std::to_string(v)); }
  void value(double v);
  void value(std::string_view text);
  void value(bytes_view bytes);
  void value(const records_view& records) { value(records.bytes()); }
  void value(const uuid& id) { value(std::string_view(to_string(id))); }
  void value(error_code code) { value(static_cast<std::int16_t>(code)); }
  template <class Tag, class Rep, Rep Default>
  void value(const strong<Tag, Rep, Default>& v) {
    value(v.value());
  }

  const std::string& text() const noexcept { return text_; }

 private:
  void separate();
  void item(std::string_view text);
  void open(char bracket);
  void close(char bracket);

  std::string text_;
  bool needs_comma_ = false;
};

// One line; the fields that `version` has, by Kafka's names.
template <class Message>
std::string to_json(const Message& message, std::int16_t version) {
  json_printer out;
  message.print(out, version);
  return out.text();
}

}  // namespace jackdaw::protocol
