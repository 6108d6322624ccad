// Accepts connections, on shard 0's thread, and gives each to the shard that has fewest.
#pragma once

#include <memory>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/net/accepted_socket.hpp"
#include "jackdaw/net/admission.hpp"
#include "jackdaw/net/options.hpp"
#include "listening_socket.hpp"
#include "log_limiter.hpp"

namespace jackdaw::net {

class shard_thread;

// Counts what is open; all functions on shard 0's thread. While there may be no more connections, new ones wait in the
// kernel's backlog: nothing is accepted only to be closed, except what one address has too much of.
class doorkeeper {
 public:
  doorkeeper(shard_thread& home, std::size_t shard_count, const admission::limits& limits);
  ~doorkeeper();

  // Starts accepting on sockets that listen already.
  void open(std::vector<bound_listener> listeners);
  void close();
  // From now on; who is connected stays so.
  void set_limits(const admission::limits& limits);
  // A connection that was given to `shard` is closed.
  void on_closed(shard_id shard, const ip_address& ip);

  // The descriptors of the process ran out, or the limits say no: tries again later.
  void pause_until(time_point when);

 private:
  class door;
  enum class line : std::uint8_t { accept_failed, too_many_of_ip, too_fast_of_ip, full, count };

  enum class outcome : std::uint8_t { more, nobody, not_now };
  // `more`: there may be another; `not_now`: accept_everywhere() will go on.
  outcome accept_one(int listening, std::uint16_t listener);
  void refuse_later(accepted_socket socket, duration delay);
  bool may_accept();
  bool allow(line kind, std::uint64_t& left_out);
  // In the next batch.
  void go_on(door& d);
  void accept_everywhere();
  shard_id pick_shard();

  shard_thread& home_;
  admission admission_;
  std::vector<std::uint32_t> load_;  // open connections by shard
  std::size_t next_shard_ = 0;
  std::vector<std::unique_ptr<door>> doors_;
  bool is_paused_ = false;
  timer_queue::handle pause_end_;
  bool is_full_ = false;
  std::size_t refused_later_ = 0;  // connections that wait to be refused
  log_limiter<static_cast<std::size_t>(line::count)> limiter_;
};

}  // namespace jackdaw::net
