// When shard 0 takes snapshots of the replicated state, so that the log before them can go, and what follows.
#pragma once

#include "cluster_state.hpp"
#include "context/shard_context.hpp"
#include "quorum.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class state_snapshots {
 public:
  state_snapshots(shard_context& zero, quorum& q, cluster_state& state) : home_(zero), quorum_(q), state_(state) {}
  ~state_snapshots() { home_.timers.cancel(timer_); }

  // More is committed and applied: by its bytes a snapshot is due at once, by time when it has waited for so long.
  void more_applied();

 private:
  void take();
  void ended(raft_index last, const result<void>& outcome);

  shard_context& home_;
  quorum& quorum_;
  cluster_state& state_;
  bool is_running_ = false;
  bool is_due_ = false;  // when timer_ says
  timer_queue::handle timer_{};
};

}  // namespace jackdaw::broker
