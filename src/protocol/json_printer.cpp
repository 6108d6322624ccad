#include "jackdaw/protocol/json_printer.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace jackdaw::protocol {
namespace {

// Bytes of the UTF-8 character at the start of `text`, 0 when there is none (RFC 3629: no surrogates, shortest form).
std::size_t character_size(std::string_view text) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned char second = byte(1);
  const bool allowed = (lead != 0xe0 || second >= 0xa0) && (lead != 0xed || second < 0xa0) &&
                       (lead != 0xf0 || second >= 0x90) && (lead != 0xf4 || second < 0x90);
  return allowed ? size : 0;
}

}  // namespace

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
  if (std::isnan(v)) return value(std::string_view("NaN"));
  if (std::isinf(v)) return value(std::string_view(v < 0 ? "-Infinity" : "Infinity"));
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, v).ptr;
  item({digits, static_cast<std::size_t>(end - digits)});
}

void json_printer::value(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  separate();
  text_ += '"';
  while (!text.empty()) {
    const char c = text.front();
    const std::size_t size = character_size(text);
    if (size == 0) {
      text_ += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      text_ += "\\u00";
      text_ += hex[static_cast<unsigned char>(c) >> 4];
      text_ += hex[static_cast<unsigned char>(c) & 15];
    } else {
      text_ += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
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
    for (std::size_t k = 0; k < 3; ++k) {
      group = (group << 8) | (k < left ? std::to_integer<std::uint32_t>(bytes[i + k]) : 0);
    }
    for (std::size_t k = 0; k < 4; ++k) text_ += k <= left ? alphabet[(group >> (18 - 6 * k)) & 63] : '=';
  }
  text_ += '"';
}

}  // namespace jackdaw::protocol
