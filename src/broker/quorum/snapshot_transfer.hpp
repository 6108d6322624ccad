// Pieces of snapshots between nodes: read from the disk for a follower whose next entries are gone here, written to it
// when this node is that follower. All of it on workers.
#pragma once

#include <cstddef>

#include "context/shard_context.hpp"
#include "jackdaw/raft/raft_node.hpp"

namespace jackdaw::broker {

class quorum;

// Shard 0's thread only.
class snapshot_transfer {
 public:
  snapshot_transfer(shard_context& zero, quorum& of) : home_(zero), quorum_(of) {}

  // The piece at `piece.at_byte`; nothing is sent when that snapshot is gone: raft asks again, for the newest.
  void send(const raft::ready::snapshot_send& piece);
  // Keeps the piece; after the last one the snapshot becomes this node's state.
  void take(raft::snapshot_request piece);
  bool is_busy() const noexcept { return on_workers_ != 0; }

 private:
  void taken(const raft::snapshot_request& piece, const result<void>& outcome);
  void install(const raft::snapshot_info& info);
  void ended();

  shard_context& home_;
  quorum& quorum_;
  std::size_t on_workers_ = 0;
};

}  // namespace jackdaw::broker
