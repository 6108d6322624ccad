// What raft nodes say to each other. Any message may be lost, delayed, doubled or overtaken.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

struct vote_request {
  log_position last;
  // A question whether a vote would be granted: changes nothing at the receiver (9.6).
  bool pre_vote = false;
  // The leader asked the sender to take over, so that a live leader is no reason to refuse (3.10).
  bool transfer = false;
  bool operator==(const vote_request&) const noexcept = default;
};

struct vote_response {
  bool pre_vote = false;
  bool granted = false;
  bool operator==(const vote_response&) const noexcept = default;
};

// With no entries it is a heartbeat.
struct append_request {
  log_position previous;  // of the entry before the first one here
  raft_index commit;
  std::vector<entry> entries;
};

struct append_response {
  // Accepted: all entries up to `match` equal the leader's and are durable at the sender.
  bool accepted = false;
  raft_index match;
  // Refused: the request's previous.index, and where the leader should try next: the sender's last entry at or
  // before it that can match (its term is at most the request's previous.term).
  raft_index refused;
  log_position hint;
  bool operator==(const append_response&) const noexcept = default;
};

// A piece of the leader's snapshot, to a follower whose next entry the leader no longer has (chapter 5).
struct snapshot_request {
  snapshot_info snapshot;
  std::uint64_t at_byte = 0;
  std::vector<std::byte> bytes;
  bool last = false;
};

struct snapshot_response {
  log_position position;
  std::uint64_t next_byte = 0;  // where the sender of the response goes on
  bool installed = false;
  bool operator==(const snapshot_response&) const noexcept = default;
};

// "Start an election now" (3.10).
struct timeout_now {
  bool operator==(const timeout_now&) const noexcept = default;
};

// From a node outside the set of voters: "send me the log". Repeated until the leader does.
struct observe_request {
  log_position last;
  bool operator==(const observe_request&) const noexcept = default;
};

// To an observer, from a voter that isn't the leader.
struct observe_response {
  broker_id leader;  // -1: not known here
  bool operator==(const observe_response&) const noexcept = default;
};

using message_body = std::variant<vote_request, vote_response, append_request, append_response, snapshot_request,
                                  snapshot_response, timeout_now, observe_request, observe_response>;

struct message {
  broker_id from;
  broker_id to;
  // The sender's term; in a pre-vote the term that would be voted in (and that a granting response repeats).
  raft_term term;
  message_body body;
};

}  // namespace jackdaw::raft
