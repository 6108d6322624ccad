// Waits for sockets: epoll, edge-triggered, one instance for each shard's thread.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/net/unique_fd.hpp"

namespace jackdaw::net {

// Somebody who owns a file descriptor and hears what happens on it. It must outlive the batch in which it closes
// its descriptor: events already collected may still name it.
class event_source {
 public:
  virtual ~event_source() = default;
  // `events` are EPOLLIN, EPOLLOUT ... Edge-triggered: nothing is repeated, so read or write until it would block.
  virtual void on_events(std::uint32_t events) = 0;
};

class event_loop {
 public:
  event_loop();

  // Closing the descriptor removes it.
  result<void> add(int fd, std::uint32_t events, event_source& source);

  // Collects what happened, for at most `at_most` (zero: only looks; duration::max(): until something happens or
  // wake() is called). A wait may end early.
  void wait(duration at_most);
  // Hands out what wait() collected.
  void dispatch();

  // Any thread: ends the wait, or the next one.
  void wake() noexcept;

 private:
  unique_fd epoll_;
  unique_fd wake_;
  int ready_ = 0;
  std::array<epoll_event, 256> events_;
};

}  // namespace jackdaw::net
