// Raft's persistent state on the disk: the log as a partition log (`__cluster_metadata-0`), term and vote in
// `quorum-state`, snapshots of the cluster state beside them. docs/formats/metadata.md tells the bytes.
//
// Entry i is one batch with one record at offset i - 1; the batch's leader epoch is the entry's term.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/coordinator/group_table.hpp"
#include "jackdaw/log/partition_log.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/raft/log_reader.hpp"
#include "jackdaw/raft/raft_node.hpp"

namespace jackdaw::broker {

// Shard 0's thread only, but for the jobs that it hands out.
class raft_log final : public raft::log_reader {
 public:
  // What the directory held. An empty one: `first_voters`, no entries, the empty image.
  struct restored {
    raft::restored_state state;
    metadata::image_ptr image;  // of the snapshot
    coordinator::group_table groups;
  };

  struct open_options {
    std::string directory;
    bool clean = false;          // the directory's last owner closed it
    std::int32_t segment_bytes;  // an entry that is larger gets a segment of its own
    timestamp_ms now;
    raft::voter_set first_voters;
  };
  static result<std::unique_ptr<raft_log>> open(log::disk& d, const open_options& options, restored& found);

  // Takes over what a ready has for the disk. It is durable once a sync_job made afterwards has run. errc::no_space,
  // errc::io: some of it isn't written yet; it is kept, and write_rest() goes on where this stopped.
  result<void> write(const raft::ready& r, timestamp_ms now);
  result<void> write_rest(timestamp_ms now);

  // Any thread.
  class sync_job {
   public:
    result<void> run(log::disk& d) const;

   private:
    friend class raft_log;
    std::string state_path_;
    std::optional<std::string> state_;  // the new content of quorum-state
    log::flush_job flush_;
  };
  sync_job prepare_sync();
  void sync_done(const sync_job& job) { log_->flush_done(job.flush_); }
  // What the job should have brought to the disk is to be brought there again, after a repair if that is needed.
  void sync_failed(const sync_job& job, const error& why);
  bool needs_repair() const noexcept { return log_->needs_repair(); }
  result<log::repair_job> prepare_repair() { return log_->prepare_repair(); }
  // errc::corrupt: entries that were written are gone.
  result<void> repair_done(const log::repair_job& job, const log::repair_job::outcome& outcome);

  // After a snapshot: forgets entries before `first` (whole segments).
  void drop_before(raft_index first, timestamp_ms now);
  // Names of files that can be removed; a worker does it.
  std::vector<std::string> take_removable(timestamp_ms now) { return log_->take_removable_files(now); }

  result<std::vector<raft::entry>> entries(raft_index from, raft_index to, std::size_t max_bytes) override;

  const std::string& directory() const noexcept { return directory_; }
  std::uint64_t size_bytes() const noexcept { return log_->size_bytes(); }
  result<void> close() { return log_->close(true); }

 private:
  raft_log(log::disk& d, std::string directory) : disk_(d), directory_(std::move(directory)) {}

  result<void> load_state(raft::hard_state& state);
  result<void> load_snapshot(const raft::voter_set& first_voters, restored& found);
  result<void> replay(restored& found);
  result<bool> continues(const raft::log_position& snapshot);
  result<void> append(std::vector<raft::entry>& entries, timestamp_ms now);

  // What is left of a ready.
  struct unwritten {
    std::optional<raft::log_position> reset;
    std::optional<raft_index> truncate_from;
    std::vector<raft::entry> append;
  };
  result<void> perform(unwritten& work, timestamp_ms now);

  log::disk& disk_;
  std::string directory_;
  std::unique_ptr<log::partition_log> log_;
  log::append_scratch scratch_;
  std::deque<unwritten> rest_;
  std::optional<std::string> unsynced_state_;
};

}  // namespace jackdaw::broker
