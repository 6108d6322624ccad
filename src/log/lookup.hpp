// What a look-up by time takes to a worker.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/log/read.hpp"
#include "segment.hpp"

namespace jackdaw::log {

struct timestamp_lookup::candidates {
  candidates(disk& on, std::string where) : d(on), directory(std::move(where)) {}

  disk& d;
  std::string directory;
  std::vector<segment> segments;  // copies, oldest first: the log's own go on
  timestamp_ms target{-1};
  bool wants_largest = false;  // the target is the largest timestamp of all segments
  offset from;
  offset upper_bound;
  bool is_truncating = false;
};

}  // namespace jackdaw::log
