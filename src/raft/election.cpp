// Leader election: chapter 3.4, with the pre-vote of 9.6 and the loyalty to a live leader of 4.2.3.
#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/raft_node.hpp"

namespace jackdaw::raft {

void raft_node::restart_election_timer() {
  // A candidate knows that nobody leads, so after a split vote it tries again sooner.
  const bool runs = role_ == node_role::candidate || role_ == node_role::pre_candidate;
  const duration base = runs ? config_.election_timeout / 4 : config_.election_timeout;
  election_due_ = now_ + base + duration(random_.below(static_cast<std::uint64_t>(base.count()) + 1));
}

bool raft_node::hears_leader() const {
  if (is_leader()) return true;
  return leader_ != broker_id{} && !leader_gone_ && now_ < leader_heard_ + config_.election_timeout;
}

void raft_node::become_follower(raft_term term, broker_id leader) {
  JD_ASSERT(term >= hard_state_.term, term.value(), hard_state_.term.value());
  if (term > hard_state_.term) {
    set_hard_state({term, broker_id{}});
    // One that is being installed goes on: what it holds is committed whoever leads.
    if (incoming_ && !incoming_->complete) incoming_.reset();
  }
  role_ = is_voter() ? node_role::follower : node_role::observer;
  leader_ = leader;
  leader_gone_ = false;
  if (leader != broker_id{}) leader_heard_ = now_;
  matched_ = raft_index{0};
  votes_.clear();
  followers_.clear();
  transfer_.reset();
  restart_election_timer();
}

void raft_node::become_leader() {
  JD_ASSERT(role_ == node_role::candidate && hard_state_.voted_for == config_.self, name_of(role_),
            hard_state_.term.value(), hard_state_.voted_for.value());
  JD_ASSERT(!incoming_ || !incoming_->complete, hard_state_.term.value());
  role_ = node_role::leader;
  leader_ = config_.self;
  votes_.clear();
  incoming_.reset();
  followers_.clear();
  for (const voter& v : voters().voters) {
    if (v.id == config_.self) continue;
    progress& p = followers_[v.id];
    p.become_probe(log_.last_index() + 1);
    p.heard = now_;
  }
  heartbeat_due_ = now_ + config_.heartbeat_interval;
  // Entries of older terms are committed only together with one of this term (3.6.2).
  term_start_ = append_own(entry_kind::no_op, make_payload(bytes_view{})).index;
}

void raft_node::on_election_timeout() {
  if (is_voter()) {
    start_election(voters().size() > 1, false);
    return;
  }
  if (!hears_leader()) leader_ = broker_id{};
  look_for_leader(broker_id{});
}

void raft_node::start_election(bool pre_vote, bool transfer) {
  JD_ASSERT(is_voter() && !is_leader(), name_of(role_));
  if (incoming_ && incoming_->complete) {
    // The state machine is being replaced; there is nothing to lead yet.
    restart_election_timer();
    return;
  }
  leader_ = broker_id{};
  matched_ = raft_index{0};
  role_ = pre_vote ? node_role::pre_candidate : node_role::candidate;
  if (!pre_vote) set_hard_state({hard_state_.term + 1, config_.self});
  restart_election_timer();
  votes_.clear();
  const raft_term term = pre_vote ? hard_state_.term + 1 : hard_state_.term;
  for (const voter& v : voters().voters) {
    if (v.id != config_.self) send(v.id, term, vote_request{log_.last(), pre_vote, transfer});
  }
  count_vote(config_.self, true);
}

void raft_node::count_vote(broker_id from, bool granted) {
  JD_ASSERT(role_ == node_role::candidate || role_ == node_role::pre_candidate, name_of(role_), from.value());
  if (!voters().contains(from)) return;
  votes_[from] = granted;
  std::size_t yes = 0;
  for (const auto& [id, vote] : votes_) yes += vote ? 1 : 0;
  if (yes >= voters().majority()) {
    if (role_ == node_role::pre_candidate) {
      start_election(false, false);
    } else {
      become_leader();
    }
  } else if (votes_.size() - yes >= voters().majority()) {
    become_follower(hard_state_.term, broker_id{});
  }
}

bool raft_node::is_up_to_date(const log_position& last) const {
  const log_position own = log_.last();
  return last.term > own.term || (last.term == own.term && last.index >= own.index);
}

void raft_node::on(const message& m, const vote_request& request) {
  if (request.pre_vote) {
    // Ours may be the newer term; then the asker learns it and may come again.
    const bool granted = m.term > hard_state_.term && !hears_leader() && is_up_to_date(request.last);
    send(m.from, granted ? m.term : hard_state_.term, vote_response{true, granted});
    // It was removed while it was away and doesn't know; the log will tell it.
    if (!granted && !voters().contains(m.from) && hears_leader()) on(m, observe_request{request.last});
    return;
  }
  const bool free = hard_state_.voted_for == m.from || (hard_state_.voted_for == broker_id{} && leader_ == broker_id{});
  const bool granted = free && is_up_to_date(request.last);
  if (granted) {
    if (hard_state_.voted_for != m.from) set_hard_state({hard_state_.term, m.from});
    restart_election_timer();
  }
  send(m.from, vote_response{false, granted});
}

void raft_node::on(const message& m, const vote_response& response) {
  if (response.pre_vote) {
    const raft_term expected = response.granted ? hard_state_.term + 1 : hard_state_.term;
    if (role_ == node_role::pre_candidate && m.term == expected) count_vote(m.from, response.granted);
  } else if (role_ == node_role::candidate) {
    count_vote(m.from, response.granted);
  }
}

void raft_node::on(const message&, const timeout_now&) {
  if (role_ != node_role::follower) return;
  start_election(false, true);
}

}  // namespace jackdaw::raft
