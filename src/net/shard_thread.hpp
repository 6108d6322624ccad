// The thread of one shard: waits for sockets, letters and timers, feeds the handler, and sends what came of it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "batch_loop.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/broker/environment.hpp"
#include "jackdaw/disk/worker_pool.hpp"
#include "jackdaw/net/accepted_socket.hpp"
#include "jackdaw/net/mailbox.hpp"
#include "jackdaw/net/options.hpp"
#include "jackdaw/net/outlets.hpp"
#include "jackdaw/net/request_handler.hpp"
#include "load_meter.hpp"

namespace jackdaw::net {

class connection_table;

// Works in batches: whatever has happened by the time it looks, then handler.end_of_batch, then letters to other
// shards, then answers to clients. An idle thread sleeps without a timer.
//
// A little work for a shard that sleeps is done by the shard that has it for it, a whole batch of the other's, unless
// the one that has it is busy itself: a few microseconds of work aren't worth waking a thread. So "on this thread"
// means on the thread that has this shard's turn (batch_loop).
class shard_thread final : public broker::environment, private batch_loop::user {
 public:
  // `workers` outlives it.
  shard_thread(shard_id id, disk::worker_pools& workers, outlets out, clock_function clock);
  // Not started, or joined.
  ~shard_thread() override;
  shard_thread(const shard_thread&) = delete;
  shard_thread& operator=(const shard_thread&) = delete;

  // Before start: every shard of the process, by id, itself included; and what its connections need.
  void introduce(std::vector<shard_thread*> everybody);
  void serve(request_handler& handler, const connection_options& options, std::vector<std::string> listener_names,
             unique_function<void(const accepted_socket&)> on_closed);
  void start();

  // Any thread: runs `task` on this one.
  void run_here(unique_function<void()> task);
  // Any thread; waits for the end that finish() began.
  void join();

  // On this thread only.
  now_t now() const noexcept { return now_; }
  batch_loop& loop() noexcept { return loop_; }
  timer_queue& timers() noexcept { return timers_; }
  request_handler& handler() noexcept { return *handler_; }
  // The same as run_here of another shard, but in one bundle with what this batch posts there.
  void run_at(shard_id to, unique_function<void()> task);
  // The connection lives at `to` (which may be this one) from its next batch on.
  void give_socket(shard_id to, accepted_socket socket);
  // Connections go on answering, but begin no more requests.
  void stop_reading();
  // Once the handler has stopped: sends what is ready, for at most `grace`, closes all connections, waits for what
  // is still on workers, and ends the thread.
  void finish(duration grace);

  // broker::environment; read_clock is batch_loop::user's, too
  void post(shard_id to, unique_function<void(broker::shard&)> message) override;
  void run_on_worker(broker::work_class what, unique_function<void()> work, unique_function<void()> done) override;
  void send_to_peer(broker_id to, broker::peer_lane lane, std::vector<std::byte> message) override;
  void log(broker::log_level level, const std::string& sentence) const override;
  void fail(const error& why) override;
  void wake_at(time_point when) override;
  time_point read_clock() const override;
  broker::network_use network() const override;

 private:
  using message = unique_function<void(broker::shard&)>;
  using task = unique_function<void()>;
  struct completion {
    task done;
  };
  using letter = std::variant<message, task, completion>;

  void run();
  // batch_loop::user
  void begin_batch() override;
  time_point end_batch() override;
  // How many there were.
  std::size_t read_letters();
  void exchange_letters();
  void finish_batch();
  void watch_memory();
  // True if other shards' work was done here.
  bool send_letters();
  bool takes_turn_of(shard_thread& receiver, std::size_t letters);
  void deliver(letter l);
  bool is_finished();

  shard_id id_;
  disk::worker_pools& workers_;
  outlets out_;
  clock_function clock_;
  batch_loop loop_;
  timer_queue timers_;
  mailbox<letter> mailbox_;
  std::atomic<std::uint32_t> deliveries_{0};  // by other threads, under way
  now_t now_;
  load_meter load_;
  bool is_asleep_ = true;
  time_point wake_at_ = time_point::max();
  std::vector<shard_thread*> everybody_;
  std::vector<std::vector<letter>> outboxes_;  // by shard
  std::size_t on_workers_ = 0;
  bool is_memory_watched_ = false;
  bool is_finishing_ = false;
  time_point give_up_at_ = time_point::max();
  request_handler* handler_ = nullptr;
  std::unique_ptr<connection_table> connections_;
  std::thread thread_;
};

}  // namespace jackdaw::net
