// Log replication as the leader sees it: chapters 3.5 and 3.6, pipelined as in 10.2.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/raft_node.hpp"

namespace jackdaw::raft {
namespace {

// While it isn't known where the logs part, much of what is sent may be in vain.
constexpr std::size_t probe_bytes_max = 64 * 1024;
// An observer that is silent for so many election timeouts is gone.
constexpr int observer_timeouts = 10;

}  // namespace

log_position raft_node::append_own(entry_kind kind, payload_ptr payload, const voter_set* voters) {
  JD_ASSERT(is_leader() && payload != nullptr, name_of(role_));
  const entry e{log_.last_index() + 1, hard_state_.term, kind, std::move(payload)};
  append(e, voters);
  sends_due_ = true;
  return e.position();
}

void raft_node::send_appends() {
  for (auto& [id, p] : followers_) {
    if (p.state == progress::mode::probe && !p.probe_sent) {
      if (send_entries(id, p, probe_bytes_max)) p.probe_sent = true;
    }
    if (p.state != progress::mode::replicate) continue;
    while (p.state == progress::mode::replicate && p.next <= log_.last_index() &&
           p.in_flight.size() < config_.appends_in_flight_max) {
      if (!send_entries(id, p, config_.append_bytes_max)) break;
    }
    if (p.state == progress::mode::replicate && p.commit_sent < commit_) {
      send_empty(id, p);
    }
  }
}

// One append_request from p.next on. False: there is none to send, a snapshot may have begun instead.
bool raft_node::send_entries(broker_id to, progress& p, std::size_t bytes_max) {
  const auto previous_term = log_.term_at(p.next - 1);
  if (!previous_term) {
    start_snapshot(to, p);
    return false;
  }
  JD_ASSERT(p.in_flight.empty() || p.in_flight.back() + 1 == p.next, to.value(), p.next.value());
  append_request request{{p.next - 1, *previous_term}, commit_, {}};
  if (p.next <= log_.last_index()) {
    auto entries = log_.entries(p.next, log_.last_index(), bytes_max);
    if (!entries) {
      failed_ = true;
      out_.failure = entries.error();
      return false;
    }
    request.entries = std::move(*entries);
  }
  if (p.state == progress::mode::replicate) {
    JD_ASSERT(!request.entries.empty() && request.entries.front().index == p.next, to.value(), p.next.value());
    p.next = request.entries.back().index + 1;
    p.in_flight.push_back(p.next - 1);
  }
  p.commit_sent = commit_;
  send(to, std::move(request));
  return true;
}

void raft_node::send_empty(broker_id to, progress& p) {
  const auto previous_term = log_.term_at(p.next - 1);
  if (!previous_term) {
    start_snapshot(to, p);
    return;
  }
  p.commit_sent = commit_;
  send(to, append_request{{p.next - 1, *previous_term}, commit_, {}});
}

void raft_node::heartbeat() {
  if (!has_quorum()) {
    become_follower(hard_state_.term, broker_id{});
    return;
  }
  heartbeat_due_ = now_ + config_.heartbeat_interval;
  std::erase_if(followers_, [this](const auto& f) {
    return !f.second.voter && f.second.heard + observer_timeouts * config_.election_timeout < now_;
  });
  for (auto& [id, p] : followers_) {
    switch (p.state) {
      case progress::mode::probe:
        p.probe_sent = false;  // the answer, or the question, may have been lost
        sends_due_ = true;
        break;
      case progress::mode::replicate:
        // Refused if anything sent before got lost, so that it is sent again.
        send_empty(id, p);
        break;
      case progress::mode::snapshot:
        // Only says that the leader lives: the snapshot's position is accepted once it is installed.
        send(id, append_request{p.snapshot.position, commit_, {}});
        retry_snapshot(id, p);
        break;
    }
  }
}

// Check-quorum (6.2): a leader that can't reach a majority makes room for one that can.
bool raft_node::has_quorum() const {
  std::size_t alive = 0;
  for (const voter& v : voters().voters) {
    const auto p = followers_.find(v.id);
    if (v.id == config_.self || (p != followers_.end() && now_ < p->second.heard + config_.election_timeout)) ++alive;
  }
  return alive >= voters().majority();
}

void raft_node::on(const message& m, const append_response& response) {
  const auto found = followers_.find(m.from);
  if (!is_leader() || found == followers_.end()) return;
  progress& p = found->second;
  p.heard = now_;
  if (response.accepted) {
    on_accepted(p, response.match);
  } else {
    on_refused(p, response);
  }
}

void raft_node::on_accepted(progress& p, raft_index match) {
  if (match > log_.last_index()) return;
  const bool moved = match > p.match;
  p.match = std::max(p.match, match);
  p.next = std::max(p.next, p.match + 1);
  while (!p.in_flight.empty() && p.in_flight.front() <= p.match) p.in_flight.pop_front();
  JD_ASSERT(p.next > p.match && p.next <= log_.last_index() + 1, p.next.value(), p.match.value());
  if (p.match == log_.last_index()) p.caught_up = now_;
  if (p.state == progress::mode::probe ||
      (p.state == progress::mode::snapshot && p.match >= p.snapshot.position.index)) {
    p.become_replicate();
  }
  const bool lacks_something = p.next <= log_.last_index() || p.commit_sent < commit_;
  sends_due_ = sends_due_ || (p.state == progress::mode::replicate && lacks_something);
  if (!moved) return;
  advance_commit();
  try_transfer();
}

void raft_node::on_refused(progress& p, const append_response& response) {
  if (p.state == progress::mode::snapshot) return;
  // An observer may have come back with an empty disk; a voter may not.
  if (!p.voter) p.match = std::min(p.match, response.hint.index);
  if (response.refused <= p.match) return;
  if (p.state == progress::mode::probe && response.refused != p.next - 1) return;
  // Where both logs can be the same at the latest, looking at terms instead of trying entry by entry (3.5).
  const log_position shared =
      log_.has(response.hint) ? response.hint : log_.last_at_most(response.hint.index, response.hint.term);
  p.become_probe(std::max(p.match + 1, std::min(shared.index + 1, response.refused)));
  JD_ASSERT(p.next > p.match && p.next <= log_.last_index() + 1, p.next.value(), p.match.value());
  sends_due_ = true;
}

void raft_node::advance_commit() {
  if (!is_leader()) return;
  std::vector<raft_index> matches;
  for (const voter& v : voters().voters) {
    const auto p = followers_.find(v.id);
    if (v.id == config_.self) {
      matches.push_back(durable_);
    } else {
      matches.push_back(p == followers_.end() ? raft_index{0} : p->second.match);
    }
  }
  JD_ASSERT(matches.size() >= voters().majority(), matches.size());
  std::sort(matches.begin(), matches.end(), std::greater<>());
  const raft_index held = matches[voters().majority() - 1];
  if (held > commit_ && held >= term_start_) set_commit(held);
}

}  // namespace jackdaw::raft
