// Records of groups on their way into the log while this node leads. They are decided already and touch no cluster
// state, so many of them share one entry, one write and one sync: those that come while the disk works on what came
// before, and for a moment after a sync that answered many (gathering.hpp).
#pragma once

#include <deque>
#include <vector>

#include "context/shard_context.hpp"
#include "gathering.hpp"
#include "jackdaw/metadata/records.hpp"
#include "proposer.hpp"
#include "quorum.hpp"

namespace jackdaw::broker {

// Shard 0's thread only. Made and destroyed with the leadership.
class record_appends final : public proposer {
 public:
  record_appends(shard_context& zero, quorum& q) : home_(zero), quorum_(q) {}
  ~record_appends();

  // `done` runs once, now or later: when the records are replayed, or with why they can't be: errc::not_leader (they
  // may still become committed under the next leader), errc::closed, errc::io, errc::no_space.
  void append(metadata::record_batch records, unique_function<void(result<void>)> done) override;
  // Raft is about to work: the next entries go along, unless it pays to wait.
  void before_work();
  void synced(duration took);
  // A decision must not wait for more commits.
  void end_gathering() noexcept { gathering_.end(); }

  // The records of this entry, if it is one of those; so they needn't be decoded again. Valid until committed().
  const std::vector<metadata::record_batch>* find(const raft::log_position& position) const;
  // Entries up to here are replayed.
  void committed(raft_index up_to);
  // Answers all that wait; nothing may be appended any more.
  void abandon(const error& why);

 private:
  struct entry {
    raft::log_position position;
    std::vector<metadata::record_batch> records;
    std::vector<unique_function<void(result<void>)>> done;
    std::size_t roughly_bytes = 0;
  };

  std::size_t waiting() const noexcept;
  bool must_wait();

  shard_context& home_;
  quorum& quorum_;
  std::deque<entry> waiting_;    // the next entries
  std::deque<entry> in_flight_;  // positions ascend
  gathering gathering_;
  bool is_gathering_ = false;  // until gathering_end_
  timer_queue::handle gathering_end_{};
  bool is_abandoned_ = false;
};

}  // namespace jackdaw::broker
