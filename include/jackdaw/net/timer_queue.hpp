// The few timers of a shard's thread. Thousands of waits belong into a structure of their own with one timer here.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"

namespace jackdaw::net {

class timer_queue {
 public:
  // Names one timer; still safe to cancel after it ran.
  using ticket = std::pair<time_point, std::uint64_t>;

  ticket add(time_point when, unique_function<void()> what) {
    const ticket t{when, ++last_};
    timers_.emplace(t, std::move(what));
    return t;
  }
  void cancel(ticket t) { timers_.erase(t); }

  // time_point::max() when there is none.
  time_point next() const noexcept { return timers_.empty() ? time_point::max() : timers_.begin()->first.first; }

  // Runs what is due; what that adds waits for the next call.
  void run(time_point now) {
    const std::uint64_t last = last_;
    for (auto it = timers_.begin(); it != timers_.end() && it->first.first <= now;) {
      if (it->first.second > last) {
        ++it;
        continue;
      }
      auto what = std::move(it->second);
      timers_.erase(it);
      what();
      it = timers_.begin();
    }
  }

 private:
  std::map<ticket, unique_function<void()>> timers_;
  std::uint64_t last_ = 0;
};

}  // namespace jackdaw::net
