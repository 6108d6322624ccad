#include "json_printer.hpp"

#include <charconv>

namespace jackdaw::protocol {

void json_printer::separate() {
  if (needs_comma_) text_ += ',';
  needs_comma_ = true;
}

void json_printer::item(std::string_view text) {
  separate();
  text_ += text;
}

void json_printer::open(char bracket) {
  separate();
  text_ += bracket;
  needs_comma_ = false;
}

void json_printer::close(char bracket) {
  text_ += bracket;
  needs_comma_ = true;
}

void json_printer::key(std::string_view name) {
  value(name);
  text_ += ':';
  needs_comma_ = false;
}

void json_printer::value(double v) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, v).ptr;
  item({digits, static_cast<std::size_t>(end - digits)});
}

void json_printer::value(std::string_view text) {
  separate();
  text_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      constexpr std::string_view hex = "0123456789abcdef";
      text_ += "\\u00";
      text_ += hex[static_cast<unsigned char>(c) >> 4];
      text_ += hex[static_cast<unsigned char>(c) & 15];
    } else {
      text_ += c;
    }
  }
  text_ += '"';
}

void json_printer::value(bytes_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  separate();
  text_ += '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) group = (group << 8) | (k < left ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    for (std::size_t k = 0; k < 4; ++k) text_ += k <= left ? alphabet[(group >> (18 - 6 * k)) & 63] : '=';
  }
  text_ += '"';
}

}  // namespace jackdaw::protocol
