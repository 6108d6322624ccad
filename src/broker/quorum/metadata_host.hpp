// Shard 0's part in cluster state: the raft node with its disk, the decisions made on the newest state, and the
// committed changes that go out to every shard.
//
//   submit --decide--> records --propose--> in flight --committed--> applied --published to all shards--> done
//                        |                      '--leadership lost--> done with errc::not_leader
//                        '--none--> done when what is in flight before it is done
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "context/timers.hpp"
#include "gathering.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "jackdaw/raft/raft_node.hpp"
#include "metadata_submit.hpp"
#include "raft_log.hpp"

namespace jackdaw::broker {

class metadata_host {
 public:
  explicit metadata_host(shard_state& home) : home_(home) {}

  // Restores the state from the disk, takes part in the quorum, registers this broker. `ready` runs once every shard
  // has an image in which this broker serves, or with what went wrong.
  void start(unique_function<void(result<void>)> ready);
  void submit(decide_function decide, unique_function<void(result<void>)> done);
  // Records that are decided already and touch no cluster state: those of groups. What is appended while the disk works
  // becomes one entry. `done` runs when they are replayed, or with why they can't be.
  void append(std::vector<metadata::record> records, unique_function<void(result<void>)> done);
  // The newest committed state; on the way to the shards.
  const metadata::image_ptr& committed() const noexcept { return committed_; }
  // Performs what raft wants: writes, syncs on a worker, applies what is committed.
  void end_of_batch() { pump(); }
  void on_wake();
  time_point wake_at() const noexcept;
  // Waits for syncs under way and closes the log. `done` gets whether that went well.
  void close(unique_function<void(bool)> done);

  // For DescribeQuorum; null before start.
  const raft::raft_node* raft() const noexcept { return raft_.get(); }

 private:
  struct submission {
    raft_index index;  // of its entry; of the last entry before it when it had no records
    raft_term term;
    unique_function<void(result<void>)> done;
  };

  struct appended {
    raft_index index;
    raft_term term;
    std::vector<metadata::record> records;
    std::vector<unique_function<void(result<void>)>> done;
    std::size_t roughly_bytes = 0;
  };

  std::size_t waiting_appends() const noexcept;
  void propose_appends();
  result<bool> apply_entry(const raft::entry& e, bool& deletes);
  void finish_appends(raft_index up_to);
  void fail_appends(const error& why);
  void pump();
  void perform(raft::ready r);
  void on_leadership(const raft::leadership& now);
  void apply(const std::vector<raft::entry>& committed);
  void publish_next();
  void finish_submissions(raft_index up_to);
  void fail_submissions(const error& why);
  void write(const raft::ready* r);
  void begin_sync();
  void sync_ended(std::uint64_t id, const raft_log::sync_job& job, const result<void>& outcome);
  void on_disk_trouble(const error& why);
  void retry();
  void repair();
  void go_on_closing();
  void maybe_snapshot();
  void take_snapshot();
  void snapshot_ended(raft_index last, const result<void>& outcome);
  void register_self();
  void unfence_self(broker_epoch epoch);
  void fatal(const error& why);
  raft::raft_config raft_settings() const;

  shard_state& home_;
  std::unique_ptr<raft_log> log_;
  std::unique_ptr<raft::raft_node> raft_;
  metadata::image_ptr committed_;
  std::unique_ptr<metadata::image_builder> committed_builder_;
  // The newest state, entries in flight included; only while there are some.
  std::unique_ptr<metadata::image_builder> newest_;
  std::deque<submission> in_flight_;
  std::deque<appended> to_append_;  // the next entries
  std::deque<appended> appends_;
  std::deque<std::shared_ptr<const metadata::delta>> to_publish_;  // committed, not yet given to the shards
  bool publishing_ = false;
  raft_index last_proposed_;
  unique_function<void(result<void>)> ready_;
  bool registered_ = false;
  std::uint64_t persist_taken_ = 0;   // the last persist_id that raft gave out,
  std::uint64_t persist_wanted_ = 0;  // that was written whole,
  std::uint64_t persist_done_ = 0;    // and that is on the disk
  bool syncing_ = false;              // or repairing
  time_point sync_began_{};
  gathering gathering_;        // of to_append_
  bool is_gathering_ = false;  // a timer ends it
  // Why nothing can be written now; tried again every second. Meanwhile what needs new records is refused.
  std::optional<error> disk_trouble_;
  bool retry_due_ = false;
  bool snapshotting_ = false;
  std::uint64_t bytes_since_snapshot_ = 0;
  bool is_snapshot_due_ = false;  // at the time of snapshot_timer_
  timer_queue::handle snapshot_timer_{};
  unique_function<void(bool)> closing_;
};

// Hands a committed change to every shard of the process, and says when all have applied it.
void publish(shard_state& shard_zero, std::shared_ptr<const metadata::delta> change, unique_function<void()> applied);

}  // namespace jackdaw::broker
