// One shard's io_context, worked in batches: all that is ready, then once what follows from it.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>

#include "asio_types.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::net {

//   asleep --something happens: begin_batch--> in a batch --the rest that was ready; end_batch--> asleep
//                                                   ^------------ end_batch said: at once ----------+
// A batch is what one look at the sockets found. Its end is a handler behind them in Asio's own queue, so a busy shard
// looks once for each batch, without waiting, and sleeps only when a look has found nothing.
//
// While its thread sleeps, another may do a batch in its place: waking a thread costs more than most work that it is
// woken for. One of them has the turn at a time; only the loop's own thread ever waits for it.
class batch_loop {
 public:
  class user {
   public:
    virtual void begin_batch() = 0;
    // Returns until when the loop may sleep: time_point::min() not at all, time_point::max() as long as nothing
    // happens.
    virtual time_point end_batch() = 0;
    // The present, for the length of a sleep.
    virtual time_point read_clock() const = 0;

   protected:
    ~user() = default;
  };

  explicit batch_loop(user& of);

  asio_context& context() noexcept { return context_; }

  // Until stop(), on this thread; begins with a batch.
  void run();
  void stop() { context_.stop(); }
  // By every handler of a socket, before anything else.
  void enter() {
    if (is_in_batch_) return;
    begin();
    post_end();
  }
  // Any thread: a batch begins, unless one is under way that hasn't come to its end.
  void wake();
  // Another thread: does a batch here and now, unless one is under way or the loop's own thread wants to begin one.
  // Never waits. False: nothing was done, and the loop has to be woken.
  [[nodiscard]] bool run_batch_elsewhere();

 private:
  void listen_for_wakes();
  void begin();
  void post_end();
  void end();
  // False when it is that time already.
  bool sleep_until(time_point when);

  user& user_;
  asio_context context_;
  boost::asio::posix::basic_stream_descriptor<asio_context::executor_type> wakes_;  // an eventfd
  std::array<std::byte, sizeof(std::uint64_t)> woken_;
  asio_timer timer_;
  // Who has the turn may touch what is the user's, and the timer.
  std::mutex turn_;
  std::atomic<bool> is_turn_wanted_{false};
  time_point timer_set_for_ = time_point::max();
  // Of the loop's own thread.
  bool is_in_batch_ = false;
  bool is_end_posted_ = false;
};

}  // namespace jackdaw::net
