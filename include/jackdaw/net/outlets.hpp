// What a server is given of the outside: the time, and where its words go.
#pragma once

#include <string>

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/broker/environment.hpp"

namespace jackdaw::net {

// Both clocks, now. The server uses system_now; a test may have its own.
using clock_function = now_t (*)();
now_t system_now();

// Where a shard's words go; both may be called from any thread, null ones are not called.
struct outlets {
  void (*log)(broker::log_level level, const std::string& sentence) = nullptr;
  void (*on_failure)(const error& why) = nullptr;  // does not return
};

}  // namespace jackdaw::net
