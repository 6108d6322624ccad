// The network half of a broker: shard threads, listeners, and the order in which they start and stop.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/broker/environment.hpp"
#include "jackdaw/disk/worker_pool.hpp"
#include "jackdaw/net/options.hpp"
#include "jackdaw/net/outlets.hpp"
#include "jackdaw/net/request_handler.hpp"

namespace jackdaw::net {

class doorkeeper;
class shard_thread;
struct bound_listener;

struct server_options {
  std::uint32_t shards = 1;
  std::vector<listener_options> listeners;
  admission_options admission;
  socket_options sockets;
  connection_options connections;                 // limits are per shard, as said there
  duration stop_grace = std::chrono::seconds(1);  // for peers to take their last answers
  outlets out;
};

// bind, start, open; later stop, join. From one thread, unless a function says otherwise.
class server {
 public:
  // `workers` outlives it.
  server(server_options options, disk::worker_pools& workers, clock_function clock = system_now);
  // Joined, or never started.
  ~server();

  broker::environment& environment(shard_id id) noexcept;
  std::uint32_t shard_count() const noexcept { return options_.shards; }

  // Takes the listeners' ports, so that a taken one shows before anything else is done. Nobody can connect yet.
  result<void> bind();
  std::uint16_t bound_port(std::size_t listener) const;

  // How whoever owns the handlers stops them: called on shard 0's thread when no new connections and requests come any
  // more; it calls `stopped` on that thread, once they have no use for theirs.
  using stop_function = unique_function<void(unique_function<void()> stopped)>;

  // Starts the threads; `handlers` has one for each shard, they outlive join().
  void start(const std::vector<request_handler*>& handlers, stop_function stop_handlers);
  // Lets clients in, once limits that were given before hold.
  result<void> open();
  // Shard 0's thread: other limits from now on; who is connected stays so. Host names are looked up by a worker, so
  // limits that name some hold a little later.
  void set_admission(admission_options options);

  // Begins to stop, from any thread: no new connections, no new requests; handlers stop; what is ready is sent;
  // connections close; threads end.
  void stop();
  // Waits for the end that stop() began.
  void join();

  // Any thread: runs `task` on a shard's thread.
  void run_at(shard_id id, unique_function<void()> task);

 private:
  void open_doors();
  void finish();
  std::vector<std::string> listener_names() const;

  server_options options_;
  std::vector<std::unique_ptr<shard_thread>> shards_;
  std::vector<bound_listener> bound_;
  std::vector<std::uint16_t> ports_;
  std::unique_ptr<doorkeeper> doors_;  // shard 0's
  std::uint64_t admissions_ = 0;       // shard 0's: times that limits were set
  std::uint32_t looking_up_ = 0;       // shard 0's: of those, whose host names are being looked up
  std::vector<bound_listener> opens_;  // shard 0's: as soon as that is done
  stop_function stop_handlers_;        // shard 0's
  std::atomic<bool> is_stopping_{false};
};

}  // namespace jackdaw::net
