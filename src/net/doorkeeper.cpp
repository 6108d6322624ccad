#include "doorkeeper.hpp"

#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "jackdaw/net/accepted_socket.hpp"
#include "shard_thread.hpp"

namespace jackdaw::net {

namespace {
// Connections accepted before requests get their turn.
constexpr int turn = 64;
// Descriptors that connections which come too fast may hold; more are refused at once.
constexpr std::size_t refused_later_max = 1000;
constexpr duration pause_without_descriptors = std::chrono::milliseconds(100);
}  // namespace

// One listening socket.
class doorkeeper::door {
 public:
  door(doorkeeper& keeper, std::uint16_t listener)
      : keeper_(keeper), acceptor_(keeper.home_.loop().context()), listener_(listener) {}

  boost::system::error_code take(unique_fd& fd) {
    boost::system::error_code error;
    acceptor_.assign(boost::asio::ip::tcp::v6(), fd.get(), error);
    if (!error) static_cast<void>(fd.release());
    return error;
  }
  void accept_all() {
    for (int i = 0; acceptor_.is_open() && i < turn; ++i) {
      switch (keeper_.accept_one(acceptor_.native_handle(), listener_)) {
        case outcome::more: break;
        case outcome::nobody: return wait();
        case outcome::not_now: return;
      }
    }
    if (acceptor_.is_open()) keeper_.go_on(*this);
  }
  // The door stays until its keeper goes: the wait that this cancels names it.
  void close() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
  }

 private:
  void wait() {
    if (std::exchange(is_waiting_, true)) return;
    acceptor_.async_wait(asio_acceptor::wait_read, [this](const boost::system::error_code& error) {
      keeper_.home_.loop().enter();
      is_waiting_ = false;
      if (error == boost::asio::error::operation_aborted) return;
      accept_all();
    });
  }

  doorkeeper& keeper_;
  asio_acceptor acceptor_;
  std::uint16_t listener_;
  bool is_waiting_ = false;
};

doorkeeper::doorkeeper(shard_thread& home, std::size_t shard_count, const admission::limits& limits)
    : home_(home), admission_(limits), load_(shard_count) {}

doorkeeper::~doorkeeper() = default;

void doorkeeper::open(std::vector<bound_listener> listeners) {
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    for (auto& fd : listeners[i].sockets) {
      doors_.push_back(std::make_unique<door>(*this, static_cast<std::uint16_t>(i)));
      const auto error = doors_.back()->take(fd);
      if (error) spdlog::error("A listener can't accept connections: {}", error.message());
    }
  }
  accept_everywhere();
}

void doorkeeper::close() {
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

doorkeeper::outcome doorkeeper::accept_one(int listening, std::uint16_t listener) {
  if (!may_accept()) return outcome::not_now;
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  unique_fd fd(::accept4(listening, reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  std::uint64_t left_out = 0;
  if (!fd) {
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return outcome::nobody;
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM)
      return outcome::more;  // that one is gone
    if (allow(line::accept_failed, left_out)) {
      spdlog::error("New connections have to wait: {} ({} are open; raise the limit of open files, ulimit -n)",
                    std::strerror(error), admission_.open());
    }
    pause_until(home_.now().steady + pause_without_descriptors);
    return outcome::not_now;
  }
  accepted_socket socket{std::move(fd), ip_of(from), endpoint_text(from), listener};
  if (const auto delay = admission_.delay_of(socket.ip, home_.now().steady); delay > duration::zero()) {
    refuse_later(std::move(socket), delay);
    return outcome::more;
  }
  if (!admission_.admit(socket.ip, home_.now().steady)) {
    if (allow(line::too_many_of_ip, left_out)) {
      spdlog::warn("Connection from {} refused: its address has {} open (max.connections.per.ip); {} others refused",
                   socket.peer, admission_.limit_of(socket.ip), left_out);
    }
    return outcome::more;
  }
  const shard_id to = pick_shard();
  ++load_[to.value()];
  home_.give_socket(to, std::move(socket));
  return outcome::more;
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
  home_.timers().schedule(home_.now().steady + delay, [this, fd = std::move(fd)] { --refused_later_; });
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
  pause_end_ = home_.timers().schedule(when, [this] {
    is_paused_ = false;
    accept_everywhere();
  });
}

}  // namespace jackdaw::net
