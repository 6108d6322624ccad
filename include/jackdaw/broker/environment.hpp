// What a shard asks of the thread that runs it: the network shell in a process, the simulator in a test.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/memory_use.hpp"
#include "jackdaw/base/result.hpp"
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

// Which threads do what may block. Each class has threads of its own, so that work of one never waits for another's: no
// cold read and no directory scan stands before a sync, and nothing that users ask for stands before the quorum.
enum class work_class : std::uint8_t {
  quorum,  // the metadata log's syncs and repairs
  sync,    // of partitions
  read,    // of records and indexes that are not in memory
  bulk,    // opening, recovery, copying, deletion, scans of directories, name look-ups
};
inline constexpr std::size_t work_classes = 4;

// What travels between two nodes keeps its order within a lane, and no lane waits for another.
enum class peer_lane : std::uint8_t {
  quorum,   // raft
  forward,  // requests to the active controller and coordinator, and their answers
};

// Told to people, in words. The environment knows which node speaks.
enum class log_level : std::uint8_t { debug, info, warning, error };

// One per shard; called on that shard's thread only. Everything that it is handed runs later, never inside the call.
class environment {
 public:
  virtual ~environment() = default;

  // Runs `message` on another shard's thread (or, later, on this one's). Messages from one shard to another arrive
  // in the order sent; many sent in a row cost the receiver one wake-up.
  virtual void post(shard_id to, unique_function<void(shard&)> message) = 0;

  // Runs `work` on a worker thread of that class, for what may block (fsync, a cold read, a directory scan), then
  // `done` on this shard's thread. `done` runs even while the shard stops, so that it can release what it holds.
  virtual void run_on_worker(work_class what, unique_function<void()> work, unique_function<void()> done) = 0;

  // To another node, which is given it by node::on_peer_message. It may be lost, delayed or doubled; while the peer is
  // down it is dropped. Messages of one lane that arrive do so in the order sent.
  virtual void send_to_peer(broker_id to, peer_lane lane, std::vector<std::byte> message) = 0;

  // Calls shard::on_wake at `when` or soon after. A later call replaces an earlier one; time_point::max() is never.
  virtual void wake_at(time_point when) = 0;

  // Reads the steady clock, to measure how long something takes on this thread: between events the time that a shard
  // is handed stands still.
  virtual time_point read_clock() const = 0;

  virtual network_use network() const = 0;

  virtual void log(log_level level, const std::string& sentence) const = 0;

  // This node must not go on: it doesn't know what is durable, or a disk is gone. A process ends, loudly; a simulated
  // node is dead from here on, and nothing that it does later has an effect. May return.
  virtual void fail(const error& why) = 0;
};

}  // namespace jackdaw::broker
