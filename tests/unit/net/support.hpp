// A server with a handler of the test's making, and clients that are plain blocking sockets.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <condition_variable>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "jackdaw/base/endian.hpp"
#include "jackdaw/net/server.hpp"
#include "jackdaw/net/unique_fd.hpp"

namespace jackdaw::net::testing {

// What a handler saw, for the test's thread to wait on.
template <class T>
class watched {
 public:
  template <class F>
  void change(F&& f) {
    // Told while locked: once the waiter sees the change it may destroy this.
    std::lock_guard lock(mutex_);
    f(value_);
    changed_.notify_all();
  }
  // Waits until `condition` holds of the value; false after 20 seconds.
  template <class F>
  [[nodiscard]] bool wait(F&& condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return condition(value_); });
  }
  T get() {
    std::lock_guard lock(mutex_);
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  T value_{};
};

// A frame with its size in front.
inline std::string framed(std::string_view body) {
  std::string out(4, '\0');
  store_be(reinterpret_cast<std::byte*>(out.data()), static_cast<std::int32_t>(body.size()));
  return out.append(body);
}

inline broker::reply reply_of(std::string_view body) {
  broker::reply r;
  const std::string bytes = framed(body);
  r.bytes = buffer(bytes.size());
  std::memcpy(r.bytes.data(), bytes.data(), bytes.size());
  return r;
}

// Answers each request with what `respond` says; keeps those for which it says nothing until release().
class fake_handler : public request_handler {
 public:
  using responder = std::function<std::optional<broker::reply>(const std::string& body)>;

  explicit fake_handler(responder respond = [](const std::string& body) { return std::optional(reply_of(body)); })
      : respond_(std::move(respond)) {}

  struct seen {
    int opened = 0;
    int closed = 0;
    int requests = 0;
    std::size_t request_bytes = 0;
    int batches = 0;
    bool stopped = false;
    std::vector<broker::connection_info> infos;
    std::set<std::uint64_t> open;
  };
  watched<seen> saw;

  // On the shard's thread (server::run_at): answers a kept request.
  void release(const std::string& body, broker::reply answer) {
    const auto it = kept_.find(body);
    ASSERT_NE(it, kept_.end()) << body;
    auto sink = std::move(it->second.second);
    kept_.erase(it);
    sink(std::move(answer));
  }
  // The same without an answer.
  void drop(const std::string& body) { EXPECT_EQ(kept_.erase(body), 1u) << body; }
  std::size_t kept() const { return kept_.size(); }

  void open_connection(broker::connection_info info, now_t) override {
    saw.change([&](seen& s) {
      ++s.opened;
      EXPECT_TRUE(s.open.insert(info.id.value()).second);
      s.infos.push_back(std::move(info));
    });
  }
  void close_connection(broker::connection_id id, now_t) override {
    std::erase_if(kept_, [id](const auto& k) { return k.second.first == id; });
    saw.change([&](seen& s) {
      ++s.closed;
      EXPECT_EQ(s.open.erase(id.value()), 1u);
    });
  }
  void handle(broker::connection_id id, std::shared_ptr<buffer> frame, broker::reply_sink sink, now_t) override {
    const std::string body(as_text(frame->view()));
    auto answer = respond_(body);
    if (answer) {
      sink(std::move(*answer));
    } else {
      kept_.emplace(body, std::make_pair(id, std::move(sink)));
    }
    saw.change([&](seen& s) {
      EXPECT_TRUE(s.open.contains(id.value()));
      ++s.requests;
      s.request_bytes += body.size();
    });
  }
  void run(unique_function<void(broker::shard&)>& message) override {
    // The messages of these tests don't look at the shard.
    alignas(broker::shard) static std::byte nobody[sizeof(broker::shard)];
    message(*reinterpret_cast<broker::shard*>(nobody));
  }
  void set_now(now_t) override {}
  void on_wake(now_t now) override {
    if (woken) woken(now);
  }
  void end_of_batch(now_t) override {
    saw.change([](seen& s) { ++s.batches; });
  }
  void stop() {
    saw.change([](seen& s) { s.stopped = true; });
    if (stopping) stopping();
  }

