#include "jackdaw/raft/raft_node.hpp"

#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::raft {

raft_node::raft_node(const raft_config& config, restored_state state, log_reader& reader, random_source random,
                     time_point now)
    : config_(config),
      random_(random),
      now_(now),
      hard_state_(state.hard_state),
      log_(state.log, reader, config.cache_bytes_max),
      membership_(state.snapshot, state.log),
      snapshot_(std::move(state.snapshot)),
      commit_(snapshot_.position.index),
      handed_out_(commit_),
      durable_(log_.last_index()) {
  JD_ASSERT(log_.first_index() <= commit_ + 1 && commit_ <= log_.last_index(), log_.first_index().value(),
            commit_.value(), log_.last_index().value());
  // Entries of a term may have reached the disk before the term itself.
  if (log_.last_term() > hard_state_.term) hard_state_ = {log_.last_term(), broker_id{}};
  role_ = is_voter() ? node_role::follower : node_role::observer;
  told_leadership_ = leadership_now();
  restart_election_timer();
  if (role_ == node_role::observer) election_due_ = now;
  if (is_voter() && voters().size() == 1) start_election(false, false);
}

// ---- events

void raft_node::step(const message& m, time_point now) {
  now_ = now;
  if (failed_ || m.to != config_.self || m.from == config_.self || !admit(m)) return;
  std::visit([&](const auto& body) { on(m, body); }, m.body);
}

// Brings terms together (3.3). False: the message is of no further use.
bool raft_node::admit(const message& m) {
  const bool asks_for_log =
      std::holds_alternative<observe_request>(m.body) || std::holds_alternative<observe_response>(m.body);
  if (asks_for_log || m.term == hard_state_.term) return true;
  if (m.term < hard_state_.term) {
    answer_old_term(m);
    return false;
  }
  if (const auto* request = std::get_if<vote_request>(&m.body)) {
    // Whoever hears a leader doesn't let others depose it (4.2.3).
    if (!request->transfer && hears_leader() && !request->pre_vote) return false;
    if (request->pre_vote) return true;
  }
  const auto* response = std::get_if<vote_response>(&m.body);
  if (response && response->pre_vote && response->granted) return true;
  const bool from_leader =
      std::holds_alternative<append_request>(m.body) || std::holds_alternative<snapshot_request>(m.body);
  become_follower(m.term, from_leader ? m.from : broker_id{});
  return true;
}

// Whoever lives in an old term learns the new one from any answer.
void raft_node::answer_old_term(const message& m) {
  if (const auto* request = std::get_if<vote_request>(&m.body)) {
    send(m.from, vote_response{request->pre_vote, false});
  } else if (const auto* append = std::get_if<append_request>(&m.body)) {
    send(m.from, append_response{false, {}, append->previous.index, log_.last()});
  } else if (const auto* snapshot = std::get_if<snapshot_request>(&m.body)) {
    send(m.from, snapshot_response{snapshot->snapshot.position, 0, false});
  }
}

void raft_node::tick(time_point now) {
  now_ = now;
  if (failed_) return;
  if (is_leader()) {
    if (transfer_ && now >= transfer_->give_up) transfer_.reset();
    if (now >= heartbeat_due_) heartbeat();
  } else if (now >= election_due_) {
    on_election_timeout();
  }
}

void raft_node::persisted(std::uint64_t persist_id, time_point now) {
  now_ = now;
  JD_ASSERT(persist_id <= last_persist_id_, persist_id, last_persist_id_);
  const raft_index was = durable_;
  while (!writes_.empty() && writes_.front().id <= persist_id) {
    durable_ = std::max(durable_, writes_.front().last);
    writes_.pop_front();
  }
  JD_ASSERT(durable_ <= log_.last_index(), durable_.value(), log_.last_index().value());
  durable_persist_id_ = std::max(durable_persist_id_, persist_id);
  while (!held_.empty() && held_.front().after <= durable_persist_id_) {
    out_.messages.push_back(std::move(held_.front().m));
    held_.pop_front();
  }
  if (durable_ == was) return;
  if (is_leader()) {
    advance_commit();
  } else if (leader_ != broker_id{} && was < matched_) {
    acknowledge();
  }
}

void raft_node::peer_down(broker_id id, time_point now) {
  now_ = now;
  if (is_leader() || id != leader_) return;
  leader_gone_ = true;
  // Not at once: the others need a moment to notice, too, or they refuse to vote.
  const auto jitter = duration(random_.below(static_cast<std::uint64_t>(config_.heartbeat_interval.count()) + 1));
  election_due_ = std::min(election_due_, now + jitter);
}

result<log_position> raft_node::propose(std::vector<payload_ptr> payloads, time_point now) {
  now_ = now;
  if (failed_ || !is_leader() || transfer_) {
    return fail(errc::not_leader, transfer_ ? "leadership of the metadata log is being handed over"
                                            : "this node doesn't lead the metadata log");
  }
  JD_ASSERT(!payloads.empty());
  for (payload_ptr& payload : payloads) append_own(entry_kind::data, std::move(payload));
  return log_.last();
}

// ---- effects

bool raft_node::has_ready() const {
  if (failed_) return out_.failure.has_value();
  return hard_state_id_ > last_persist_id_ || out_.reset_log || out_.truncate_from || !out_.append.empty() ||
         !out_.messages.empty() || !out_.snapshot_sends.empty() || !out_.snapshot_pieces.empty() || out_.drop_before ||
         sends_due_ || may_hand_out() || leadership_now() != told_leadership_;
}

