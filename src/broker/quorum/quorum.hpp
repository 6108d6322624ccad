// Drives this node's part in the metadata quorum: raft with its log on the disk, its messages, its snapshots. What
// comes out is what everything else of the cluster's state is made of: what is committed, who leads, what was
// installed.
//
//   propose ---> raft ---> write, sync (quorum.cpp) ---> committed ---> listener
//   peers <----> raft      a full or failing disk: quorum_disk.cpp
//                raft <--> snapshots of others: snapshot_transfer.*
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "context/shard_context.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/raft/raft_node.hpp"
#include "raft_log.hpp"
#include "raft_snapshot.hpp"
#include "snapshot_transfer.hpp"

namespace jackdaw::broker {

// Shard 0's thread only.
class quorum {
 public:
  // What comes out, on shard 0's thread, out of start, end_of_batch and on_wake.
  class listener {
   public:
    // Raft is about to be asked what is to be done: what is proposed now goes along.
    virtual void before_work() = 0;
    // Role, term or leader changed since the last call; before what comes next was committed.
    virtual void on_leadership(const raft::leadership& now) = 0;
    // The next entries, in order. An error: they can't be applied, and the node fails.
    virtual result<void> on_committed(const std::vector<raft::entry>& entries) = 0;
    // The state is this one from now on, whatever was committed before.
    virtual void on_installed(loaded_snapshot snapshot) = 0;
    // A sync has ended well that took so long, and all that became committed by it was handed out.
    virtual void on_synced(duration took) = 0;

   protected:
    ~listener() = default;
  };

  // Both outlive it.
  quorum(shard_context& zero, listener& out) : home_(zero), out_(out), transfer_(zero, *this) {}

  // Restores what the disk holds, which is the state that the first committed entries come on top of. Nothing is called
  // back before begin().
  result<loaded_snapshot> open();
  void begin() { pump(); }

  // One entry. It is committed when on_committed shows one at this position. errc::not_leader: not here, or not any
  // more.
  result<raft::log_position> propose(raft::payload_ptr payload);

  // From the outside: a message of raft, and what the transport knows of a peer.
  void on_message(bytes_view message);
  void peer_down(broker_id id) {
    if (raft_) raft_->peer_down(id, home_.now.steady);
  }

  // Performs what raft wants: writes, syncs on a worker, sends, hands out what is committed.
  void pump();
  void on_wake();
  time_point wake_at() const noexcept { return raft_ ? raft_->wake_at() : time_point::max(); }

  // Why nothing can be written now; tried again every second. Nothing that is kept is lost by it.
  const std::optional<error>& disk_trouble() const noexcept { return disk_trouble_; }
  bool is_syncing() const noexcept { return syncing_; }
  bool is_open() const noexcept { return raft_ != nullptr && !closing_; }
  // Null before open() and after close().
  const raft::raft_node* raft() const noexcept { return raft_.get(); }
  const std::string& directory() const noexcept { return log_->directory(); }
  // Of the entries since the last snapshot that was asked for by snapshot_begins().
  std::uint64_t bytes_since_snapshot() const noexcept { return bytes_since_snapshot_; }
  void snapshot_begins() noexcept { bytes_since_snapshot_ = 0; }
  // A durable snapshot of the state after this entry is there: what lies before may go.
  void snapshot_taken(raft_index last);

  // Waits for syncs under way and closes the log. `done` gets whether that went well.
  void close(unique_function<void(bool)> done);

 private:
  friend class snapshot_transfer;

  raft::raft_config settings() const;
  raft_log::open_options log_options() const;
  void perform(raft::ready r);
  void send(const raft::message& m);
  void hand_out(const raft::ready& r);
  void drop_before(raft_index first);
  void installed(loaded_snapshot snapshot);
  // quorum_disk.cpp
  void write(const raft::ready* r);
  void begin_sync();
  void sync_ended(std::uint64_t id, const raft_log::sync_job& job, const result<void>& outcome);
  void on_disk_trouble(const error& why);
  void retry();
  void repair();
  void repair_ended(const log::repair_job& job, const result<log::repair_job::outcome>& outcome);
  void go_on_closing();
  // The node ends: it doesn't know what is durable, or can't apply what is.
  void fail(const error& why);

  shard_context& home_;
  listener& out_;
  snapshot_transfer transfer_;
  std::unique_ptr<raft_log> log_;
  std::unique_ptr<raft::raft_node> raft_;
  std::uint64_t persist_taken_ = 0;   // the last persist_id that raft gave out,
  std::uint64_t persist_wanted_ = 0;  // that was written whole,
  std::uint64_t persist_done_ = 0;    // and that is on the disk
  bool syncing_ = false;              // or repairing
  bool is_pumping_ = false;
  bool has_failed_ = false;
  time_point sync_began_{};
  std::optional<error> disk_trouble_;
  bool retry_due_ = false;
  std::uint64_t bytes_since_snapshot_ = 0;
  unique_function<void(bool)> closing_;
};

}  // namespace jackdaw::broker
