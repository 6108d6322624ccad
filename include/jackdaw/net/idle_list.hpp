// Connections ordered by when something last happened on them, so that the idle ones are found without a timer for
// each and without looking at the others.
#pragma once

#include "jackdaw/base/time.hpp"

namespace jackdaw::net {

// Part of what is listed.
struct idle_hook {
  idle_hook* previous = nullptr;
  idle_hook* next = nullptr;
  time_point touched{};

  bool is_listed() const noexcept { return next != nullptr; }
};

// Holds pointers to hooks; remove one before it dies. A hook may have been touched up to `grain` later than it says:
// moving it at every event would cost more than the order is worth.
class idle_list {
 public:
  explicit idle_list(duration grain) noexcept : grain_(grain) { ends_.previous = ends_.next = &ends_; }
  idle_list(const idle_list&) = delete;
  idle_list& operator=(const idle_list&) = delete;

  void touch(idle_hook& hook, time_point now) noexcept {
    if (hook.is_listed()) {
      if (now - hook.touched < grain_) return;
      remove(hook);
    }
    hook.touched = now;
    hook.previous = ends_.previous;
    hook.next = &ends_;
    hook.previous->next = &hook;
    ends_.previous = &hook;
  }

  void remove(idle_hook& hook) noexcept {
    if (!hook.is_listed()) return;
    hook.previous->next = hook.next;
    hook.next->previous = hook.previous;
    hook.previous = hook.next = nullptr;
  }

  // Null when the list is empty.
  idle_hook* oldest() noexcept { return ends_.next == &ends_ ? nullptr : ends_.next; }

 private:
  duration grain_;
  idle_hook ends_;
};

}  // namespace jackdaw::net
