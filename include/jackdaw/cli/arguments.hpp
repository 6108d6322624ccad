// Texts of the command line turned into values. Errors are errc::invalid_argument and say what is allowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/compression.hpp"

namespace jackdaw::cli {

// "key=value"; the value may hold further '=' and may be empty.
result<std::pair<std::string, std::string>> parse_pair(std::string_view text);
// "0,3,5-7", sorted, each once.
result<std::vector<partition_id>> parse_partitions(std::string_view text);
// The same the other way round; `partitions` are sorted.
std::string format_partitions(const std::vector<partition_id>& partitions);
// "100", "64k", "1M", "2GiB": powers of 1024.
result<std::uint64_t> parse_bytes(std::string_view text);
// Seconds, or with a unit: "500ms", "10s", "5m", "2h", "7d"; or ISO 8601: "PT1H30M", "P1DT2H". In milliseconds.
result<std::int64_t> parse_duration_ms(std::string_view text);
// Milliseconds since 1970, "2024-05-01", "2024-05-01T10:20:30.123Z" (UTC without a zone, or +02:00), "now", or a
// distance back: "-90s", "-1h". In milliseconds since 1970.
result<std::int64_t> parse_time_ms(std::string_view text, std::int64_t now_ms);
std::string format_time(std::int64_t ms);
// A codec with an optional level: "zstd", "zstd:7".
result<protocol::compression> parse_compression(std::string_view text);
// \n \t \r \0 \\ \xHH.
result<std::string> unescape(std::string_view text);
// "12.3 MiB", "870 B".
std::string format_bytes(double bytes);
// "1.2M", "870".
std::string format_count(double count);

// A place in a partition to start or to stop at.
struct position_spec {
  enum class kind { beginning, end, offset, last, time };
  kind at = kind::end;
  std::int64_t value = 0;  // the offset, how many from the end, or milliseconds since 1970
  bool operator==(const position_spec&) const = default;
};
// "beginning", "end", "OFFSET", "-COUNT" (that many before the end), "time:TIME".
result<position_spec> parse_position(std::string_view text, std::int64_t now_ms);

// One line of input as a record's key, headers and value.
struct line_format {
  std::optional<std::string> key_separator;     // in front of it: the key
  std::optional<std::string> header_separator;  // in front of it: headers, as "name=value,name=value"
  bool empty_is_null = false;                   // an empty value is a tombstone
};
struct parsed_line {
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  std::vector<std::pair<std::string_view, std::string_view>> headers;
};
// Views point into `line`.
result<parsed_line> parse_line(std::string_view line, const line_format& format);

}  // namespace jackdaw::cli
