// Who waits for the coordinator, by the numbers that its core knows them by. Commits come and go by the ten thousand a
// second: once there are places for as many as ever waited together, coming and going allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
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
    // Never coordinator::no_waiter, and never that of somebody who had this place before.
    return std::uint64_t{++p.turn} << 32 | at;
  }

  // `a` is of the kind that `w` waits for. What is called may add others.
  void answer(coordinator::waiter w, coordinator::answer a) {
    const auto at = static_cast<std::uint32_t>(w);
    JD_ASSERT(at < places_.size() && places_[at].turn == w >> 32, w, places_.size());
    auto done = std::exchange(places_[at].done, nobody{});
    free_.push_back(at);
    std::visit(
        [&a]<class Done>(Done& told) {
          if constexpr (std::is_same_v<Done, nobody>) {
            JD_ASSERT(false, "it was answered before");
          } else {
            told(std::move(std::get<typename kind_of<Done>::type>(a)));
          }
        },
        done);
  }

  std::size_t size() const noexcept { return places_.size() - free_.size(); }

 private:
  struct nobody {};
  template <class Done>
  struct kind_of;
  template <class Answer>
  struct kind_of<unique_function<void(Answer)>> {
    using type = Answer;
  };
  struct place {
    std::variant<nobody, unique_function<void(coordinator::join_answer)>,
                 unique_function<void(coordinator::sync_answer)>, unique_function<void(coordinator::rows_answer)>>
        done;
    std::uint32_t turn = 0;
  };

  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
};

}  // namespace jackdaw::broker
