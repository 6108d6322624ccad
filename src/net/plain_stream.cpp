#include <sys/sendfile.h>
#include <sys/socket.h>

#include <cerrno>

#include "byte_stream.hpp"

namespace jackdaw::net {

namespace {

moved outcome_of(ssize_t n) noexcept {
  if (n >= 0) return {moved::state::some, 0, static_cast<std::size_t>(n)};
  if (errno == EAGAIN || errno == EWOULDBLOCK) return {moved::state::full};
  return {moved::state::failed, errno};
}

class plain_stream final : public byte_stream {
 public:
  explicit plain_stream(asio_context& context) : socket_(context) {}

  void take(unique_fd& fd, boost::system::error_code& error) {
    // Asio asks only for the family, when it makes or binds a socket; this one is made and bound.
    socket_.assign(boost::asio::ip::tcp::v6(), fd.get(), error);
    if (!error) static_cast<void>(fd.release());
  }

  moved read(mutable_bytes into) override {
    for (;;) {
      const auto n = ::recv(socket_.native_handle(), into.data(), into.size(), 0);
      if (n == 0) return {moved::state::end};
      if (n > 0 || errno != EINTR) return outcome_of(n);
    }
  }

  moved write(std::span<const iovec> parts, bool more_follows) override {
    // The most frequent case, and cheaper: the kernel has less to look at.
    const int flags = MSG_NOSIGNAL | (more_follows ? MSG_MORE : 0);
    if (parts.size() == 1) return write_one(parts.front(), flags);
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(parts.data());
    message.msg_iovlen = parts.size();
    for (;;) {
      const auto n = ::sendmsg(socket_.native_handle(), &message, flags);
      if (n >= 0 || errno != EINTR) return outcome_of(n);
    }
  }

  bool sends_files() const noexcept override { return true; }

  moved write_file(int file, std::uint64_t position, std::size_t bytes) override {
    for (;;) {
      auto at = static_cast<off_t>(position);
      const auto n = ::sendfile(socket_.native_handle(), file, &at, bytes);
      if (n >= 0 || errno != EINTR) return outcome_of(n);
    }
  }

  void wait(readiness what, stream_watcher& watcher) override {
    const auto kind = what == readiness::readable   ? asio_socket::wait_read
                      : what == readiness::writable ? asio_socket::wait_write
                                                    : asio_socket::wait_error;
    socket_.async_wait(kind, stream_wait(watcher, what));
  }

 private:
  moved write_one(const iovec& part, int flags) {
    for (;;) {
      const auto n = ::send(socket_.native_handle(), part.iov_base, part.iov_len, flags);
      if (n >= 0 || errno != EINTR) return outcome_of(n);
    }
  }

  asio_socket socket_;
};

}  // namespace

std::unique_ptr<byte_stream> make_plain_stream(asio_context& context, unique_fd socket,
                                               boost::system::error_code& error) {
  auto stream = std::make_unique<plain_stream>(context);
  stream->take(socket, error);
  return stream;
}

}  // namespace jackdaw::net
