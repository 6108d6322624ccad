// The floor: what taking records costs when nothing but the work itself is done. One thread, one epoll: receive,
// decode, check the CRC, patch the offsets, write to a file, answer. No index, no retention, no replication, no topics.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <unordered_map>

#include "answers.hpp"
#include "partition_files.hpp"

namespace jackdaw::bench {
namespace {

struct connection {
  int descriptor = -1;
  std::vector<std::byte> in = std::vector<std::byte>(256 * 1024);
  std::size_t used = 0;
  std::vector<std::byte> out;
  std::size_t sent = 0;
};

int listen_on(int port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(descriptor, 64) != 0) {
    fmt::print(stderr, "bench_floor: can't listen on port {}\n", port);
    std::exit(1);
  }
  return descriptor;
}

class server {
 public:
  explicit server(const floor_options& options)
      : options_(options),
        files_(options.folder),
        listener_(listen_on(options.port)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    for (;;) {
      epoll_event events[64];
      const int count = ::epoll_wait(epoll_, events, 64, -1);
      for (int i = 0; i < count; ++i) {
        if (events[i].data.fd == listener_) {
          accept_one();
        } else if (!serve(*connections_.at(events[i].data.fd), events[i].events)) {
          ::close(events[i].data.fd);
          connections_.erase(events[i].data.fd);
        }
      }
    }
  }

 private:
  void watch(int operation, int descriptor, std::uint32_t what) {
    epoll_event event{};
    event.events = what;
    event.data.fd = descriptor;
    ::epoll_ctl(epoll_, operation, descriptor, &event);
  }

  void accept_one() {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto added = std::make_unique<connection>();
    added->descriptor = descriptor;
    connections_[descriptor] = std::move(added);
    watch(EPOLL_CTL_ADD, descriptor, EPOLLIN);
  }

  // False when the connection is over.
  bool serve(connection& c, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0 && !flush(c)) return false;
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return true;
    const ssize_t got = ::recv(c.descriptor, c.in.data() + c.used, c.in.size() - c.used, 0);
    if (got <= 0) return got < 0 && errno == EAGAIN;
    c.used += static_cast<std::size_t>(got);
    return take_frames(c) && flush(c);
  }

  bool take_frames(connection& c) {
    std::size_t at = 0;
    while (c.used - at >= 4) {
      const auto size = static_cast<std::size_t>(load_be<std::uint32_t>(c.in.data() + at));
      if (size > std::size_t{100} * 1024 * 1024) return false;
      if (c.used - at - 4 < size) {
        if (c.in.size() < size + 4) c.in.resize(size + 4);
        break;
      }
      auto bytes = answer({c.in.data() + at + 4, size}, options_,
                          [this](std::string_view topic, partition_id partition, mutable_bytes records) {
                            return files_.append(topic, partition, records);
                          });
      if (!bytes) {
        fmt::print(stderr, "bench_floor: {}\n", bytes.error().detail);
        return false;
      }
      c.out.insert(c.out.end(), bytes->begin(), bytes->end());
      at += 4 + size;
    }
    std::memmove(c.in.data(), c.in.data() + at, c.used - at);
    c.used -= at;
    return true;
  }

  bool flush(connection& c) {
    const bool was_waiting = c.sent > 0;
    while (c.sent < c.out.size()) {
      const ssize_t sent = ::send(c.descriptor, c.out.data() + c.sent, c.out.size() - c.sent, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) return false;
      if (sent < 0) break;
      c.sent += static_cast<std::size_t>(sent);
    }
    if (c.sent < c.out.size()) {
      watch(EPOLL_CTL_MOD, c.descriptor, EPOLLIN | EPOLLOUT);
      return true;
    }
    c.out.clear();
    c.sent = 0;
    if (was_waiting) watch(EPOLL_CTL_MOD, c.descriptor, EPOLLIN);
    return true;
  }

  floor_options options_;
  partition_files files_;
  int listener_;
  int epoll_;
  std::unordered_map<int, std::unique_ptr<connection>> connections_;
};

}  // namespace
}  // namespace jackdaw::bench

int main(int argc, char** argv) {
  jackdaw::bench::floor_options options;
  const std::string_view port = argc == 3 ? argv[1] : "";
  if (argc != 3 || std::from_chars(port.data(), port.data() + port.size(), options.port).ec != std::errc{}) {
    fmt::print(stderr, "usage: bench_floor PORT FOLDER\n");
    return 2;
  }
  options.folder = argv[2];
  jackdaw::bench::server(options).run();
}
