#include "jackdaw/cli/arguments.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>

namespace jackdaw::cli {

namespace {

error bad(std::string_view text, const char* wanted) {
  return fail(errc::invalid_argument, "'" + std::string(text) + "' is not " + wanted);
}

// The whole of `text` as a number.
template <class T>
std::optional<T> number(std::string_view text) {
  T value{};
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || status != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct unit {
  std::string_view name;
  std::int64_t factor;
};

std::optional<std::int64_t> with_unit(std::string_view text, std::span<const unit> units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto count = number<std::int64_t>(text.substr(0, digits));
  const std::string_view name = text.substr(digits);
  for (const unit& u : units) {
    if (!count || name != u.name) continue;
    if (*count > std::numeric_limits<std::int64_t>::max() / u.factor) return std::nullopt;
    return *count * u.factor;
  }
  return std::nullopt;
}

constexpr std::int64_t kibi = 1024;
constexpr unit byte_units[] = {{"", 1},
                               {"B", 1},
                               {"k", kibi},
                               {"K", kibi},
                               {"kB", kibi},
                               {"KB", kibi},
                               {"KiB", kibi},
                               {"M", kibi* kibi},
                               {"MB", kibi* kibi},
                               {"MiB", kibi* kibi},
                               {"G", kibi* kibi* kibi},
                               {"GB", kibi* kibi* kibi},
                               {"GiB", kibi* kibi* kibi}};
constexpr unit time_units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

// Takes an amount of `u` off the front of `text`, if it is one; false when that is too large.
bool take_amount(std::string_view& text, const unit& u, std::int64_t& sum_ms) {
  const auto end = text.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos || text.substr(end, 1) != u.name) return true;
  const auto ms = with_unit(text.substr(0, end + 1), std::span(&u, 1));
  if (!ms || sum_ms > std::numeric_limits<std::int64_t>::max() - *ms) return false;
  sum_ms += *ms;
  text.remove_prefix(end + 1);
  return true;
}

// What is behind the point of "1.25S", in milliseconds; leaves "1S".
std::optional<std::int64_t> take_fraction_ms(std::string& seconds) {
  const auto point = seconds.find_first_of(".,");
  if (point == std::string::npos) return 0;
  const auto digits = std::min(seconds.find_first_not_of("0123456789", point + 1), seconds.size()) - point - 1;
  const auto ms = number<std::int64_t>(seconds.substr(point + 1, digits).append("000").substr(0, 3));
  if (seconds.substr(point + 1 + digits) != "S") return std::nullopt;
  seconds.erase(point, digits + 1);
  return ms;
}

// ISO 8601 as Kafka's tools take it: days, hours, minutes and seconds.
std::optional<std::int64_t> iso_duration_ms(std::string_view text) {
  constexpr unit day{"D", 86'400'000};
  constexpr unit of_time[] = {{"H", 3'600'000}, {"M", 60'000}, {"S", 1000}};
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  auto fraction = take_fraction_ms(upper);
  if (!fraction || !upper.starts_with('P') || upper.size() == 1 || upper.ends_with('T')) return std::nullopt;
  std::string_view rest = std::string_view(upper).substr(1);
  std::int64_t ms = *fraction;
  if (!take_amount(rest, day, ms)) return std::nullopt;
  if (rest.starts_with('T')) {
    rest.remove_prefix(1);
    for (const unit& u : of_time) {
      if (!take_amount(rest, u, ms)) return std::nullopt;
    }
  }
  return rest.empty() ? std::optional(ms) : std::nullopt;
}

// "+02:00", "-0530", "Z" or nothing, in minutes.
std::optional<int> zone_minutes(std::string_view zone) {
  if (zone.empty() || zone == "Z") return 0;
  const int sign = zone[0] == '-' ? -1 : 1;
  if (zone[0] != '+' && zone[0] != '-') return std::nullopt;
  std::string digits(zone.substr(1));
  std::erase(digits, ':');
  const auto value = number<int>(digits);
  if (digits.size() != 4 || !value) return std::nullopt;
  return sign * (*value / 100 * 60 + *value % 100);
}

// YYYY-MM-DD[THH:MM[:SS[.mmm]]][zone].
std::optional<std::int64_t> calendar_ms(std::string_view text) {
  const auto field = [&](std::size_t at, std::size_t size) {
    return at + size <= text.size() ? number<int>(text.substr(at, size)) : std::nullopt;
  };
  const auto year = field(0, 4);
  const auto month = field(5, 2);
  const auto day = field(8, 2);
  if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  std::int64_t ms = std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400'000};
  if (text.size() == 10) return ms;
  const auto hour = field(11, 2);
  const auto minute = field(14, 2);
  if ((text[10] != 'T' && text[10] != ' ') || !hour || !minute || text[13] != ':' || *hour > 23 || *minute > 59) {
    return std::nullopt;
  }
  ms += *hour * 3'600'000 + *minute * 60'000;
  std::size_t at = 16;
  if (at < text.size() && text[at] == ':') {
    const auto second = field(at + 1, 2);
    if (!second || *second > 60) return std::nullopt;
    ms += *second * 1000;
    at += 3;
  }
  if (at < text.size() && text[at] == '.') {
    const auto size = std::min(text.find_first_not_of("0123456789", at + 1), text.size()) - at - 1;
    const auto fraction = number<int>(std::string(text.substr(at + 1, size)).append("00").substr(0, 3));
    if (size == 0 || !fraction) return std::nullopt;
    ms += *fraction;
    at += 1 + size;
  }
  const auto zone = zone_minutes(text.substr(at));
  if (!zone) return std::nullopt;
  return ms - *zone * std::int64_t{60'000};
}

}  // namespace

result<std::pair<std::string, std::string>> parse_pair(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return bad(text, "of the form key=value");
  return std::pair{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

result<std::vector<partition_id>> parse_partitions(std::string_view text) {
  constexpr const char* wanted = "a list of partitions such as 0,3,5-7";
  constexpr std::int32_t most = 1'000'000;
  std::vector<partition_id> out;
  for (std::string_view rest = text;;) {
    const auto comma = rest.find(',');
    const std::string_view one = rest.substr(0, comma);
    const auto dash = one.find('-');
    const auto first = number<std::int32_t>(one.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : number<std::int32_t>(one.substr(dash + 1));
    if (!first || !last || *first < 0 || *last < *first || *last > most) return bad(text, wanted);
    for (std::int32_t p = *first; p <= *last; ++p) out.emplace_back(p);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string format_partitions(const std::vector<partition_id>& partitions) {
  std::string out;
  for (std::size_t i = 0; i < partitions.size();) {
    std::size_t last = i;
    while (last + 1 < partitions.size() && partitions[last + 1].value() == partitions[last].value() + 1) ++last;
    if (i != 0) out += ',';
    out += std::to_string(partitions[i].value());
    if (last != i) out += (last == i + 1 ? ',' : '-') + std::to_string(partitions[last].value());
    i = last + 1;
  }
  return out;
}

result<std::uint64_t> parse_bytes(std::string_view text) {
  const auto bytes = with_unit(text, byte_units);
  if (!bytes) return bad(text, "a size such as 100, 64k, 1M or 2G");
  return static_cast<std::uint64_t>(*bytes);
}

result<std::int64_t> parse_duration_ms(std::string_view text) {
  auto ms = with_unit(text, time_units);
  if (!ms) ms = iso_duration_ms(text);
  if (!ms) return bad(text, "a duration such as 500ms, 10s, 5m, 2h, 7d or PT1H30M");
  return *ms;
}

result<std::int64_t> parse_time_ms(std::string_view text, std::int64_t now_ms) {
  if (text == "now") return now_ms;
  if (text.starts_with('-')) {
    auto back = parse_duration_ms(text.substr(1));
    if (!back) return back.error();
    return now_ms - *back;
  }
  if (const auto ms = number<std::int64_t>(text)) return *ms;
  if (const auto ms = calendar_ms(text)) return *ms;
  return bad(text, "a time such as 2024-05-01T10:20:30Z, 1714558830000, -1h or now");
}

std::string format_time(std::int64_t ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds(ms)};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return text;
}

result<protocol::compression> parse_compression(std::string_view text) {
  const auto colon = text.find(':');
  const auto type = protocol::parse_codec(text.substr(0, colon));
  if (!type) return bad(text, "one of none, gzip, snappy, lz4, zstd (with a level: zstd:7)");
  if (colon == std::string_view::npos) return protocol::compression{*type, std::nullopt};
  const auto range = protocol::levels_of(*type);
  const auto level = number<int>(text.substr(colon + 1));
  if (!range || !level || *level < range->least || *level > range->most) {
    const std::string allowed =
        range ? "from " + std::to_string(range->least) + " to " + std::to_string(range->most) : "not possible";
    return fail(errc::invalid_argument, "a level of " + std::string(name_of(*type)) + " is " + allowed);
  }
  return protocol::compression{*type, *level};
}

result<std::string> unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    const char what = ++i < text.size() ? text[i] : '\0';
    if (what == 'x' && i + 2 < text.size()) {
      unsigned code = 0;
      const auto [end, status] = std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16);
      if (status != std::errc{} || end != text.data() + i + 3) return bad(text, "a text: \\x needs two hex digits");
      out += static_cast<char>(code);
      i += 2;
      continue;
    }
    constexpr std::string_view names = "ntr0\\";
    constexpr std::string_view values{"\n\t\r\0\\", 5};
    const auto at = what == '\0' ? std::string_view::npos : names.find(what);
    if (at == std::string_view::npos) return bad(text, "a text: the escapes are \\n \\t \\r \\0 \\\\ \\xHH");
    out += values[at];
  }
  return out;
}

std::string format_bytes(double bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit_index = 0;
  while (bytes >= 1024 && unit_index + 1 < units.size()) {
    bytes /= 1024;
    ++unit_index;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit_index == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit_index]);
  return text;
}

std::string format_count(double count) {
  constexpr std::array units{"", "k", "M", "G"};
  std::size_t unit_index = 0;
  while (count >= 1000 && unit_index + 1 < units.size()) {
    count /= 1000;
    ++unit_index;
  }
  char text[32];
  std::snprintf(text, sizeof text, unit_index == 0 ? "%.0f%s" : "%.2f%s", count, units[unit_index]);
  return text;
}

result<position_spec> parse_position(std::string_view text, std::int64_t now_ms) {
  using kind = position_spec::kind;
  if (text == "beginning" || text == "earliest") return position_spec{kind::beginning, 0};
  if (text == "end" || text == "latest") return position_spec{kind::end, 0};
  if (text.starts_with("time:")) {
    auto ms = parse_time_ms(text.substr(5), now_ms);
    if (!ms) return ms.error();
    return position_spec{kind::time, *ms};
  }
  const auto value = number<std::int64_t>(text);
  if (!value) return bad(text, "a position: beginning, end, an offset, -COUNT before the end, or time:TIME");
  if (text.starts_with('-')) return position_spec{kind::last, -*value};
  return position_spec{kind::offset, *value};
}

result<parsed_line> parse_line(std::string_view line, const line_format& format) {
  parsed_line out;
  if (format.header_separator) {
    const auto at = line.find(*format.header_separator);
    if (at == std::string_view::npos) return bad(line, "a line with headers: their separator is missing");
    std::string_view headers = line.substr(0, at);
    line.remove_prefix(at + format.header_separator->size());
    while (!headers.empty()) {
      const auto comma = headers.find(',');
      const std::string_view one = headers.substr(0, comma);
      const auto equals = one.find('=');
      if (equals == std::string_view::npos) return bad(one, "a header of the form name=value");
      out.headers.emplace_back(one.substr(0, equals), one.substr(equals + 1));
      headers = comma == std::string_view::npos ? std::string_view{} : headers.substr(comma + 1);
    }
  }
  if (format.key_separator) {
    const auto at = line.find(*format.key_separator);
    if (at == std::string_view::npos) return bad(line, "a line with a key: the separator is missing");
    out.key = line.substr(0, at);
    line.remove_prefix(at + format.key_separator->size());
  }
  if (!line.empty() || !format.empty_is_null) out.value = line;
  return out;
}

}  // namespace jackdaw::cli
