// Letters from many threads to one, in bundles: a bundle costs one atomic exchange, and the receiver is woken only
// when it sleeps.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>
#include <vector>

namespace jackdaw::net {

// Letters of one sender arrive in the order sent. Nothing here blocks or takes a lock.
template <class Letter>
class mailbox {
 public:
  mailbox() = default;
  mailbox(const mailbox&) = delete;
  mailbox& operator=(const mailbox&) = delete;
  ~mailbox() { destroy(arrived_.load(std::memory_order_acquire)); }

  // Any thread. True: the receiver sleeps, and this sender, alone among all, has to wake it.
  [[nodiscard]] bool send(std::vector<Letter> letters) {
    if (letters.empty()) return false;
    auto* b = new bundle{std::move(letters), arrived_.load(std::memory_order_relaxed)};
    while (!arrived_.compare_exchange_weak(b->next, b, std::memory_order_seq_cst, std::memory_order_relaxed)) {
    }
    // Only looked at first, because nearly every bundle finds its receiver awake.
    return asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_seq_cst);
  }

  // The receiver, before it waits: from now on senders wake it. False: letters are there already, don't wait.
  [[nodiscard]] bool fall_asleep() {
    asleep_.store(true, std::memory_order_seq_cst);
    if (arrived_.load(std::memory_order_seq_cst) == nullptr) return true;
    asleep_.store(false, std::memory_order_seq_cst);
    return false;
  }

  // The receiver, after it waited. A wake-up that comes nevertheless does no harm.
  void wake_up() { asleep_.store(false, std::memory_order_relaxed); }

  // The receiver: hands each letter that has arrived to `take`, oldest first, and returns how many there were.
  template <class Take>
  std::size_t receive(Take&& take) {
    if (arrived_.load(std::memory_order_relaxed) == nullptr) return 0;
    bundle* newest = arrived_.exchange(nullptr, std::memory_order_acquire);
    bundle* oldest = nullptr;
    while (newest != nullptr) {
      bundle* before = std::exchange(newest->next, oldest);
      oldest = std::exchange(newest, before);
    }
    std::size_t count = 0;
    while (oldest != nullptr) {
      for (Letter& letter : oldest->letters) {
        take(letter);
        ++count;
      }
      delete std::exchange(oldest, oldest->next);
    }
    return count;
  }

 private:
  struct bundle {
    std::vector<Letter> letters;
    bundle* next;
  };
  static void destroy(bundle* b) {
    while (b != nullptr) delete std::exchange(b, b->next);
  }

  // Apart, so that senders and the receiver's flag don't share a cache line.
  alignas(64) std::atomic<bundle*> arrived_{nullptr};
  alignas(64) std::atomic<bool> asleep_{false};
};

}  // namespace jackdaw::net
