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

  // 3. To the state machine. `leadership` is set when role, term or leader changed since the last ready, which was
  // before the entries here were committed. An entry that this node proposed in an earlier term and that is not
  // committed yet may still be, under the next leader, or may vanish.
  std::optional<raft::leadership> leadership;
  std::vector<entry> committed;

  // Whenever convenient, but not before the writes of this and earlier readies: entries before this one are no longer
  // needed.
  std::optional<raft_index> drop_before;
  // Read the piece of the snapshot at `at_byte` and send the message that snapshot_piece() makes of it.
  struct snapshot_send {
    broker_id to;
    snapshot_info snapshot;
    std::uint64_t at_byte = 0;
  };
  std::vector<snapshot_send> snapshot_sends;
  // Write pieces of an incoming snapshot; at_byte 0 starts anew. Then call snapshot_piece_written(); after the last
  // one make the snapshot durable and the state machine's state, and call snapshot_installed(). Nothing is committed
  // between the last piece and that call.
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
  // It can't be used (bad bytes, full disk): receive it again.
  void snapshot_refused(const log_position& position, time_point now);

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
  // Who votes according to the log up to `index`, which is at or after the snapshot.
  const voter_set& voters_at(raft_index index) const noexcept { return membership_.at(index); }
  // True once a leader has committed an entry of its own term: all entries of earlier terms that will ever be are
  // committed then, so what it decides on is complete (6.4).
  bool has_committed_in_term() const noexcept { return is_leader() && commit_ >= term_start_; }
  // On the leader: how far each other voter and each observer is (DescribeQuorum). Empty elsewhere.
  const std::map<broker_id, progress>& followers() const noexcept { return followers_; }
  bool is_transferring() const noexcept { return transfer_.has_value(); }

  // Invariants; for tests, after every step.
  void check() const;

 private:
  // election.cpp
  void become_follower(raft_term term, broker_id leader);
  void become_leader();
  void start_election(bool pre_vote, bool transfer);
  void count_vote(broker_id from, bool granted);
  void on_election_timeout();
  void on(const message& m, const vote_request& request);
  void on(const message& m, const vote_response& response);
  void on(const message& m, const timeout_now&);
  bool is_up_to_date(const log_position& last) const;
  bool hears_leader() const;
  void restart_election_timer();
  // append_follower.cpp
  bool follow(const message& m);
  void on(const message& m, const append_request& request);
  bool accept_entries(const append_request& request);
  void truncate_from(raft_index index);
  void append(const entry& e, const voter_set* voters);
  void acknowledge();
  // append_leader.cpp
  void on(const message& m, const append_response& response);
  void on_accepted(progress& p, raft_index match);
  void on_refused(progress& p, const append_response& response);
  log_position append_own(entry_kind kind, payload_ptr payload, const voter_set* voters = nullptr);
  void send_appends();
  bool send_entries(broker_id to, progress& p, std::size_t bytes_max);
  void send_empty(broker_id to, progress& p);
  void heartbeat();
  bool has_quorum() const;
  void advance_commit();
  // snapshot_transfer.cpp
  void on(const message& m, const snapshot_request& request);
  void on(const message& m, const snapshot_response& response);
  void start_snapshot(broker_id to, progress& p);
  void retry_snapshot(broker_id to, progress& p);
  // membership_changes.cpp
  void on(const message& m, const observe_request& request);
  void on(const message& m, const observe_response& response);
  result<void> may_change_voters() const;
  log_position change_voters(voter_set voters);
  void voters_changed();
  void leave_if_removed();
  void try_transfer();
  broker_id most_caught_up() const;
  void look_for_leader(broker_id ask);
  // raft_node.cpp
  bool admit(const message& m);
  void answer_old_term(const message& m);
  void send(broker_id to, raft_term term, message_body body);
  void send(broker_id to, message_body body) { send(to, hard_state_.term, std::move(body)); }
  void set_hard_state(const raft::hard_state& state);
  void set_commit(raft_index index);
  raft::leadership leadership_now() const noexcept { return {role_, hard_state_.term, leader_}; }
  bool is_voter() const noexcept { return membership_.current().contains(config_.self); }
  bool may_hand_out() const noexcept;
  void take_committed();
  void take_writes();

  raft_config config_;
  random_source random_;
  time_point now_;  // of the last event
  raft::hard_state hard_state_;
  node_role role_ = node_role::follower;
  broker_id leader_;
  log_view log_;
  membership membership_;
  snapshot_info snapshot_;
  raft_index commit_;
  raft_index handed_out_;  // the last entry given to the state machine
  raft_index durable_;
  bool failed_ = false;

  // Followers and candidates: when to start an election. Observers: when to ask for the log again.
  time_point election_due_{};
  time_point leader_heard_{};
  bool leader_gone_ = false;  // the transport said so
  // Up to where the log of this term's leader is known to equal ours.
  raft_index matched_;
  std::size_t ask_next_ = 0;  // observers: whom to ask

  // Candidates: who said yes or no.
  std::map<broker_id, bool> votes_;

  // Leaders.
  struct transfer_state {
    broker_id target;
    time_point give_up;
    bool told = false;
  };
  time_point heartbeat_due_{};
  std::map<broker_id, progress> followers_;
  std::optional<transfer_state> transfer_;
  raft_index term_start_;  // the first entry of the own term

  // An incoming snapshot.
  struct incoming_snapshot {
    snapshot_info snapshot;
    std::uint64_t handed_out = 0;  // bytes given to the shell
    std::uint64_t written = 0;     // and those that it has written
    bool complete = false;         // all handed out: only its installation may change state now
  };
  std::optional<incoming_snapshot> incoming_;

  // Effects not yet taken.
  ready out_;
  bool sends_due_ = false;
  raft::leadership told_leadership_;

  // What is being written. `last` is the end of the log once it is durable, as far as it wasn't truncated since.
  struct write_in_flight {
    std::uint64_t id = 0;
    raft_index last;
  };
  std::deque<write_in_flight> writes_;
  std::uint64_t last_persist_id_ = 0;
  std::uint64_t durable_persist_id_ = 0;
  std::uint64_t hard_state_id_ = 0;  // the write that holds the newest hard state; the next one if it isn't taken yet
  // Messages that wait for a hard state to be durable, in order.
  struct held_message {
    std::uint64_t after = 0;
    message m;
  };
  std::deque<held_message> held_;
};

}  // namespace jackdaw::raft
