// The controller's decisions while this node leads the quorum: each is made on the newest state, what is in flight
// included, and answered when every shard of this process knows what came of it.
//
//   submit --decide--> records --propose--> in flight --committed, published--> done
//                        |                      '--leadership lost--> done with errc::not_leader
//                        '--none--> done when what is in flight before it is done
//
// Made when this node leads and has applied all that was committed before; destroyed when it leads no longer, and with
// it every decision that isn't committed.
#pragma once

#include <deque>
#include <memory>

#include "cluster_state.hpp"
#include "context/shard_context.hpp"
#include "metadata_submit.hpp"
#include "quorum.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class active_controller {
 public:
  active_controller(shard_context& zero, quorum& q, const cluster_state& state)
      : home_(zero), quorum_(q), state_(state) {}

  // `done` runs once, now or later: errc::not_leader, errc::closed, errc::io, errc::no_space when nothing came of it.
  void submit(decide_function decide, unique_function<void(result<void>)> done);
  // What a new broker gets: above all that were given out.
  broker_epoch next_broker_epoch() const noexcept { return broker_epoch{quorum_.raft()->last_index().value() + 1}; }

  // Entries up to here are committed and applied.
  void applied(raft_index up_to);
  // Every shard knows what was committed up to here.
  void published(raft_index up_to);
  // Answers what is in flight with `why`; nothing may be submitted any more.
  void abandon(const error& why);

 private:
  struct submission {
    raft_index index;  // of its entry; of the last entry before it when it had no records
    unique_function<void(result<void>)> done;
  };

  void drop_newest_if_idle();

  shard_context& home_;
  quorum& quorum_;
  const cluster_state& state_;
  // The newest state, entries in flight included; only while there are some.
  std::unique_ptr<metadata::image_builder> newest_;
  raft_index last_proposed_;
  std::deque<submission> in_flight_;
  bool is_abandoned_ = false;
};

}  // namespace jackdaw::broker
