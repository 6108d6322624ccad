// One shard's io_context, worked in batches: all that is ready, then once what follows from it.
#pragma once

#include <array>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstddef>

#include "asio_types.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::net {

//   asleep --something happens: begin_batch--> in a batch --the rest that was ready; end_batch--> asleep
//                                                   ^------------ end_batch said: at once ----------+
// A batch is what one look at the sockets found. Its end is a handler behind them in Asio's own queue, so a busy shard
// looks once for each batch, without waiting, and sleeps only when a look has found nothing.
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
    is_in_batch_ = true;
    user_.begin_batch();
    post_end();
  }
  // Any thread: a batch begins, unless one is under way that hasn't come to its end.
  void wake();

 private:
  void listen_for_wakes();
  void post_end();
  void end();
  void sleep_until(time_point when);

  user& user_;
  asio_context context_;
  boost::asio::posix::basic_stream_descriptor<asio_context::executor_type> wakes_;  // an eventfd
  std::array<std::byte, 16> woken_;
  asio_timer timer_;
  time_point timer_set_for_ = time_point::max();
  bool is_in_batch_ = false;
  bool is_end_posted_ = false;
};

}  // namespace jackdaw::net
