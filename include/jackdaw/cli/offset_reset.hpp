// Where `group reset` moves a group's offsets to: the rules, without asking a cluster.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw::cli {

struct reset_target {
  enum class kind { offset, earliest, latest, time, shift, current, file };
  kind to = kind::current;
  std::int64_t value = 0;  // the offset, milliseconds since 1970, or how many records to shift by
};

// What is known of one partition.
struct reset_input {
  std::optional<offset> current;  // as committed
  offset log_start = no_offset;   // -1, here and for the end: not known
  offset log_end = no_offset;
  std::optional<offset> at_time;  // the first record that isn't older than the time asked for
  std::optional<offset> in_file;
};

struct reset_plan {
  offset to;
  bool is_clamped = false;  // the target lay outside of the log
  bool operator==(const reset_plan&) const = default;
};

// Nothing when there is nothing to shift. Always inside the log.
std::optional<reset_plan> plan_reset(const reset_target& target, const reset_input& in);

using file_offsets = std::map<std::pair<std::string, partition_id>, offset>;
// Lines of "topic,partition,offset" or "group,topic,partition,offset", of which only those of `group` count; as Kafka's
// tools and --export write them. Empty lines and quotes around fields are fine. errc::invalid_argument names the line.
result<file_offsets> parse_offsets_file(std::string_view text, std::string_view group);
std::string format_offsets_file(const file_offsets& offsets);

}  // namespace jackdaw::cli
