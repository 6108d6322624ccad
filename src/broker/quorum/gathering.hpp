// Whether it pays to let the next sync wait for more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "jackdaw/base/time.hpp"

namespace jackdaw::broker {

// Clients that wait for their commit come again soon after its answer. Two crowds of them, one whose commits the disk
// is syncing and one that came meanwhile, would take turns, each with a sync of its own; when the second waits a moment
// for the first, both share one. So after a sync that answered many, the next begins once as many have come as there
// were altogether, and at the latest after about the time that a sync takes. When they don't come, waiting is left off
// for a while, each time for longer. Pure; times are the shard's.
class gathering {
 public:
  // A sync has ended that took so long and answered so many; so many came meanwhile.
  void sync_ended(std::size_t answered, std::size_t waiting, duration took, time_point now) noexcept {
    wanted_ = 0;
    if (answered == 0 || answered + waiting < worthwhile) return;
    if (syncs_without_ > 0) {
      --syncs_without_;
      return;
    }
    wanted_ = answered + waiting;
    until_ = now + std::min(took, longest);
  }

  // Whether `waiting` had better wait longer; until() is when it ends.
  bool is_on(std::size_t waiting, time_point now) noexcept {
    if (wanted_ == 0) return false;
    if (waiting >= wanted_) {
      pause_ = 0;
      wanted_ = 0;
    } else if (now >= until_) {
      const bool was_worth_it = waiting >= wanted_ - wanted_ / 4;
      pause_ = was_worth_it ? 0 : std::clamp<std::uint32_t>(2 * pause_, 1, longest_pause);
      syncs_without_ = pause_;
      wanted_ = 0;
    }
    return wanted_ != 0;
  }
  time_point until() const noexcept { return until_; }
  // Something is there that must not wait.
  void end() noexcept { wanted_ = 0; }

 private:
  static constexpr std::size_t worthwhile = 4;
  static constexpr duration longest = std::chrono::microseconds(500);
  static constexpr std::uint32_t longest_pause = 64;

  std::size_t wanted_ = 0;  // 0: it isn't on
  time_point until_{};
  std::uint32_t pause_ = 0;
  std::uint32_t syncs_without_ = 0;
};

}  // namespace jackdaw::broker
