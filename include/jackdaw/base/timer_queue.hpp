// Waits of one thread or one core: callbacks by time. Pure: somebody else says what time it is.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"

namespace jackdaw {

class timer_queue {
 public:
  // Names one scheduled callback; {} names none.
  struct handle {
    time_point when{};
    std::uint64_t sequence = 0;
    auto operator<=>(const handle&) const noexcept = default;
  };

  handle schedule(time_point when, unique_function<void()> callback) {
    JD_ASSERT(callback, when.time_since_epoch().count());
    const handle h{when, ++last_sequence_};
    waiting_.emplace(h, std::move(callback));
    return h;
  }
  // Nothing happens if it ran already. The callback is destroyed without a call.
  void cancel(handle h) { waiting_.erase(h); }

  // When the first callback is due; time_point::max() when none waits.
  time_point next() const noexcept { return waiting_.empty() ? time_point::max() : waiting_.begin()->first.when; }

  // Runs what is due, in order of time, then of scheduling. Callbacks may schedule and cancel; what they schedule waits
  // for the next call, even if it is due, so that nobody who schedules himself again can hold up the rest.
  void run_due(time_point now) {
    const std::uint64_t last = last_sequence_;
    for (auto it = waiting_.begin(); it != waiting_.end() && it->first.when <= now;) {
      if (it->first.sequence > last) {
        ++it;
        continue;
      }
      auto node = waiting_.extract(it);
      node.mapped()();
      it = waiting_.begin();
    }
  }

 private:
  std::map<handle, unique_function<void()>> waiting_;
  std::uint64_t last_sequence_ = 0;
};

}  // namespace jackdaw
