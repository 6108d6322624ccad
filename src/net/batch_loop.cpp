#include "batch_loop.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <cstdint>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::net {

batch_loop::batch_loop(user& of)
    : user_(of),
      context_(one_thread_runs_it),
      wakes_(context_, ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      timer_(context_) {
  listen_for_wakes();
}

void batch_loop::run() {
  enter();
  context_.run();
}

// Not by posting: Asio holds a lock while it wakes its thread, which then waits for that.
void batch_loop::wake() {
  const std::uint64_t one = 1;
  const auto written = ::write(wakes_.native_handle(), &one, sizeof one);
  // A count that is full wakes all the same.
  JD_ASSERT(written == sizeof one || errno == EAGAIN, errno);
}

void batch_loop::listen_for_wakes() {
  wakes_.async_read_some(boost::asio::buffer(woken_), [this](const boost::system::error_code& outcome, std::size_t) {
    if (outcome == boost::asio::error::operation_aborted) return;
    enter();
    listen_for_wakes();
  });
}

void batch_loop::begin() {
  if (!turn_.try_lock()) {
    is_turn_wanted_.store(true, std::memory_order_relaxed);
    turn_.lock();
    is_turn_wanted_.store(false, std::memory_order_relaxed);
  }
  is_in_batch_ = true;
  user_.begin_batch();
}

void batch_loop::post_end() {
  if (std::exchange(is_end_posted_, true)) return;
  boost::asio::post(context_.get_executor(), [this] { end(); });
}

void batch_loop::end() {
  JD_ASSERT(is_end_posted_);
  is_end_posted_ = false;
  // One that follows another at once has had no event so far.
  if (!is_in_batch_) begin();
  const bool sleeps = sleep_until(user_.end_batch());
  is_in_batch_ = false;
  turn_.unlock();
  if (!sleeps) post_end();
}

bool batch_loop::run_batch_elsewhere() {
  if (is_turn_wanted_.load(std::memory_order_relaxed) || !turn_.try_lock()) return false;
  user_.begin_batch();
  const bool sleeps = sleep_until(user_.end_batch());
  turn_.unlock();
  if (!sleeps) wake();
  return true;
}

// Setting a timer is a system call, and most waits are over before their time: one that was set too early is left, and
// only ends a sleep for nothing.
bool batch_loop::sleep_until(time_point when) {
  if (when == time_point::min()) return false;
  if (when >= timer_set_for_) return true;
  const duration left = when - user_.read_clock();
  if (left <= duration::zero()) return false;
  timer_set_for_ = when;
  timer_.expires_after(std::min<duration>(left, std::chrono::hours(24)));
  timer_.async_wait([this](const boost::system::error_code& outcome) {
    if (outcome == boost::asio::error::operation_aborted) return;
    enter();
    timer_set_for_ = time_point::max();
  });
  return true;
}

}  // namespace jackdaw::net
