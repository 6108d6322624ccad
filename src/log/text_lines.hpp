// Reading small text files: lines, words, numbers.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace jackdaw::log {

// Nothing unless all of `text` is a decimal number.
inline std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
  std::int64_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Pieces between separators; empty ones at the end of the text.
class text_pieces {
 public:
  text_pieces(std::string_view text, char separator) noexcept : left_(text), separator_(separator) {}

  bool at_end() const noexcept { return left_.empty(); }
  std::string_view next() noexcept {
    const auto end = left_.find(separator_);
    const std::string_view piece = left_.substr(0, end);
    left_ = end == std::string_view::npos ? std::string_view{} : left_.substr(end + 1);
    return piece;
  }
  std::optional<std::int64_t> next_number() noexcept { return parse_number(next()); }

 private:
  std::string_view left_;
  char separator_;
};

class text_lines : public text_pieces {
 public:
  explicit text_lines(std::string_view text) noexcept : text_pieces(text, '\n') {}
};

class text_words : public text_pieces {
 public:
  explicit text_words(std::string_view text) noexcept : text_pieces(text, ' ') {}
};

}  // namespace jackdaw::log