  std::function<void(now_t)> woken;
  std::function<void()> stopping;

 private:
  responder respond_;
  std::map<std::string, std::pair<broker::connection_id, broker::reply_sink>> kept_;
};

// A blocking client that gives up after 20 seconds.
class client {
 public:
  explicit client(std::uint16_t port, int receive_buffer_bytes = 0) : client(not_connected{}, receive_buffer_bytes) {
    connect(port);
  }
  struct not_connected {};
  explicit client(not_connected, int receive_buffer_bytes = 0) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer_bytes > 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    const timeval timeout{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    const int one = 1;
    ::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }

  void connect(std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    connected_ = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // As much as the kernels take without the server reading.
  std::size_t send_until_blocked(std::string_view bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const auto n = ::send(fd_.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (n <= 0) break;
      sent += static_cast<std::size_t>(n);
    }
    return sent;
  }
  // Exactly `size` bytes; fewer when the connection ended or time was up.
  std::string receive(std::size_t size) {
    std::string out(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const auto n = ::recv(fd_.get(), out.data() + have, size - have, 0);
      if (n <= 0) break;
      have += static_cast<std::size_t>(n);
    }
    out.resize(have);
    return out;
  }
  // One frame's body; nothing at the end of the connection.
  std::optional<std::string> receive_frame() {
    const std::string size = receive(4);
    if (size.size() != 4) return std::nullopt;
    return receive(static_cast<std::size_t>(load_be<std::int32_t>(reinterpret_cast<const std::byte*>(size.data()))));
  }
  // True when the server closed (or reset) and nothing was left to read.
  bool at_end() {
    char c;
    const auto n = ::recv(fd_.get(), &c, 1, 0);
    return n == 0 || (n < 0 && errno == ECONNRESET);
  }
  void half_close() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

 private:
  unique_fd fd_;
  bool connected_ = false;
};

// One server, started; stopped at the end.
class running_server {
 public:
  explicit running_server(std::vector<fake_handler*> handlers, server_options options = {},
                          clock_function clock = system_now)
      : workers_({2, 2, 2, 2}), server_(complete(std::move(options), handlers.size()), workers_, clock) {
    const auto bound = server_.bind();
    EXPECT_TRUE(bound) << bound.error().detail;
    server_.start({handlers.begin(), handlers.end()},
                  [this, handlers](auto stopped) { stop_next(handlers, 0, std::move(stopped)); });
    const auto opened = server_.open();
    EXPECT_TRUE(opened) << opened.error().detail;
  }
  ~running_server() { stop(); }
  void stop() {
    server_.stop();
    server_.join();
    workers_.stop();
  }

  server& operator*() { return server_; }
  server* operator->() { return &server_; }
  std::uint16_t port(std::size_t listener = 0) const { return server_.bound_port(listener); }
  // Runs `f` on a shard's thread and waits until it has.
  void run(std::uint32_t shard, std::function<void()> f) {
    watched<bool> done;
    server_.run_at(shard_id{shard}, [&] {
      f();
      done.change([](bool& d) { d = true; });
    });
    ASSERT_TRUE(done.wait([](bool d) { return d; }));
  }

 private:
  // One after the other, each on its own thread.
  void stop_next(std::vector<fake_handler*> handlers, std::size_t at, unique_function<void()> stopped) {
    if (at == handlers.size()) return server_.run_at(shard_id{0}, std::move(stopped));
    server_.run_at(shard_id{static_cast<std::uint32_t>(at)},
                   [this, handlers, at, stopped = std::move(stopped)]() mutable {
                     handlers[at]->stop();
                     stop_next(std::move(handlers), at + 1, std::move(stopped));
                   });
  }
  static server_options complete(server_options options, std::size_t shards) {
    options.shards = static_cast<std::uint32_t>(shards);
    if (options.listeners.empty()) options.listeners = {{"PLAINTEXT", "127.0.0.1", 0}};
    return options;
  }
  disk::worker_pools workers_;
  server server_;
};

}  // namespace jackdaw::net::testing
