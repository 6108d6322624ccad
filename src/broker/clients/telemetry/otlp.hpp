// What clients push: OpenTelemetry metrics, decoded into what is kept of them (KIP-714).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/protocol/compression.hpp"

namespace jackdaw::broker {

// A series of one client.
struct metric_key {
  std::string name;
  std::map<std::string, std::string> labels;  // the point's attributes, and those of its resource
  auto operator<=>(const metric_key&) const = default;
};

struct pushed_metric {
  metric_key key;
  double value = 0;
  bool is_counter = false;   // only rises
  bool is_delta = false;     // counts since the last push, not since the start
  std::int64_t time_ms = 0;  // the client's clock
};

// errc::corrupt for what isn't a payload, errc::too_large for one with more points than `points_max`.
result<std::vector<pushed_metric>> decode_metrics(bytes_view payload, std::size_t points_max);

// The same out of a compressed payload, which may not be larger than `limit_bytes` when it is decompressed. Takes time:
// for a worker.
result<std::vector<pushed_metric>> decode_push(protocol::codec codec, bytes_view bytes, std::size_t limit_bytes,
                                               std::size_t points_max);

}  // namespace jackdaw::broker
