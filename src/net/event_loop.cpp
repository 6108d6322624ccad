#include "jackdaw/net/event_loop.hpp"

#include <sys/eventfd.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::net {

namespace {

// epoll_pwait2 counts in nanoseconds; kernels before 5.11 and some sandboxes don't have it.
int wait_for(int epoll, epoll_event* events, int count, duration at_most) {
  if (at_most == duration::max()) return ::epoll_wait(epoll, events, count, -1);
  if (at_most <= duration::zero()) return ::epoll_wait(epoll, events, count, 0);
  static std::atomic<bool> has_pwait2{true};
  if (has_pwait2.load(std::memory_order_relaxed)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at_most);
    const timespec timeout{static_cast<time_t>(seconds.count()), static_cast<long>((at_most - seconds).count())};
    const int n = ::epoll_pwait2(epoll, events, count, &timeout, nullptr);
    if (n >= 0 || errno != ENOSYS) return n;
    has_pwait2.store(false, std::memory_order_relaxed);
  }
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
  return ::epoll_wait(epoll, events, count, static_cast<int>(std::min<std::int64_t>(ms, 1'000'000'000)));
}

}  // namespace

event_loop::event_loop() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  JD_ASSERT(epoll_ && wake_, std::strerror(errno));
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;
  JD_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) == 0, std::strerror(errno));
}

result<void> event_loop::add(int fd, std::uint32_t events, event_source& source) {
  epoll_event event{};
  event.events = events | EPOLLET;
  event.data.ptr = &source;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return fail(errc::io, std::string("can't wait for a socket: ") + std::strerror(errno));
}

void event_loop::wait(duration at_most) {
  ready_ = wait_for(epoll_.get(), events_.data(), static_cast<int>(events_.size()), at_most);
  JD_ASSERT(ready_ >= 0 || errno == EINTR, std::strerror(errno));
}

void event_loop::dispatch() {
  for (int i = 0; i < ready_; ++i) {
    // The eventfd has no source. It is never read: edge-triggered, each write shows up once by itself.
    if (events_[i].data.ptr != nullptr) static_cast<event_source*>(events_[i].data.ptr)->on_events(events_[i].events);
  }
  ready_ = 0;
}

void event_loop::wake() noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_.get(), &one, sizeof one);
}

}  // namespace jackdaw::net
