// Threads for what may wait for a disk, so that no shard ever does.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/unique_function.hpp"

namespace jackdaw::disk {

class worker_pool {
 public:
  // Threads are started as work comes, up to `threads_max`.
  explicit worker_pool(std::size_t threads_max);
  // Runs what was handed in, then stops.
  ~worker_pool();
  worker_pool(const worker_pool&) = delete;
  worker_pool& operator=(const worker_pool&) = delete;

  // From any thread. Work must not throw; it runs even when stop() follows at once.
  void run(unique_function<void()> work);
  // Waits until everything handed in (by work, too) has run. Nothing may be handed in from elsewhere after this.
  void stop();

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<unique_function<void()>> queue_;
  std::vector<std::thread> threads_;
  std::size_t threads_max_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
  bool joined_ = false;
};

// One pool for each class of work, so that no class waits for another's.
class worker_pools {
 public:
  // The most threads of each class.
  explicit worker_pools(const std::vector<std::size_t>& threads_max) {
    for (const auto max : threads_max) pools_.push_back(std::make_unique<worker_pool>(max));
  }
  worker_pool& of(std::size_t its_class) noexcept {
    JD_ASSERT(its_class < pools_.size(), its_class, pools_.size());
    return *pools_[its_class];
  }
  // Once nobody hands in work any more.
  void stop() {
    for (const auto& p : pools_) p->stop();
  }

 private:
  std::vector<std::unique_ptr<worker_pool>> pools_;
};

}  // namespace jackdaw::disk
