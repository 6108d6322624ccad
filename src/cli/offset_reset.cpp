#include "jackdaw/cli/offset_reset.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <vector>

namespace jackdaw::cli {

namespace {

offset shifted(offset from, std::int64_t by) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (by > 0 && from.value() > most - by) return offset{most};
  return from + by;
}

std::optional<offset> target_of(const reset_target& target, const reset_input& in) {
  using kind = reset_target::kind;
  switch (target.to) {
    case kind::offset: return offset{target.value};
    case kind::earliest: return in.log_start;
    case kind::latest: return in.log_end;
    case kind::time: return in.at_time.value_or(in.log_end);
    case kind::current: return in.current.value_or(in.log_end);
    case kind::file: return in.in_file;
    case kind::shift: break;
  }
  return in.current ? std::optional(shifted(*in.current, target.value)) : std::nullopt;
}

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (true) {
    const auto comma = line.find(',');
    std::string_view field = line.substr(0, comma);
    while (field.starts_with(' ')) field.remove_prefix(1);
    while (field.ends_with(' ')) field.remove_suffix(1);
    if (field.size() >= 2 && field.starts_with('"') && field.ends_with('"')) field = field.substr(1, field.size() - 2);
    out.push_back(field);
    if (comma == std::string_view::npos) return out;
    line.remove_prefix(comma + 1);
  }
}

template <class T>
std::optional<T> natural(std::string_view text) {
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (status != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::optional<reset_plan> plan_reset(const reset_target& target, const reset_input& in) {
  const auto wanted = target_of(target, in);
  if (!wanted) return std::nullopt;
  const offset to = std::clamp(*wanted, in.log_start, std::max(in.log_start, in.log_end));
  return reset_plan{to, to != *wanted};
}

result<file_offsets> parse_offsets_file(std::string_view text, std::string_view group) {
  file_offsets out;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
    auto fields = fields_of(line);
    if (fields.size() == 4) {
      if (fields.front() != group) continue;
      fields.erase(fields.begin());
    }
    const auto partition = fields.size() == 3 ? natural<std::int32_t>(fields[1]) : std::nullopt;
    const auto at = fields.size() == 3 ? natural<std::int64_t>(fields[2]) : std::nullopt;
    if (!partition || !at || fields[0].empty()) {
      return fail(errc::invalid_argument, "line " + std::to_string(number) + " is '" + std::string(line) +
                                              "', it should be topic,partition,offset");
    }
    out[{std::string(fields[0]), partition_id{*partition}}] = offset{*at};
  }
  return out;
}

std::string format_offsets_file(const file_offsets& offsets) {
  std::string out;
  for (const auto& [tp, at] : offsets) {
    out += tp.first + ',' + std::to_string(tp.second.value()) + ',' + std::to_string(at.value()) + '\n';
  }
  return out;
}

}  // namespace jackdaw::cli
