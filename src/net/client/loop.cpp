#include "loop.hpp"

#include <poll.h>
#include <sys/epoll.h>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "jackdaw/net/unique_fd.hpp"

namespace jackdaw::net {

namespace {

bool has_input(int fd) {
  pollfd wanted{fd, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

}  // namespace

void client_loop::run_until(client::clock::time_point until) {
  if (context_.poll() != 0) return;
  context_.run_one_until(until);
  context_.poll();
}

bool client_loop::run_until(client::clock::time_point until, int fd) {
  // Asio makes what it waits for non-blocking, for everybody who shares it: a terminal with the shell. So it waits for
  // an epoll instance that waits for `fd`. What epoll doesn't take, a file, always has input.
  unique_fd inner(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event input{};
  input.events = EPOLLIN;
  if (has_input(fd) || !inner || ::epoll_ctl(inner.get(), EPOLL_CTL_ADD, fd, &input) != 0) {
    context_.poll();
    return has_input(fd);
  }
  boost::asio::posix::basic_stream_descriptor<asio_context::executor_type> watched(context_, inner.release());
  watched.async_wait(watched.wait_read, [](const boost::system::error_code&) {});
  run_until(until);
  return has_input(fd);
}

}  // namespace jackdaw::net
