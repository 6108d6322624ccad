// Rows for people and for scripts: an aligned table that fits the terminal, or JSON.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "jackdaw/protocol/json_printer.hpp"

namespace jackdaw::cli {

// Nothing (monostate) is "-" in a table and null in JSON.
using cell = std::variant<std::monostate, std::string, std::int64_t, bool, double, std::vector<std::int64_t>>;

std::string to_text(const cell& c);
void print(protocol::json_printer& out, const cell& c);

struct column {
  std::string key;        // in JSON; in capitals, with '_' as a space, the title
  bool is_right = false;  // stands right though it is text: an amount with its unit
};

class table {
 public:
  explicit table(std::vector<column> columns) : columns_(std::move(columns)) {}

  void add(std::vector<cell> row);
  bool empty() const noexcept { return rows_.empty(); }
  // Lines of at most `width` characters: the widest columns lose their ends, which "…" shows. 0 is no limit.
  std::string text(std::size_t width) const;
  // An array of objects.
  void print(protocol::json_printer& out) const;

 private:
  std::vector<column> columns_;
  std::vector<std::vector<cell>> rows_;
};

// Characters, not bytes.
std::size_t display_width(std::string_view text) noexcept;
// The widths of columns that together, with two spaces between, take at most `width`.
std::vector<std::size_t> fit_columns(std::vector<std::size_t> wanted, std::size_t width);

}  // namespace jackdaw::cli
