// When shard 0 takes snapshots of the replicated state, so that the log before them can go, and what follows.
#pragma once

#include "cluster_state.hpp"
#include "context/shard_context.hpp"
#include "quorum.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class state_snapshots {
 public:
  using share_function = unique_function<coordinator::group_table()>;

  // `share_groups` gives a copy of the table of groups as it is at the state's committed position.
  state_snapshots(shard_context& zero, quorum& q, const cluster_state& state, share_function share_groups)
      : home_(zero), quorum_(q), state_(state), share_groups_(std::move(share_groups)) {}
  ~state_snapshots() { home_.timers.cancel(timer_); }

  // More is committed and applied: by its bytes a snapshot is due at once, by time when it has waited for so long.
  void more_applied();

 private:
  void take();
  void ended(raft_index last, const result<void>& outcome);

  shard_context& home_;
  quorum& quorum_;
  const cluster_state& state_;
  share_function share_groups_;
  bool is_running_ = false;
  bool is_due_ = false;  // when timer_ says
  timer_queue::handle timer_{};
};

}  // namespace jackdaw::broker
