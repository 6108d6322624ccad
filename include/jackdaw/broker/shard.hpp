// One core's share of the broker: some of the partitions, some of the connections, and on shard 0 the controller.
// Everything here runs on the shard's own thread; other shards are reached through environment::post only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/broker/environment.hpp"
#include "jackdaw/broker/reply.hpp"

namespace jackdaw::broker {

// Unique in the process for all time; the low bits say nothing.
using connection_id = strong<struct connection_id_tag, std::uint64_t>;

struct connection_info {
  connection_id id;
  std::string listener;      // name of the listener that accepted it
  std::string peer_address;  // for logs, and DescribeClientQuotas later: "127.0.0.1:4711"
};

class shard_state;
struct shard_options;

class shard {
 public:
  shard(shard_options options, environment& env);
  ~shard();
  shard(const shard&) = delete;
  shard& operator=(const shard&) = delete;

  shard_id id() const noexcept;

  // Before anything else but set_now, on every shard. `ready` runs on this thread: at once, but on shard 0 when the
  // cluster state is restored, this broker registered, and every shard knows; or with what stands against it.
  void start(unique_function<void(result<void>)> ready);

  // A connection must be open before its first request.
  void open_connection(connection_info info, now_t now);
  // Drops everything that waits for this connection: its reply sinks are destroyed uncalled.
  void close_connection(connection_id id, now_t now);
  // `frame` is one request without its size prefix; the shard may write into it. Requests of one connection are
  // handed over in the order received; their sinks may be called in any order.
  void handle(connection_id id, std::shared_ptr<buffer> frame, reply_sink sink, now_t now);

  // Before each event that isn't one of the above (a posted message, a worker's completion): sets the shard's time.
  void set_now(now_t now);
  // What environment::wake_at asked for.
  void on_wake(now_t now);
  // After a bunch of events, before the thread waits: what the bunch left to do at once (grouped flushes, raft
  // appends, replies of requests on other shards).
  void end_of_batch(now_t now);

  // Shard 0 only: what another node sent by environment::send_to_peer, and what the transport knows of it. Down means
  // dead as far as anybody can tell, its connections reset and its port refusing: a hint that saves waiting.
  void on_peer_message(broker_id from, peer_lane lane, bytes_view message, now_t now);
  void on_peer_up(broker_id id, now_t now);
  void on_peer_down(broker_id id, now_t now);

  // Refuses new requests, flushes, closes logs. `done` runs when nothing is left.
  void stop(unique_function<void()> done);
  // After stop: whether every log was brought to the disk. Only if all shards say so is the shutdown clean.
  bool closed_cleanly() const noexcept;
  // Shard 0: the epoch that this broker registered with; -1 if it didn't.
  broker_epoch epoch() const noexcept;

  shard_state& state() noexcept { return *state_; }

 private:
  std::unique_ptr<shard_state> state_;
};

}  // namespace jackdaw::broker
