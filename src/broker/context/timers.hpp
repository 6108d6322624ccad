// The waits of one shard: callbacks by time. Pure: somebody else says what time it is.
#pragma once

#include <map>

#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"

namespace jackdaw::broker {

class timer_queue {
 public:
  // Names one scheduled callback; {} names none.
  struct handle {
    time_point when{};
    std::uint64_t sequence = 0;
    auto operator<=>(const handle&) const noexcept = default;
  };

  handle schedule(time_point when, unique_function<void()> callback) {
    const handle h{when, ++last_sequence_};
    waiting_.emplace(h, std::move(callback));
    return h;
  }
  // Nothing happens if it ran already. The callback is destroyed without a call.
  void cancel(handle h) { waiting_.erase(h); }

  // When the first callback is due; time_point::max() when none waits.
  time_point next() const noexcept { return waiting_.empty() ? time_point::max() : waiting_.begin()->first.when; }

  // Runs what is due, in order of time, then of scheduling. Callbacks may schedule and cancel.
  void run_due(time_point now) {
    while (!waiting_.empty() && waiting_.begin()->first.when <= now) {
      auto node = waiting_.extract(waiting_.begin());
      node.mapped()();
    }
  }

 private:
  std::map<handle, unique_function<void()>> waiting_;
  std::uint64_t last_sequence_ = 0;
};

}  // namespace jackdaw::broker
