#include "jackdaw/disk/flush_service.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "support/sim_disk.hpp"

namespace jackdaw::disk {
namespace {

using ::testing::ElementsAre;

// A file whose syncs wait until the test lets them go.
class gated_file final : public log::file {
 public:
  result<std::size_t> read_at(mutable_bytes, std::uint64_t) override { return std::size_t{0}; }
  std::optional<result<std::size_t>> try_read_at(mutable_bytes, std::uint64_t) override { return std::nullopt; }
  result<void> write_at(std::span<const bytes_view>, std::uint64_t) override { return {}; }
  result<void> truncate(std::uint64_t) override { return {}; }
  result<std::uint64_t> size() override { return std::uint64_t{0}; }
  result<void> sync() override {
    std::unique_lock held(mutex);
    ++started;
    changed.notify_all();
    changed.wait(held, [this] { return allowed > 0; });
    --allowed;
    ++syncs;
    if (fails) return fail(errc::io, "sync failed");
    return {};
  }
  bool is_cached(std::uint64_t, std::uint64_t) override { return true; }
  void prefetch(std::uint64_t, std::uint64_t) override {}
  int native_handle() const noexcept override { return -1; }

  void allow(int n) {
    const std::lock_guard held(mutex);
    allowed += n;
    changed.notify_all();
  }
  void await_started(int n) {
    std::unique_lock held(mutex);
    changed.wait(held, [&] { return started >= n; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  int started = 0;
  int allowed = 0;
  int syncs = 0;
  bool fails = false;
};

class flush_service_test : public ::testing::Test {
 protected:
  flush_service_test() {
    queue = service.add_queue([this](std::vector<flush_completion> done) {
      const std::lock_guard held(mutex);
      batches.push_back(done.size());
      for (auto& one : done) outcomes[one.token] = bool(one.outcome);
      changed.notify_all();
    });
  }
  ~flush_service_test() override { workers.stop(); }

  void await(std::size_t n) {
    std::unique_lock held(mutex);
    changed.wait(held, [&] { return outcomes.size() >= n; });
  }
  static log::flush_job job_for(std::shared_ptr<log::file> f) {
    log::flush_job job;
    job.files.push_back(std::move(f));
    return job;
  }

  testing::sim_disk disk{1};
  worker_pool workers{4};
  flush_service service{disk, workers};
  std::size_t queue = 0;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::uint64_t, bool> outcomes;
  std::vector<std::size_t> batches;
};

TEST_F(flush_service_test, requests_that_come_during_a_sync_share_the_next) {
  auto f = std::make_shared<gated_file>();
  service.submit(queue, 0, job_for(f));
  f->await_started(1);
  for (std::uint64_t i = 1; i <= 10; ++i) service.submit(queue, i, job_for(f));
  f->allow(2);
  await(11);
  workers.stop();
  EXPECT_EQ(f->syncs, 2);
  EXPECT_THAT(batches, ElementsAre(1, 10));
}

TEST_F(flush_service_test, files_are_synced_side_by_side) {
  auto slow = std::make_shared<gated_file>();
  auto fast = std::make_shared<gated_file>();
  fast->allow(1);
  service.submit(queue, 1, job_for(slow));
  service.submit(queue, 2, job_for(fast));
  await(1);
  EXPECT_TRUE(outcomes.contains(2));
  slow->allow(1);
  await(2);
}

TEST_F(flush_service_test, a_job_waits_for_all_its_files) {
  auto one = std::make_shared<gated_file>();
  auto two = std::make_shared<gated_file>();
  log::flush_job job;
  job.files = {one, two};
  service.submit(queue, 1, std::move(job));
  one->allow(1);
  one->await_started(1);
  two->await_started(1);
  EXPECT_TRUE(outcomes.empty());
  two->allow(1);
  await(1);
  EXPECT_TRUE(outcomes.at(1));
}

TEST_F(flush_service_test, a_failure_reaches_all_who_waited) {
  auto f = std::make_shared<gated_file>();
  service.submit(queue, 0, job_for(f));
  f->await_started(1);
  service.submit(queue, 1, job_for(f));
  service.submit(queue, 2, job_for(f));
  f->allow(1);
  await(1);
  f->await_started(2);
  f->fails = true;
  f->allow(1);
  await(3);
  EXPECT_TRUE(outcomes.at(0));
  EXPECT_FALSE(outcomes.at(1));
  EXPECT_FALSE(outcomes.at(2));
}

TEST_F(flush_service_test, writes_replacements_and_syncs_directories) {
  ASSERT_TRUE(disk.create_directories("/d"));
  ASSERT_TRUE(disk.sync_directory("/"));
  log::flush_job job;
  job.replacements.push_back({"/d/checkpoint", "content"});
  job.directories = {"/d"};
  service.submit(queue, 1, std::move(job));
  await(1);
  workers.stop();
  EXPECT_TRUE(outcomes.at(1));
  disk.crash(testing::crash_kind::worst);
  const auto content = disk.content("/d/checkpoint");
  EXPECT_EQ(as_text(content), "content");
}

TEST_F(flush_service_test, an_empty_job_completes_too) {
  service.submit(queue, 1, {});
  await(1);
  EXPECT_TRUE(outcomes.at(1));
}

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

}  // namespace
}  // namespace jackdaw::disk
