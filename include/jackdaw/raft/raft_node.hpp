// Raft as a pure stepper: events go in by the methods that take `now`, effects come out by take().
//
//   observer --(voters say so)--> follower --timeout--> pre_candidate --majority--> candidate --majority--> leader
//   any of the last three --higher term, or a leader of the same term--> follower
//   leader --no majority heard for an election timeout, or removed and that is committed--> follower / observer
//   the only voter goes from follower to leader in one step, without waiting
//
// After every event: call take() while has_ready(), and perform each ready in this order:
//   1. write what its first part holds (hard state, reset, truncation, entries), in the order of the fields and after
//      everything of earlier readies. Syncing may come later and cover many readies at once; when all up to a
//      persist_id is on disk, call persisted(persist_id).
//   2. send `messages`. They may leave before the writes are done: whatever must not leave before something is durable
//      (votes, terms, acknowledgements) the node itself holds back until persisted().
//   3. apply `committed`, in order, each exactly once.
// Call tick() when wake_at() has come. Nothing here blocks except log_reader, which is asked only for entries that have
// left memory: to bring up a follower that lags far behind, and to replay the log at start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/raft/log_reader.hpp"
#include "jackdaw/raft/log_view.hpp"
#include "jackdaw/raft/membership.hpp"
#include "jackdaw/raft/messages.hpp"
#include "jackdaw/raft/progress.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::raft {

struct raft_config {
  broker_id self;
  uuid directory;
  // A follower that hears nothing from a leader waits this long, and up to twice as long by chance.
  duration election_timeout = std::chrono::milliseconds(1000);
  duration heartbeat_interval = std::chrono::milliseconds(100);
  std::size_t append_bytes_max = 1 << 20;        // entries in one append_request
  std::size_t appends_in_flight_max = 32;        // to one follower without an answer
  std::size_t committed_bytes_max = 1 << 20;     // entries in one ready
  std::size_t cache_bytes_max = 8 << 20;         // recent entries kept in memory once they are durable and applied
  std::int64_t entries_behind_snapshot = 10000;  // kept for followers that are a little late
  std::int64_t voter_lag_max = 1000;             // a node becomes a voter only when at most so many entries behind
};

// What a node finds on its disk. With an empty disk: `snapshot.voters` is the first set of voters, the same at all.
struct restored_state {
  raft::hard_state hard_state;
  snapshot_info snapshot;
  restored_log log;
};

struct leadership {
  node_role role = node_role::follower;
  raft_term term;
  broker_id leader;  // -1: not known
  bool operator==(const leadership&) const noexcept = default;
};

struct ready {
  // 1. To disk. 0: nothing to write.
  std::uint64_t persist_id = 0;
  std::optional<raft::hard_state> hard_state;
  // The log is replaced by an installed snapshot: remove all entries, the next one is reset_log->index + 1.
  std::optional<log_position> reset_log;
  std::optional<raft_index> truncate_from;  // remove this entry and all after it
  std::vector<entry> append;

  // 2. To the network.
  std::vector<message> messages;

  // 3. To the state machine. `leadership` changed before the committed entries here were committed; an entry that this
  // node proposed and that was not committed when it ceased to lead may still be, under the next leader, or may vanish.
  std::optional<raft::leadership> leadership;
  std::vector<entry> committed;

  // Whenever convenient.
  std::optional<raft_index> drop_before;  // entries before this one are no longer needed
  // Read the piece of the snapshot at `at_byte` and send the message that snapshot_piece() makes of it.
  struct snapshot_send {
    broker_id to;
    snapshot_info snapshot;
    std::uint64_t at_byte = 0;
  };
  std::vector<snapshot_send> snapshot_sends;
  // Write pieces of an incoming snapshot; at_byte 0 starts anew. Then call snapshot_piece_written(); after the last
  // one make the snapshot durable and the state machine's state and call snapshot_installed().
  std::vector<snapshot_request> snapshot_pieces;

  // The log could not be read; the node can't go on.
  std::optional<error> failure;
};

class raft_node {
 public:
  // `reader` outlives the node. `random` gives the jitter of elections.
  raft_node(const raft_config& config, restored_state state, log_reader& reader, random_source random, time_point now);

  // ---- events
  void step(const message& m, time_point now);
  void tick(time_point now);
  // Everything that readies up to this persist_id asked to write is durable.
  void persisted(std::uint64_t persist_id, time_point now);
  // The transport knows that a node is gone: connection reset and port refused. A hint that saves waiting.
  void peer_down(broker_id id, time_point now);
  // Appends one entry for each payload, all or none, and returns the last one's position: it is committed when
  // `committed` shows an entry with this index and this term. errc::not_leader: not here, or leadership is moving away.
  result<log_position> propose(std::vector<payload_ptr> payloads, time_point now);
  // One change at a time (4.1). errc::busy: another change, or the first entry of this term, isn't committed yet, or
  // the node isn't caught up (it must follow as an observer first).
  result<log_position> add_voter(const voter& v, time_point now);
  result<log_position> remove_voter(broker_id id, time_point now);
  // Hands leadership to `target`, or to the most caught-up follower when it is -1. Proposals are refused meanwhile;
  // given up after an election timeout.
  result<void> transfer_leadership(broker_id target, time_point now);
  // The shell has a durable snapshot of the state after entry `index`, which was in `committed`.
  void snapshot_taken(raft_index index, time_point now);
  void snapshot_piece_written(const log_position& position, std::uint64_t next_byte, time_point now);
  void snapshot_installed(const snapshot_info& snapshot, time_point now);