ready raft_node::take() {
  if (sends_due_ && is_leader()) send_appends();
  sends_due_ = false;
  if (leadership_now() != told_leadership_) out_.leadership = told_leadership_ = leadership_now();
  take_committed();
  take_writes();
  log_.trim(std::min(durable_, handed_out_));
  return std::exchange(out_, ready{});
}

// While a snapshot is being installed, the state machine belongs to it.
bool raft_node::may_hand_out() const noexcept {
  return handed_out_ < commit_ && !failed_ && !(incoming_ && incoming_->complete);
}

void raft_node::take_committed() {
  if (!may_hand_out()) return;
  auto entries = log_.entries(handed_out_ + 1, commit_, config_.committed_bytes_max);
  if (!entries) {
    failed_ = true;
    out_.failure = entries.error();
    return;
  }
  JD_ASSERT(entries->front().index == handed_out_ + 1, entries->front().index.value(), handed_out_.value());
  handed_out_ = entries->back().index;
  JD_ASSERT(handed_out_ <= commit_, handed_out_.value(), commit_.value());
  out_.committed = std::move(*entries);
}

namespace {

// What goes to the disk is the log's new end, without a gap behind what the disk keeps.
void check_writes(const ready& out, raft_index end) {
  if (out.append.empty()) return;
  const raft_index first = out.append.front().index;
  const raft_index last = out.append.back().index;
  JD_ASSERT(last == end && last - first + 1 == std::ssize(out.append), first.value(), last.value(), end.value());
  JD_ASSERT(!out.reset_log || first == out.reset_log->index + 1, first.value(), out.reset_log->index.value());
  JD_ASSERT(!out.truncate_from || first == *out.truncate_from, first.value(), out.truncate_from->value());
}

}  // namespace

void raft_node::take_writes() {
  const bool has_hard_state = hard_state_id_ > last_persist_id_;
  if (!has_hard_state && !out_.reset_log && !out_.truncate_from && out_.append.empty()) return;
  if (has_hard_state) out_.hard_state = hard_state_;
  check_writes(out_, log_.last_index());
  out_.persist_id = ++last_persist_id_;
  writes_.push_back({out_.persist_id, log_.last_index()});
}

time_point raft_node::wake_at() const noexcept {
  if (failed_) return time_point::max();
  if (!is_leader()) return election_due_;
  // A leader without followers has nobody to tell that it lives.
  const time_point at = followers_.empty() ? time_point::max() : heartbeat_due_;
  return transfer_ ? std::min(at, transfer_->give_up) : at;
}

// ---- inside

// A message may say what only a hard state makes true, so none overtakes one that isn't durable.
void raft_node::send(broker_id to, raft_term term, message_body body) {
  JD_ASSERT(to != config_.self, to.value(), name_of(role_));
  message m{config_.self, to, term, std::move(body)};
  if (hard_state_id_ > durable_persist_id_) {
    JD_ASSERT(held_.empty() || held_.back().after <= hard_state_id_, held_.back().after, hard_state_id_);
    held_.push_back({hard_state_id_, std::move(m)});
  } else {
    out_.messages.push_back(std::move(m));
  }
}

void raft_node::set_hard_state(const raft::hard_state& state) {
  JD_ASSERT(state.term >= hard_state_.term, state.term.value(), hard_state_.term.value());
  // One vote in a term, whatever comes (3.4).
  JD_ASSERT(state.term > hard_state_.term || hard_state_.voted_for == broker_id{}, state.term.value(),
            state.voted_for.value(), hard_state_.voted_for.value());
  hard_state_ = state;
  hard_state_id_ = last_persist_id_ + 1;
}

void raft_node::set_commit(raft_index index) {
  JD_ASSERT(index >= commit_ && index <= log_.last_index(), index.value(), commit_.value(), log_.last_index().value());
  if (index == commit_) return;
  commit_ = index;
  if (is_leader()) {
    sends_due_ = true;
    leave_if_removed();
  }
}

void raft_node::check() const {
  log_.check();
  JD_ASSERT(log_.first_index() <= handed_out_ + 1, log_.first_index().value(), handed_out_.value());
  JD_ASSERT(handed_out_ <= commit_, handed_out_.value(), commit_.value());
  JD_ASSERT(commit_ <= log_.last_index(), commit_.value(), log_.last_index().value());
  JD_ASSERT(durable_ <= log_.last_index(), durable_.value(), log_.last_index().value());
  JD_ASSERT(snapshot_.position.index <= handed_out_, snapshot_.position.index.value(), handed_out_.value());
  JD_ASSERT(log_.last_term() <= hard_state_.term, log_.last_term().value(), hard_state_.term.value());
  JD_ASSERT(is_leader() == (leader_ == config_.self), name_of(role_), leader_.value());
  JD_ASSERT((role_ == node_role::observer) == (!is_voter() && !is_leader()), name_of(role_));
  JD_ASSERT(is_leader() || followers_.empty());
  for (const auto& [id, p] : followers_) {
    JD_ASSERT(p.match <= log_.last_index() && p.next > p.match, id.value(), p.match.value(), p.next.value());
    JD_ASSERT(p.next <= log_.last_index() + 1, id.value(), p.next.value());
    JD_ASSERT(p.voter == voters().contains(id), id.value());
  }
}

}  // namespace jackdaw::raft
