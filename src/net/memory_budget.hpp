// What the connections of a shard hold together, and who waits until it is less.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace jackdaw::net {

// Part of what shares a budget.
struct budget_hook {
  bool is_waiting = false;
};

// While the budget is spent nobody reads on, except one who is inside a frame: so frames that are all half there
// still get finished, one after the other, and what is held stays below the limit and one frame.
class memory_budget {
 public:
  explicit memory_budget(std::size_t limit) noexcept : limit_(limit) {}

  void take(std::size_t bytes) noexcept { used_ += bytes; }
  void give_back(std::size_t bytes) noexcept { used_ -= bytes; }
  std::size_t used() const noexcept { return used_; }
  bool is_spent() const noexcept { return used_ >= limit_; }

  // Whether this one may read on; if not, it waits until resume_waiting() names it.
  bool may_read(budget_hook& hook) {
    if (!is_spent() || &hook == exempt_) return true;
    if (!std::exchange(hook.is_waiting, true)) waiting_.push_back(&hook);
    return false;
  }
  bool has_waiting() const noexcept { return !waiting_.empty(); }

  // Calls `resume` for those that may try again: all while the budget isn't spent, else one that is inside a frame.
  template <class IsInsideFrame, class Resume>
  void resume_waiting(IsInsideFrame&& is_inside_frame, Resume&& resume) {
    if (waiting_.empty()) return;
    if (!is_spent()) {
      for (budget_hook* hook : std::exchange(waiting_, {})) {
        hook->is_waiting = false;
        resume(*hook);
      }
      return;
    }
    if (exempt_ != nullptr) return;
    const auto it = std::find_if(waiting_.begin(), waiting_.end(), [&](budget_hook* h) { return is_inside_frame(*h); });
    if (it == waiting_.end()) return;
    exempt_ = *it;
    exempt_->is_waiting = false;
    waiting_.erase(it);
    resume(*exempt_);
  }

  // The frame of the one that was let through is whole.
  void end_exemption(budget_hook& hook) noexcept {
    if (exempt_ == &hook) exempt_ = nullptr;
  }
  void forget(budget_hook& hook) {
    end_exemption(hook);
    if (std::exchange(hook.is_waiting, false)) std::erase(waiting_, &hook);
  }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
  std::vector<budget_hook*> waiting_;  // in the order in which they were refused
  budget_hook* exempt_ = nullptr;
};

}  // namespace jackdaw::net