  // ---- effects
  bool has_ready() const;
  ready take();
  time_point wake_at() const noexcept;
  // The message for a ready::snapshot_send; `last` when the snapshot ends after `bytes`.
  message snapshot_piece(const ready::snapshot_send& send, std::vector<std::byte> bytes, bool last) const;

  // ---- what is so now
  node_role role() const noexcept { return role_; }
  raft_term term() const noexcept { return hard_state_.term; }
  broker_id leader() const noexcept { return leader_; }
  bool is_leader() const noexcept { return role_ == node_role::leader; }
  raft_index commit_index() const noexcept { return commit_; }
  raft_index last_index() const noexcept { return log_.last_index(); }
  raft_index durable_index() const noexcept { return durable_; }
  raft_index first_index() const noexcept { return log_.first_index(); }
  const snapshot_info& snapshot() const noexcept { return snapshot_; }
  const voter_set& voters() const noexcept { return membership_.current(); }
  // On the leader: how far each other voter and each observer is (DescribeQuorum). Empty elsewhere.
  const std::map<broker_id, progress>& followers() const noexcept { return followers_; }
  bool is_transferring() const noexcept { return transfer_.has_value(); }

  // Invariants; for tests, after every step.
  void check() const;

 private:
  // election.cpp
  void become_follower(raft_term term, broker_id leader, time_point now);
  void become_leader(time_point now);
  void start_election(bool pre_vote, bool transfer, time_point now);
  void count_vote(broker_id from, bool granted, time_point now);
  void on_election_timeout(time_point now);
  void on(const message& m, const vote_request& request, time_point now);
  void on(const message& m, const vote_response& response, time_point now);
  void on(const message& m, const timeout_now&, time_point now);
  bool may_vote_for(broker_id candidate, const log_position& last, raft_term term) const;
  bool hears_leader(time_point now) const;
  void restart_election_timer(time_point now);
  // append_follower.cpp
  void on(const message& m, const append_request& request, time_point now);
  void accept_entries(const append_request& request);
  void refuse_append(broker_id to, const log_position& previous);
  void acknowledge(broker_id to, raft_index match);
  // append_leader.cpp
  void on(const message& m, const append_response& response, time_point now);
  void append_own(entry_kind kind, payload_ptr payload);
  void send_appends();
  void send_append(broker_id to, progress& p, bool heartbeat);
  void send_entries(broker_id to, progress& p);
  void heartbeat(time_point now);
  void check_quorum(time_point now);
  void advance_commit(time_point now);
  void refresh_followers(time_point now);
  // snapshot.cpp
  void on(const message& m, const snapshot_request& request, time_point now);
  void on(const message& m, const snapshot_response& response, time_point now);
  void start_snapshot(broker_id to, progress& p);
  // membership_changes.cpp
  void on(const message& m, const observe_request& request, time_point now);
  void on(const message& m, const observe_response& response, time_point now);
  result<log_position> change_voters(voter_set voters, time_point now);
  void on_committed_voters(time_point now);
  void try_transfer(time_point now);
  void look_for_leader(time_point now);
  // raft_node.cpp
  bool admit(const message& m, time_point now);
  void send(broker_id to, raft_term term, message_body body);
  void send(broker_id to, message_body body) { send(to, hard_state_.term, std::move(body)); }
  void set_hard_state(const raft::hard_state& state);
  void set_commit(raft_index index);
  void note_leadership();
  bool is_voter() const noexcept { return membership_.current().contains(config_.self); }
  std::uint64_t next_persist_id();
  void take_committed(ready& out);

  raft_config config_;
  random_source random_;
  raft::hard_state hard_state_;
  node_role role_ = node_role::follower;
  broker_id leader_;
  log_view log_;
  membership membership_;
  snapshot_info snapshot_;
  raft_index commit_;
  raft_index handed_out_;  // the last entry given to the state machine
  raft_index durable_;

  time_point election_due_{};
  time_point heartbeat_due_{};
  time_point leader_heard_{};
  bool leader_gone_ = false;  // the transport said so

  // Candidates: who said yes or no.
  std::map<broker_id, bool> votes_;

  // Leaders.
  struct transfer_state {
    broker_id target;
    time_point give_up;
    bool told = false;
  };
  std::map<broker_id, progress> followers_;
  std::optional<transfer_state> transfer_;
  raft_index term_start_;  // the first entry of the own term
  time_point quorum_since_{};

  // Followers: up to where this term's leader's log is known to equal ours, and who is to be told once it is durable.
  raft_index matched_;
  // Observers: whom to ask next for the log.
  std::size_t ask_next_ = 0;
  // Where an incoming snapshot stands.
  struct incoming_snapshot {
    snapshot_info snapshot;
    broker_id from;
    std::uint64_t next_byte = 0;  // received and handed out; those before it are written or being written
    bool complete = false;
  };
  std::optional<incoming_snapshot> incoming_;

  // Effects not yet taken.
  ready out_;
  bool ready_ = false;
  bool sends_due_ = false;
  raft::leadership told_leadership_;

  // What is being written: persist_id -> the last index that it covers.
  struct write_in_flight {
    std::uint64_t id = 0;
    raft_index last;
    bool has_hard_state = false;
  };
  std::deque<write_in_flight> writes_;
  std::uint64_t last_persist_id_ = 0;
  bool hard_state_dirty_ = false;
  std::size_t hard_states_in_flight_ = 0;
  // Messages that wait for a hard state to be durable, in order.
  struct held_message {
    std::uint64_t after = 0;  // persist_id; 0 until the hard state is taken
    message m;
  };
  std::deque<held_message> held_;
};

}  // namespace jackdaw::raft
