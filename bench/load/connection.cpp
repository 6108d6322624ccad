#include "connection.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "jackdaw/base/endian.hpp"

namespace jackdaw::bench {

void give_up(std::string_view what) {
  fmt::print(stderr, "bench_load: {}\n", what);
  std::exit(1);
}

connection::connection(int port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), in_(64 * 1024) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    give_up(fmt::format("nobody listens on 127.0.0.1:{}", port));
  }
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

connection::~connection() { ::close(descriptor_); }

void connection::send(bytes_view frame) {
  while (!frame.empty()) {
    const ssize_t sent = ::send(descriptor_, frame.data(), frame.size(), MSG_NOSIGNAL);
    if (sent <= 0) give_up("the broker closed the connection");
    frame = frame.subspan(static_cast<std::size_t>(sent));
  }
}

void connection::receive() {
  if (taken_ > 0) {
    std::memmove(in_.data(), in_.data() + taken_, used_ - taken_);
    used_ -= taken_;
    taken_ = 0;
  }
  if (used_ == in_.size()) in_.resize(in_.size() * 2);
  const ssize_t got = ::recv(descriptor_, in_.data() + used_, in_.size() - used_, 0);
  if (got <= 0) give_up("the broker closed the connection");
  used_ += static_cast<std::size_t>(got);
}

bytes_view connection::next_frame() {
  const std::size_t left = used_ - taken_;
  if (left < 4) return {};
  const auto size = static_cast<std::size_t>(load_be<std::uint32_t>(in_.data() + taken_));
  if (left - 4 < size) return {};
  const bytes_view frame{in_.data() + taken_ + 4, size};
  taken_ += 4 + size;
  return frame;
}

}  // namespace jackdaw::bench
