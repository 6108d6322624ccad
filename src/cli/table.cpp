#include "jackdaw/cli/table.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::cli {

namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 4;  // a column isn't cut below this

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string title_of(const column& c) {
  std::string title = c.key;
  for (char& ch : title) ch = ch == '_' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(ch)));
  return title;
}

// Exactly `width` characters unless it is the last cell of a line, which isn't padded.
void append_cell(std::string& out, std::string_view text, std::size_t width, bool right, bool is_last) {
  const std::size_t size = display_width(text);
  if (size > width) {
    std::size_t kept = 0;
    for (std::size_t seen = 0; kept < text.size(); ++kept) {
      if (!is_continuation(text[kept]) && seen++ == width - 1) break;
    }
    out += text.substr(0, kept);
    out += "…";
    return;
  }
  const std::string padding(width - size, ' ');
  if (right) out += padding;
  out += text;
  if (!right && !is_last) out += padding;
}

struct text_cell {
  std::string text;
  bool right = false;
};

std::vector<std::size_t> widest(const std::vector<std::vector<text_cell>>& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], display_width(line[i].text));
  }
  return widths;
}

}  // namespace

std::size_t display_width(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::vector<std::size_t> fit_columns(std::vector<std::size_t> wanted, std::size_t width) {
  std::size_t total = wanted.empty() ? 0 : gap * (wanted.size() - 1);
  for (const std::size_t w : wanted) total += w;
  while (total > width) {
    auto largest = std::max_element(wanted.begin(), wanted.end());
    if (largest == wanted.end() || *largest <= narrowest) break;
    --*largest;
    --total;
  }
  return wanted;
}

std::string to_text(const cell& c) {
  if (const auto* text = std::get_if<std::string>(&c)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&c)) return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&c)) return *flag ? "yes" : "no";
  if (const auto* real = std::get_if<double>(&c)) {
    char digits[32];
    std::snprintf(digits, sizeof digits, "%.2f", *real);
    return digits;
  }
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&c)) {
    std::string text;
    for (const std::int64_t item : *list) text += (text.empty() ? "" : ",") + std::to_string(item);
    return text.empty() ? "-" : text;
  }
  return "-";
}

void print(protocol::json_printer& out, const cell& c) {
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&c)) {
    out.begin_array();
    for (const std::int64_t item : *list) out.value(item);
    out.end_array();
  } else if (const auto* text = std::get_if<std::string>(&c)) {
    out.value(std::string_view(*text));
  } else if (const auto* number = std::get_if<std::int64_t>(&c)) {
    out.value(*number);
  } else if (const auto* flag = std::get_if<bool>(&c)) {
    out.value(*flag);
  } else if (const auto* real = std::get_if<double>(&c)) {
    out.value(*real);
  } else {
    out.null();
  }
}

void table::add(std::vector<cell> row) {
  JD_ASSERT(row.size() == columns_.size(), row.size(), columns_.size());
  rows_.push_back(std::move(row));
}

std::string table::text(std::size_t width) const {
  std::vector<std::vector<text_cell>> lines(1);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const auto is_number = [&](const auto& row) {
      return std::holds_alternative<std::int64_t>(row[i]) || std::holds_alternative<double>(row[i]);
    };
    lines[0].push_back(
        {title_of(columns_[i]), columns_[i].is_right || std::any_of(rows_.begin(), rows_.end(), is_number)});
  }
  for (const auto& row : rows_) {
    auto& line = lines.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) line.push_back({to_text(row[i]), lines[0][i].right});
  }
  std::vector<std::size_t> widths = widest(lines);
  if (width != 0) widths = fit_columns(std::move(widths), width);
  std::string out;
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (i != 0) out.append(gap, ' ');
      append_cell(out, line[i].text, widths[i], line[i].right, i + 1 == line.size());
    }
    out += '\n';
  }
  return out;
}

void table::print(protocol::json_printer& out) const {
  out.begin_array();
  for (const auto& row : rows_) {
    out.begin_object();
    for (std::size_t i = 0; i < row.size(); ++i) {
      out.key(columns_[i].key);
      cli::print(out, row[i]);
    }
    out.end_object();
  }
  out.end_array();
}

}  // namespace jackdaw::cli
