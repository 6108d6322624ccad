#include "jackdaw/disk/worker_pool.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace jackdaw::disk {
namespace {

TEST(worker_pool_test, runs_everything_before_it_stops) {
  std::mutex mutex;
  int ran = 0;
  {
    worker_pool workers(3);
    for (int i = 0; i < 100; ++i) {
      workers.run([&] {
        {
          const std::lock_guard held(mutex);
          ++ran;
        }
        workers.run([&] {
          const std::lock_guard held(mutex);
          ++ran;
        });
      });
    }
  }
  EXPECT_EQ(ran, 200);
}

TEST(worker_pools_test, one_class_does_not_wait_for_another) {
  std::mutex mutex;
  std::condition_variable changed;
  bool is_synced = false;
  worker_pools workers({1, 1});
  workers.of(1).run([&] {
    std::unique_lock held(mutex);
    changed.wait(held, [&] { return is_synced; });
  });
  workers.of(0).run([&] {
    const std::lock_guard held(mutex);
    is_synced = true;
    changed.notify_all();
  });
  workers.stop();
  EXPECT_TRUE(is_synced);
}

}  // namespace
}  // namespace jackdaw::disk
