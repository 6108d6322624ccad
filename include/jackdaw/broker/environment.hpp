// What a shard asks of the thread that runs it: the network shell in a process, the simulator in a test.
#pragma once

#include <cstdint>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/memory_use.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"

namespace jackdaw::broker {

class shard;

// What a shard's connections have moved since the start, those included that are closed, and what they hold.
struct network_use {
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  memory_use memory;  // requests and answers
};

// One per shard; called on that shard's thread only. Everything that it is handed runs later, never inside the call.
class environment {
 public:
  virtual ~environment() = default;

  // Runs `message` on another shard's thread (or, later, on this one's). Messages from one shard to another arrive
  // in the order sent; many sent in a row cost the receiver one wake-up.
  virtual void post(shard_id to, unique_function<void(shard&)> message) = 0;

  // Runs `work` on a worker thread, for what may block (fsync, a cold read, a directory scan), then `done` on this
  // shard's thread. `done` runs even while the shard stops, so that it can release what it holds.
  virtual void run_on_worker(unique_function<void()> work, unique_function<void(shard&)> done) = 0;

  // Calls shard::on_wake at `when` or soon after. A later call replaces an earlier one; time_point::max() is never.
  virtual void wake_at(time_point when) = 0;

  // Reads the steady clock, to measure how long something takes on this thread: between events the time that a shard
  // is handed stands still.
  virtual time_point read_clock() const = 0;

  virtual network_use network() const = 0;
};

}  // namespace jackdaw::broker
