// What a client waits with: the io_context of its connections, run only inside client::poll.
#pragma once

#include <boost/asio/executor_work_guard.hpp>

#include "asio_types.hpp"
#include "jackdaw/net/client.hpp"

namespace jackdaw::net {

class client_loop {
 public:
  client_loop() : context_(one_thread_runs_it), stays_(context_.get_executor()) {}

  asio_context& context() noexcept { return context_; }
  // Runs all that is ready; if nothing is, waits for it until then.
  void run_until(client::clock::time_point until);
  // The same, and input at `fd`, of any kind, ends the wait. True when it has input in the end.
  bool run_until(client::clock::time_point until, int fd);

 private:
  asio_context context_;
  boost::asio::executor_work_guard<asio_context::executor_type> stays_;
};

}  // namespace jackdaw::net
