// The connections of one shard, and what they share: the scratch area that is received into, the memory budget, the
// list of idle ones, and who has something to do in this batch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "batch_loop.hpp"
#include "connection.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/broker/environment.hpp"
#include "jackdaw/net/options.hpp"
#include "jackdaw/net/request_handler.hpp"
#include "log_limiter.hpp"

namespace jackdaw::net {

class connection_table {
 public:
  // What a table needs to give connections their ids and names.
  struct identity {
    shard_id shard;
    std::uint32_t shard_count = 1;
    std::vector<std::string> listener_names;
  };
  // Hears of each connection that closed.
  using closed_sink = unique_function<void(const accepted_socket&)>;

  connection_table(identity self, const connection_options& options, batch_loop& loop, timer_queue& timers,
                   request_handler& handler, closed_sink on_closed);
  ~connection_table();

  // Before anything else in a batch.
  void set_now(now_t now) noexcept {
    now_ = now;
    batch_received_bytes_ = 0;
  }
  void adopt(accepted_socket socket);

  // Connections that had more to read or send than one turn allows.
  bool has_turns() const noexcept { return !turns_.empty(); }
  void take_turns();
  // Sends what became ready. True if that closed connections: the handler has heard of it and may want more done.
  bool flush();
  // At the very end of a batch, when no event names a closed connection any more.
  void bury() noexcept;

  // Refuses new connections and new requests.
  void stop_reading();
  bool has_unsent() noexcept;
  void close_all(const std::string& why);
  std::size_t size() const noexcept { return open_.size(); }
  broker::network_use use() const noexcept { return {received_bytes_, sent_bytes_, budget_.use()}; }

  // For connections.
  const connection_options& options() const noexcept { return options_; }
  request_handler& handler() noexcept { return handler_; }
  memory_budget& budget() noexcept { return budget_; }
  mutable_bytes scratch() noexcept { return scratch_.span(); }
  now_t now() const noexcept { return now_; }
  void touch(connection& c) noexcept;
  void flush_later(connection& c);
  void take_turn_later(connection& c);
  void watch_pressure();

 private:
  enum class line : std::uint8_t { protocol_error, failed, idle, stalled, count };

  void close(connection& c, const std::string& why, bool is_protocol_error = false);
  void arm_idle_timer();
  void close_idle();
  void close_stalled();
  void resume_waiting();
  // A line for the log, unless there were too many of its kind.
  void tell(line kind, const std::string& sentence);

  friend class connection;

  identity self_;
  connection_options options_;
  batch_loop& loop_;
  timer_queue& timers_;
  request_handler& handler_;
  closed_sink on_closed_;
  now_t now_;
  memory_budget budget_;
  buffer scratch_;
  std::uint64_t opened_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
  std::size_t batch_received_bytes_ = 0;
  std::vector<std::unique_ptr<connection>> open_;
  std::vector<std::unique_ptr<connection>> closed_;  // until the batch ends
  std::vector<connection*> flushes_;
  std::vector<connection*> turns_;
  bool closed_some_ = false;
  bool is_reading_ = true;
  idle_list idle_;
  bool idle_timer_armed_ = false;
  bool pressure_timer_armed_ = false;
  log_limiter<static_cast<std::size_t>(line::count)> limiter_;
};

}  // namespace jackdaw::net
