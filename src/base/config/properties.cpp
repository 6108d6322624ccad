// Java's .properties syntax.
#include "jackdaw/base/config_broker.hpp"
#include "text.hpp"

namespace jackdaw {
namespace {

// A logical line: natural lines joined where one ends in an odd number of backslashes, leading blanks dropped.
class line_reader {
 public:
  explicit line_reader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);  // what Windows editors put in front
  }

  // False at the end. Blank lines and comments are skipped.
  bool next(std::string& line, int& number) {
    std::string_view natural;
    do {
      if (!take(natural)) return false;
    } while (natural.empty() || natural.front() == '#' || natural.front() == '!');
    number = taken_;
    line.clear();
    while (continues(natural)) {
      line.append(natural.substr(0, natural.size() - 1));
      if (!take(natural)) return true;
    }
    line.append(natural);
    return true;
  }

 private:
  bool take(std::string_view& natural) {
    if (rest_.empty()) return false;
    const auto end = rest_.find_first_of("\r\n");
    natural = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (end != std::string_view::npos && natural.data()[end] == '\r' && rest_.starts_with('\n')) rest_.remove_prefix(1);
    ++taken_;
    while (!natural.empty() && config_text::is_blank(natural.front())) natural.remove_prefix(1);
    return true;
  }

  static bool continues(std::string_view natural) {
    const auto last = natural.find_last_not_of('\\');
    const std::size_t slashes = natural.size() - (last == std::string_view::npos ? 0 : last + 1);
    return slashes % 2 == 1;
  }

  std::string_view rest_;
  int taken_ = 0;
};

void append_utf8(std::string& out, std::uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | (c >> 6));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xe0 | (c >> 12));
    out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

// False if a \u isn't followed by four hexadecimal digits.
bool unescape(std::string_view s, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] != '\\' || i + 1 == s.size()) {
      if (s[i] != '\\') out += s[i];
      continue;
    }
    switch (const char c = s[++i]) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case 'f': out += '\f'; break;
      case 'u': {
        std::uint32_t code = 0;
        const std::string_view digits = s.substr(i + 1, 4);
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
        if (digits.size() != 4 || ec != std::errc{} || end != digits.data() + 4) return false;
        append_utf8(out, code);
        i += 4;
        break;
      }
      default: out += c;
    }
  }
  return true;
}

// Where the key ends: at the first blank, '=' or ':' without a backslash before it.
std::size_t key_length(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '=' || line[i] == ':' || config_text::is_blank(line[i])) {
      return i;
    }
  }
  return line.size();
}

std::string_view after_separator(std::string_view rest) {
  const auto skip_blanks = [&] {
    while (!rest.empty() && config_text::is_blank(rest.front())) rest.remove_prefix(1);
  };
  skip_blanks();
  if (!rest.empty() && (rest.front() == '=' || rest.front() == ':')) {
    rest.remove_prefix(1);
    skip_blanks();
  }
  return rest;
}

}  // namespace

result<std::vector<config_setting>> parse_properties(std::string_view text, std::string_view file) {
  std::vector<config_setting> out;
  line_reader lines(text);
  std::string line;
  int number = 0;
  while (lines.next(line, number)) {
    config_setting setting;
    setting.origin = std::string(file) + ':' + std::to_string(number);
    const std::size_t length = key_length(line);
    const std::string_view view = line;
    if (!unescape(view.substr(0, length), setting.key) ||
        !unescape(after_separator(view.substr(length)), setting.value))
      return fail(errc::invalid_argument, setting.origin + ": \\u must be followed by four hexadecimal digits");
    out.push_back(std::move(setting));
  }
  return out;
}

}  // namespace jackdaw
