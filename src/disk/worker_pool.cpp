#include "jackdaw/disk/worker_pool.hpp"

#include <pthread.h>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::disk {

worker_pool::worker_pool(std::size_t threads_max) : threads_max_(threads_max) { JD_ASSERT(threads_max > 0); }

worker_pool::~worker_pool() { stop(); }

void worker_pool::run(unique_function<void()> work) {
  JD_ASSERT(work);
  {
    const std::lock_guard held(mutex_);
    JD_ASSERT(!joined_);
    queue_.push_back(std::move(work));
    if (idle_ < queue_.size() && threads_.size() < threads_max_) threads_.emplace_back([this] { loop(); });
  }
  wake_.notify_one();
}

void worker_pool::stop() {
  std::unique_lock held(mutex_);
  stopping_ = true;
  wake_.notify_all();
  // Work may hand in more work, and that may start a thread.
  while (!threads_.empty()) {
    std::thread last = std::move(threads_.back());
    threads_.pop_back();
    held.unlock();
    last.join();
    held.lock();
  }
  JD_ASSERT(queue_.empty(), queue_.size());
  joined_ = true;
}

void worker_pool::loop() {
  ::pthread_setname_np(::pthread_self(), "worker");  // else they are called like the shard that started them
  std::unique_lock held(mutex_);
  while (true) {
    if (queue_.empty()) {
      if (stopping_) return;
      ++idle_;
      wake_.wait(held);
      --idle_;
      continue;
    }
    unique_function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    held.unlock();
    work();
    work = nullptr;
    held.lock();
  }
}

}  // namespace jackdaw::disk
