// What a leader knows of one follower or observer.
//
//   probe --accepted--> replicate --refused or silent--> probe
//   either --its next entry is no longer in the log--> snapshot --installed--> probe
#pragma once

#include <cstdint>
#include <deque>

#include "jackdaw/base/time.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

struct progress {
  enum class mode : std::uint8_t {
    probe,      // one message at a time, until it is known where the logs part
    replicate,  // entries are sent as they come, without waiting for answers
    snapshot,   // pieces of a snapshot, one at a time
  };

  bool voter = true;
  mode state = mode::probe;
  raft_index match;    // known to be durable there
  raft_index next{1};  // to be sent next
  raft_index commit_sent;
  bool probe_sent = false;           // in mode probe: an answer is outstanding
  std::deque<raft_index> in_flight;  // in mode replicate: the last index of each unanswered append
  // When it last answered anything, and when it last had all that the leader had (KIP-595's last caught-up time).
  time_point heard{};
  time_point caught_up{};

  snapshot_info snapshot;           // in mode snapshot: which one
  std::uint64_t snapshot_byte = 0;  // the piece that is outstanding
  time_point snapshot_retry{};

  void become_probe(raft_index from) {
    state = mode::probe;
    next = from;
    probe_sent = false;
    in_flight.clear();
  }
  void become_replicate() {
    state = mode::replicate;
    next = match + 1;
    in_flight.clear();
  }
};

}  // namespace jackdaw::raft
