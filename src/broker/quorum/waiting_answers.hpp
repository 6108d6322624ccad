// Who waits for the coordinator, by the numbers that its core knows them by. Commits come and go by the ten thousand a
// second: once there are places for as many as ever waited together, coming and going allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/coordinator/runtime/effects.hpp"

namespace jackdaw::broker {

// Shard 0's thread.
class waiting_answers {
 public:
  // `done` runs once, by answer().
  template <class Answer>
  coordinator::waiter add(unique_function<void(Answer)> done) {
    if (free_.empty()) {
      JD_ASSERT(places_.size() < UINT32_MAX, places_.size());
      free_.push_back(static_cast<std::uint32_t>(places_.size()));
      places_.emplace_back();
    }
    const auto at = free_.back();
    free_.pop_back();
    place& p = places_[at];
    p.done = std::move(done);
    // The place counts from 1, so that none is ever coordinator::no_waiter, however often `turn` goes round.
    return std::uint64_t{++p.turn} << 32 | (at + 1);
  }

  // `a` is of the kind that `w` waits for. What is called may add others.
  void answer(coordinator::waiter w, coordinator::answer a) {
    const auto at = static_cast<std::uint32_t>(w) - 1;
    JD_ASSERT(at < places_.size() && places_[at].turn == w >> 32, w, places_.size());
    auto done = std::exchange(places_[at].done, {});
    free_.push_back(at);
    std::visit(
        [&]<class Answer>(unique_function<void(Answer)>& told) {
          JD_ASSERT(told, w);  // or it was answered before
          told(std::move(std::get<Answer>(a)));
        },
        done);
  }

  std::size_t size() const noexcept { return places_.size() - free_.size(); }

 private:
  struct place {
    std::variant<unique_function<void(coordinator::join_answer)>, unique_function<void(coordinator::sync_answer)>,
                 unique_function<void(coordinator::rows_answer)>>
        done;
    std::uint32_t turn = 0;
  };

  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
};

}  // namespace jackdaw::broker
