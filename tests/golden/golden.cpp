#include "golden.hpp"

#include <boost/json/serialize.hpp>
#include <stdexcept>

namespace jackdaw::golden {
namespace {

namespace json = boost::json;

std::vector<family>& families() {
  static std::vector<family> all;
  return all;
}

// The path of the first difference, empty when there is none.
std::string difference(const json::value& a, const json::value& b, const std::string& path);

std::string object_difference(const json::object& a, const json::object& b, const std::string& path) {
  for (const auto& member : b) {
    if (!a.contains(member.key())) return path + "/" + std::string(member.key()) + " is missing";
  }
  for (const auto& member : a) {
    const std::string inner = path + "/" + std::string(member.key());
    if (!b.contains(member.key())) return inner + " should not be there";
    if (auto found = difference(member.value(), b.at(member.key()), inner); !found.empty()) return found;
  }
  return {};
}

std::string array_difference(const json::array& a, const json::array& b, const std::string& path) {
  if (a.size() != b.size())
    return path + " has " + std::to_string(a.size()) + " elements, not " + std::to_string(b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (auto found = difference(a[i], b[i], path + "/" + std::to_string(i)); !found.empty()) return found;
  }
  return {};
}

std::string difference(const json::value& a, const json::value& b, const std::string& path) {
  if (a.is_object() && b.is_object()) return object_difference(a.get_object(), b.get_object(), path);
  if (a.is_array() && b.is_array()) return array_difference(a.get_array(), b.get_array(), path);
  // Only a float may be written as an integer by one side and not by the other.
  const bool floating = a.is_number() && b.is_number() && (a.is_double() || b.is_double());
  const bool same = floating ? a.to_number<double>() == b.to_number<double>() : a == b;
  return same ? std::string{} : path + " is " + json::serialize(a) + ", not " + json::serialize(b);
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw std::runtime_error("not a hex digit");
}

int base64_digit(char c) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = alphabet.find(c);
  if (at == std::string_view::npos) throw std::runtime_error("not base64");
  return static_cast<int>(at);
}

}  // namespace

bool verdict::expect_equal(std::int64_t actual, std::int64_t expected, std::string_view what) {
  return expect(actual == expected,
                std::string(what) + " is " + std::to_string(actual) + ", not " + std::to_string(expected));
}

bool verdict::expect_same(bytes_view actual, bytes_view expected, std::string_view what) {
  if (same_bytes(actual, expected)) return true;
  return expect(false, std::string(what) + "\n      is  " + to_hex(actual) + "\n      not " + to_hex(expected));
}

bool verdict::expect_same(const json::value& actual, const json::value& expected, std::string_view what) {
  const auto found = difference(actual, expected, "");
  return expect(found.empty(), std::string(what) + ": " + found);
}

family::family(std::string_view file_prefix, test run_one) : prefix(file_prefix), run(run_one) {
  families().push_back(*this);
}

const family* family_of(std::string_view file_name) {
  for (const family& f : families()) {
    if (file_name.starts_with(f.prefix)) return &f;
  }
  return nullptr;
}

buffer hex_member(const json::object& vector, std::string_view name) {
  const std::string_view hex = vector.at(name).as_string();
  if (hex.size() % 2 != 0) throw std::runtime_error("an odd number of hex digits");
  buffer bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(hex_digit(hex[2 * i]) * 16 + hex_digit(hex[2 * i + 1]));
  }
  return bytes;
}

std::string text_member(const json::object& vector, std::string_view name) {
  return std::string(std::string_view(vector.at(name).as_string()));
}

std::int64_t int_member(const json::object& vector, std::string_view name) {
  return vector.at(name).to_number<std::int64_t>();
}

std::string to_hex(bytes_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte b : bytes) {
    text += digits[std::to_integer<unsigned>(b) >> 4];
    text += digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

buffer from_base64(std::string_view text) {
  buffer bytes;
  std::uint32_t group = 0;
  int bits = 0;
  while (text.ends_with('=')) text.remove_suffix(1);
  for (const char c : text) {
    group = group << 6 | static_cast<std::uint32_t>(base64_digit(c));
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push_back(static_cast<std::byte>(group >> bits));
  }
  return bytes;
}

}  // namespace jackdaw::golden
