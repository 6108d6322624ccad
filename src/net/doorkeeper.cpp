#include "doorkeeper.hpp"

#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "jackdaw/net/accepted_socket.hpp"
#include "jackdaw/net/shard_thread.hpp"

namespace jackdaw::net {

namespace {
// Connections accepted before requests get their turn.
constexpr int turn = 64;
// Descriptors that connections which come too fast may hold; more are refused at once.
constexpr std::size_t refused_later_max = 1000;
constexpr duration pause_without_descriptors = std::chrono::milliseconds(100);
}  // namespace

// One listening socket.
class doorkeeper::door final : public event_source {
 public:
  door(doorkeeper& keeper, unique_fd fd, std::uint16_t listener)
      : keeper_(keeper), fd_(std::move(fd)), listener_(listener) {}

  void on_events(std::uint32_t) override { accept_all(); }
  void accept_all() {
    for (int i = 0; fd_ && i < turn; ++i) {
      if (!keeper_.accept_one(fd_.get(), listener_)) return;
    }
    if (fd_) keeper_.go_on(*this);
  }
  int fd() const noexcept { return fd_.get(); }
  void close() noexcept { fd_.reset(); }

 private:
  doorkeeper& keeper_;
  unique_fd fd_;
  std::uint16_t listener_;
};

doorkeeper::doorkeeper(shard_thread& home, std::size_t shard_count, const admission::limits& limits)
    : home_(home), admission_(limits), load_(shard_count) {}

doorkeeper::~doorkeeper() = default;

void doorkeeper::open(std::vector<bound_listener> listeners) {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    for (auto& fd : listeners[i].sockets) {
      doors_.push_back(std::make_unique<door>(*this, std::move(fd), static_cast<std::uint16_t>(i)));
      const auto watched = home_.loop().add(doors_.back()->fd(), EPOLLIN, *doors_.back());
      if (!watched) spdlog::error("A listener can't accept connections: {}", watched.error().detail);
    }
  }
  accept_everywhere();
}

void doorkeeper::close() {
  // The doors stay: an event already collected may name one.
  for (const auto& d : doors_) d->close();
}

void doorkeeper::set_limits(const admission::limits& limits) {
  admission_.set_limits(limits);
  // Those who wait may be let in now.
  is_full_ = false;
  if (std::exchange(is_paused_, false)) home_.timers().cancel(pause_end_);
  accept_everywhere();
}

void doorkeeper::accept_everywhere() {
  for (const auto& d : doors_) d->accept_all();
}

void doorkeeper::go_on(door& d) {
  home_.run_at(shard_id{0}, [&d] { d.accept_all(); });
}

bool doorkeeper::may_accept() {
  std::uint64_t left_out = 0;
  if (is_paused_) return false;
  if (!admission_.has_room()) {
    if (!std::exchange(is_full_, true) && allow(line::full, left_out)) {
      spdlog::warn("{} connections are open (max.connections): new ones wait until some close", admission_.open());
    }
    return false;
  }
  if (admission_.next_allowed() > home_.now().steady) {
    pause_until(admission_.next_allowed());
    return false;
  }
  return true;
}

bool doorkeeper::accept_one(int listening, std::uint16_t listener) {
  if (!may_accept()) return false;
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  unique_fd fd(::accept4(listening, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  std::uint64_t left_out = 0;
  if (!fd) {
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return false;
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) return true;  // that one is gone
    if (allow(line::accept_failed, left_out)) {
      spdlog::error("New connections have to wait: {} ({} are open; raise the limit of open files, ulimit -n)",
                    std::strerror(error), admission_.open());
    }
    pause_until(home_.now().steady + pause_without_descriptors);
    return false;
  }
  accepted_socket socket{std::move(fd), ip_of(from), endpoint_text(from), listener};
  if (const auto delay = admission_.delay_of(socket.ip, home_.now().steady); delay > duration::zero()) {
    refuse_later(std::move(socket), delay);
    return true;
  }
  if (!admission_.admit(socket.ip, home_.now().steady)) {
    if (allow(line::too_many_of_ip, left_out)) {
      spdlog::warn("Connection from {} refused: its address has {} open (max.connections.per.ip); {} others refused",
                   socket.peer, admission_.limit_of(socket.ip), left_out);
    }
    return true;
  }
  const shard_id to = pick_shard();
  ++load_[to.value()];
  home_.give_socket(to, std::move(socket));
  return true;
}

// As Kafka does (KIP-612): the peer is connected, hears nothing, and is cut off.
void doorkeeper::refuse_later(accepted_socket socket, duration delay) {
  std::uint64_t left_out = 0;
  if (allow(line::too_fast_of_ip, left_out)) {
    spdlog::warn(
        "Connection from {} refused: its address opens more than {} per second (connection_creation_rate); "
        "{} others refused",
        socket.peer, admission_.rate_of(socket.ip), left_out);
  }
  if (refused_later_ == refused_later_max) return;
  ++refused_later_;
  auto fd = std::make_unique<unique_fd>(std::move(socket.fd));
  home_.timers().add(home_.now().steady + delay, [this, fd = std::move(fd)] { --refused_later_; });
}

bool doorkeeper::allow(line kind, std::uint64_t& left_out) {
  return limiter_.allow(static_cast<std::size_t>(kind), home_.now().steady, left_out);
}

shard_id doorkeeper::pick_shard() {
  // The next in turn among those with fewest.
  std::size_t best = next_shard_;
  for (std::size_t i = 0; i < load_.size(); ++i) {
    const std::size_t candidate = (next_shard_ + i) % load_.size();
    if (load_[candidate] < load_[best]) best = candidate;
  }
  next_shard_ = (best + 1) % load_.size();
  return shard_id{static_cast<std::uint32_t>(best)};
}

void doorkeeper::on_closed(shard_id shard, const ip_address& ip) {
  --load_[shard.value()];
  admission_.release(ip);
  if (std::exchange(is_full_, false)) accept_everywhere();
}

void doorkeeper::pause_until(time_point when) {
  is_paused_ = true;
  pause_end_ = home_.timers().add(when, [this] {
    is_paused_ = false;
    accept_everywhere();
  });
}

}  // namespace jackdaw::net
