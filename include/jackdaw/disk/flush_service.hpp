// Flushes of many logs as a group: a file that several requests wait for is synced once for all of them, different
// files are synced side by side, and while a file is being synced the next requests for it gather.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/disk/worker_pool.hpp"
#include "jackdaw/log/flush.hpp"

namespace jackdaw::disk {

// What became of one submitted job. `job` is what was submitted.
struct flush_completion {
  std::uint64_t token = 0;
  log::flush_job job;
  result<void> outcome;
};

class flush_service {
 public:
  // Called on worker threads, one call at a time per queue, with all that completed together.
  using completed = unique_function<void(std::vector<flush_completion>)>;

  flush_service(log::disk& d, worker_pool& workers);
  // All jobs must have completed.
  ~flush_service();

  // One per shard: whose completions come together. Returns its number.
  std::size_t add_queue(completed on_completed);
  // From any thread. `token` comes back with the completion.
  void submit(std::size_t queue, std::uint64_t token, log::flush_job job);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace jackdaw::disk
