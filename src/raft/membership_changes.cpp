// Who votes, who listens, who leads next: chapters 3.10 and 4, KIP-853.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/raft_node.hpp"
#include "jackdaw/raft/wire.hpp"

namespace jackdaw::raft {

// ---- voters

// One at a time, and none before this term has committed something: otherwise two majorities that share nobody could
// be formed (4.1 and its erratum).
result<void> raft_node::may_change_voters() const {
  if (failed_ || !is_leader() || transfer_) return fail(errc::not_leader, "only the leader changes the voters");
  if (!has_committed_in_term()) return fail(errc::busy, "the leader is new and has committed nothing yet");
  if (membership_.since() > commit_) return fail(errc::busy, "another change of the voters isn't committed yet");
  return {};
}

result<log_position> raft_node::add_voter(const voter& v, time_point now) {
  now_ = now;
  if (auto may = may_change_voters(); !may) return may.error();
  const std::string name = "node " + std::to_string(v.id.value());
  if (voters().contains(v.id)) return fail(errc::already_exists, name + " is a voter");
  const auto p = followers_.find(v.id);
  if (p == followers_.end() || now_ >= p->second.heard + config_.election_timeout) {
    return fail(errc::busy, name + " doesn't follow the metadata log; start it as an observer first");
  }
  const std::int64_t behind = log_.last_index() - p->second.match;
  if (behind > config_.voter_lag_max) {
    return fail(errc::busy, name + " is " + std::to_string(behind) + " entries behind; try again when it is caught up");
  }
  voter_set next = voters();
  next.voters.insert(std::upper_bound(next.voters.begin(), next.voters.end(), v,
                                      [](const voter& a, const voter& b) { return a.id < b.id; }),
                     v);
  return change_voters(std::move(next));
}

result<log_position> raft_node::remove_voter(broker_id id, time_point now) {
  now_ = now;
  if (auto may = may_change_voters(); !may) return may.error();
  if (!voters().contains(id)) return fail(errc::not_found, "node " + std::to_string(id.value()) + " is not a voter");
  if (voters().size() == 1) return fail(errc::invalid_argument, "the last voter can't be removed");
  voter_set next = voters();
  std::erase_if(next.voters, [id](const voter& v) { return v.id == id; });
  return change_voters(std::move(next));
}

log_position raft_node::change_voters(voter_set voters) {
  const std::size_t before = this->voters().size();
  JD_ASSERT(voters.size() == before + 1 || voters.size() + 1 == before, voters.size(), before);
  payload_ptr payload = make_payload(encode(voters));
  return append_own(entry_kind::voters, std::move(payload), &voters);
}

// A set counts from the moment it is in the log.
void raft_node::voters_changed() {
  if (!is_leader()) {
    const bool runs = role_ == node_role::candidate || role_ == node_role::pre_candidate;
    if (!runs || !is_voter()) role_ = is_voter() ? node_role::follower : node_role::observer;
    return;
  }
  for (auto& [id, p] : followers_) p.voter = voters().contains(id);
  for (const voter& v : voters().voters) {
    if (v.id == config_.self || followers_.contains(v.id)) continue;
    progress& p = followers_[v.id];
    p.become_probe(log_.last_index());
    p.heard = now_;
  }
}

// A leader outside the set that it committed has done its duty (4.2.2).
void raft_node::leave_if_removed() {
  if (is_voter() || commit_ < membership_.since()) return;
  send_appends();
  if (const broker_id next = most_caught_up(); next != broker_id{}) send(next, timeout_now{});
  become_follower(hard_state_.term, broker_id{});
}

// ---- handing over

broker_id raft_node::most_caught_up() const {
  broker_id best;
  raft_index most{-1};
  for (const auto& [id, p] : followers_) {
    if (!p.voter || now_ >= p.heard + config_.election_timeout || p.match <= most) continue;
    best = id;
    most = p.match;
  }
  return best;
}

result<void> raft_node::transfer_leadership(broker_id target, time_point now) {
  now_ = now;
  if (failed_ || !is_leader()) return fail(errc::not_leader, "only the leader hands leadership over");
  if (target == config_.self) return {};
  if (target == broker_id{}) target = most_caught_up();
  if (target == broker_id{}) return fail(errc::not_found, "there is no live voter to hand leadership to");
  if (!voters().contains(target)) {
    return fail(errc::invalid_argument, "node " + std::to_string(target.value()) + " is not a voter");
  }
  transfer_ = transfer_state{target, now_ + config_.election_timeout, false};
  try_transfer();
  return {};
}

void raft_node::try_transfer() {
  if (!is_leader() || !transfer_ || transfer_->told) return;
  const auto p = followers_.find(transfer_->target);
  if (p == followers_.end() || p->second.match < log_.last_index()) return;
  transfer_->told = true;
  send(transfer_->target, timeout_now{});
}

// ---- observers

void raft_node::look_for_leader(broker_id ask) {
  if (hears_leader()) {
    restart_election_timer();
    return;
  }
  if (role_ == node_role::observer) election_due_ = now_ + config_.heartbeat_interval;
  const auto& known = voters().voters;
  if (ask == broker_id{} && !known.empty()) ask = known[ask_next_++ % known.size()].id;
  if (ask != broker_id{} && ask != config_.self) send(ask, observe_request{log_.last()});
}

void raft_node::on(const message& m, const observe_request& request) {
  if (!is_leader()) {
    send(m.from, observe_response{leader_});
    return;
  }
  const auto [at, is_new] = followers_.try_emplace(m.from);
  progress& p = at->second;
  p.heard = now_;
  if (!is_new && (p.voter || p.state == progress::mode::snapshot)) return;
  if (is_new) heartbeat_due_ = std::min(heartbeat_due_, now_ + config_.heartbeat_interval);
  // It may have come back with an empty disk.
  p = progress{};
  p.voter = voters().contains(m.from);
  p.heard = now_;
  p.become_probe(std::min(std::max(request.last.index, raft_index{0}), log_.last_index()) + 1);
  sends_due_ = true;
}

void raft_node::on(const message&, const observe_response& response) {
  // A voter that was removed without knowing may be told so, too.
  if (hears_leader() || response.leader == config_.self) return;
  if (response.leader != broker_id{}) look_for_leader(response.leader);
}

}  // namespace jackdaw::raft
