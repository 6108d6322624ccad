// Appends to one partition that wait for its log or high watermark to get somewhere before they are acknowledged. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "partition_jobs.hpp"

namespace jackdaw::broker {

// A job that has items which wait, shared by the queues of their partitions; whoever takes the last one answers.
struct waiting_append {
  append_job_ptr job;
  std::size_t left = 0;
  timer_queue::handle timer{};  // timeout_ms of acks=all
};

class ack_queue {
 public:
  struct waiter {
    std::shared_ptr<waiting_append> append;
    std::size_t item = 0;  // of the job
    offset end;            // behind its last record
  };

  bool is_empty() const noexcept { return waiting_.empty(); }
  std::size_t size() const noexcept { return waiting_.size(); }

  // As a rule behind all others; a duplicate waits for what its original did, and so before later ones.
  void add(waiter w) {
    JD_ASSERT(w.append && w.item < w.append->job->items.size() && w.append->left > 0, w.item, w.end.value());
    const auto at = std::upper_bound(waiting_.begin(), waiting_.end(), w.end,
                                     [](offset end, const waiter& other) { return end < other.end; });
    waiting_.insert(at, std::move(w));
  }

  // Moves those that wait for no more than `end` to the back of `out`, in the order of their offsets, then of arrival.
  void take_up_to(offset end, std::vector<waiter>& out) {
    const auto first = std::find_if(waiting_.begin(), waiting_.end(), [end](const waiter& w) { return w.end > end; });
    out.insert(out.end(), std::make_move_iterator(waiting_.begin()), std::make_move_iterator(first));
    waiting_.erase(waiting_.begin(), first);
    JD_ASSERT(waiting_.empty() || waiting_.front().end > end, end.value());
  }
  void take_all(std::vector<waiter>& out) { take_up_to(offset{INT64_MAX}, out); }
  // Those of one job.
  void take(const waiting_append* append, std::vector<waiter>& out) {
    const auto first = std::stable_partition(waiting_.begin(), waiting_.end(),
                                             [append](const waiter& w) { return w.append.get() != append; });
    out.insert(out.end(), std::make_move_iterator(first), std::make_move_iterator(waiting_.end()));
    waiting_.erase(first, waiting_.end());
  }

 private:
  std::vector<waiter> waiting_;  // by end
};

}  // namespace jackdaw::broker
