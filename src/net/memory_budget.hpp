// What the connections of a shard hold together, and who waits until it is less.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "jackdaw/base/memory_use.hpp"

namespace jackdaw::net {

// Part of what shares a budget.
struct budget_hook {
  bool is_waiting = false;
  std::uint8_t waits_in = 0;  // the class that it was refused in
  std::size_t waits_for = 0;  // the growth that it was refused
};

// Who holds or announces much is stopped first: small requests go on while large ones have taken what is theirs. While
// a class has spent its share nobody of it reads on, except one who is inside a frame: so frames that are all half
// there still get finished, one after the other, and what is held stays below the limit and one frame of each class.
class memory_budget {
 public:
  explicit memory_budget(std::size_t limit) noexcept : limit_(limit) {}

  void take(std::size_t bytes) noexcept {
    used_ += bytes;
    is_busy_ = is_busy_ || bytes > busy_step_bytes || used_ > busy_bytes;
  }
  void give_back(std::size_t bytes) noexcept { used_ -= bytes; }
  std::size_t used() const noexcept { return used_; }
  memory_use use() const noexcept { return {used_, limit_, refused_}; }
  // Whether so much was held, or taken at once, since this was set to false that the allocator keeps more than its
  // usual bit afterwards: what is held here is a small part of what a large request costs while it is worked on.
  bool is_busy() const noexcept { return is_busy_; }
  void set_calm() noexcept { is_busy_ = used_ > busy_bytes; }

  // Whether one who holds or announces `bytes` may read on, which takes `growth` more at once; if not, it waits until
  // resume_waiting() names it.
  bool may_read(budget_hook& hook, std::size_t bytes, std::size_t growth = 0) {
    const auto its_class = class_of(bytes);
    if (used_ + growth < share(its_class) || is_exempt(hook)) return true;
    hook.waits_for = growth;
    if (!std::exchange(hook.is_waiting, true)) {
      ++refused_;
      hook.waits_in = static_cast<std::uint8_t>(its_class);
      waiting_[its_class].push_back(&hook);
    }
    return false;
  }
  bool has_waiting() const noexcept {
    return std::any_of(waiting_.begin(), waiting_.end(), [](const auto& w) { return !w.empty(); });
  }

  // Calls `resume` for those that may try again: all for whom there is enough now, else one of each class that is
  // inside a frame.
  template <class IsInsideFrame, class Resume>
  void resume_waiting(IsInsideFrame&& is_inside_frame, Resume&& resume) {
    for (std::size_t c = 0; c < classes; ++c) {
      if (waiting_[c].empty()) continue;
      auto left = std::exchange(waiting_[c], {});
      std::erase_if(left, [&](budget_hook* hook) {
        if (used_ + hook->waits_for >= share(c)) return false;
        hook->is_waiting = false;
        resume(*hook);
        return true;
      });
      waiting_[c] = std::move(left);
      if (exempt_[c] == nullptr) exempt_one(c, is_inside_frame, resume);
    }
  }

  // The frame of the one that was let through is whole.
  void end_exemption(budget_hook& hook) noexcept {
    std::replace(exempt_.begin(), exempt_.end(), &hook, static_cast<budget_hook*>(nullptr));
  }
  void forget(budget_hook& hook) {
    end_exemption(hook);
    if (std::exchange(hook.is_waiting, false)) std::erase(waiting_[hook.waits_in], &hook);
  }

 private:
  // Small, as nearly all requests are; a full batch of a producer; what no ordinary client sends.
  static constexpr std::size_t classes = 3;
  static constexpr std::size_t small_at_most = 16 * 1024;
  static constexpr std::size_t usual_at_most = 2 * 1024 * 1024;

  static constexpr std::size_t busy_bytes = 4 * 1024 * 1024;
  static constexpr std::size_t busy_step_bytes = 64 * 1024;

  static std::size_t class_of(std::size_t bytes) noexcept {
    return bytes <= small_at_most ? 0 : bytes <= usual_at_most ? 1 : 2;
  }
  // All, three quarters, half.
  std::size_t share(std::size_t its_class) const noexcept { return limit_ - limit_ / 4 * its_class; }
  bool is_exempt(const budget_hook& hook) const noexcept {
    return std::find(exempt_.begin(), exempt_.end(), &hook) != exempt_.end();
  }

  template <class IsInsideFrame, class Resume>
  void exempt_one(std::size_t c, IsInsideFrame&& is_inside_frame, Resume&& resume) {
    auto& queue = waiting_[c];
    const auto it = std::find_if(queue.begin(), queue.end(), [&](budget_hook* h) { return is_inside_frame(*h); });
    if (it == queue.end()) return;
    exempt_[c] = *it;
    exempt_[c]->is_waiting = false;
    queue.erase(it);
    resume(*exempt_[c]);
  }

  std::size_t limit_;
  std::size_t used_ = 0;
  bool is_busy_ = false;
  std::uint64_t refused_ = 0;
  std::array<std::vector<budget_hook*>, classes> waiting_;  // in the order in which they were refused
  std::array<budget_hook*, classes> exempt_{};
};

}  // namespace jackdaw::net
