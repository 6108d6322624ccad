// Puts answers on a socket: memory of several in one call, slices of segment files without copying them.
#pragma once

#include <cstdint>
#include <string>

#include "jackdaw/base/unique_function.hpp"
#include "reply_queue.hpp"

namespace jackdaw::net {

class reply_writer {
 public:
  enum class status {
    drained,  // everything that was ready is sent
    more,     // enough for one turn, others wait; go on soon
    blocked,  // the socket takes no more; go on when it is writable
    closed,   // the peer, a file or an answer ended it: see reason()
  };

  // Sends ready answers from the front of `queue` and pops those that are sent whole. `sent_bytes` grows by what the
  // socket took; `freed_cost` grows by the cost of the slots popped.
  status send(int socket, reply_queue& queue, std::size_t& sent_bytes, std::size_t& freed_cost);

  // Why send() returned closed, and whether the answer asked for it, not the peer.
  const std::string& reason() const noexcept { return reason_; }
  bool is_asked_for() const noexcept { return is_asked_for_; }

 private:
  status send_memory(int socket, reply_queue& queue, std::size_t& sent_bytes, std::size_t& freed_cost);
  status send_slice(int socket, const broker::reply& answer, std::size_t& sent_bytes);
  bool is_sent_whole(const broker::reply& answer) const noexcept;
  bool is_at_slice(const broker::reply& answer) const noexcept;
  // Moves on by `n` bytes of memory, over answers that are sent whole.
  void advance(reply_queue& queue, std::size_t n, std::size_t& freed_cost);
  void pop(reply_queue& queue, std::size_t& freed_cost);
  status give_up(std::string why);

  // How far the front answer is sent: memory bytes, whole slices, and bytes of the slice after those.
  std::size_t memory_sent_ = 0;
  std::uint32_t slices_sent_ = 0;
  std::uint32_t slice_sent_ = 0;
  bool is_asked_for_ = false;
  std::string reason_;
};

}  // namespace jackdaw::net
