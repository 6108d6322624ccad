// Log replication as the follower sees it: chapter 3.5.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/raft_node.hpp"
#include "jackdaw/raft/wire.hpp"

namespace jackdaw::raft {

// A message that only the leader of our term sends. False: not from it.
bool raft_node::follow(const message& m) {
  if (is_leader() || (leader_ != broker_id{} && leader_ != m.from)) return false;
  if (leader_ == broker_id{} || role_ == node_role::candidate || role_ == node_role::pre_candidate) {
    become_follower(hard_state_.term, m.from);
  }
  leader_heard_ = now_;
  leader_gone_ = false;
  restart_election_timer();
  return true;
}

void raft_node::on(const message& m, const append_request& request) {
  if (!follow(m)) return;
  // Whatever is committed is the same everywhere, also where the log doesn't reach back that far any more.
  const bool matches = request.previous.index <= commit_ || log_.has(request.previous);
  if (!matches || (incoming_ && incoming_->complete)) {
    const log_position hint = log_.last_at_most(request.previous.index, request.previous.term);
    send(m.from, append_response{false, {}, request.previous.index, hint});
    return;
  }
  if (!accept_entries(request)) return;
  set_commit(std::max(commit_, std::min(request.commit, matched_)));
  // New entries are acknowledged when they are durable; a heartbeat is answered at once.
  if (request.entries.empty() || durable_ >= matched_) acknowledge();
}

// False: the entries make no sense, nothing has changed.
bool raft_node::accept_entries(const append_request& request) {
  std::vector<voter_set> sets;
  log_position last = request.previous;
  for (const entry& e : request.entries) {
    if (e.index != last.index + 1 || e.term < last.term || e.term > hard_state_.term) return false;
    last = e.position();
    if (e.kind != entry_kind::voters) continue;
    auto voters = decode_voters(e.bytes());
    if (!voters || voters->voters.empty()) return false;
    sets.push_back(std::move(*voters));
  }
  auto set = sets.begin();
  for (const entry& e : request.entries) {
    const voter_set* voters = e.kind == entry_kind::voters ? &*set++ : nullptr;
    if (e.index <= commit_ || log_.has(e.position())) continue;
    if (e.index <= log_.last_index()) truncate_from(e.index);
    append(e, voters);
  }
  JD_ASSERT(set == sets.end() && last.index <= log_.last_index(), last.index.value(), log_.last_index().value());
  matched_ = std::max(matched_, last.index);
  return true;
}

void raft_node::truncate_from(raft_index index) {
  JD_ASSERT(index > commit_, index.value(), commit_.value());
  log_.truncate_from(index);
  membership_.truncate_from(index);
  voters_changed();
  durable_ = std::min(durable_, index - 1);
  for (write_in_flight& w : writes_) w.last = std::min(w.last, index - 1);
  // Entries that were not handed out to be written yet just go.
  auto& pending = out_.append;
  const bool all_pending = !pending.empty() && pending.front().index <= index;
  while (!pending.empty() && pending.back().index >= index) pending.pop_back();
  if (!all_pending) out_.truncate_from = out_.truncate_from ? std::min(*out_.truncate_from, index) : index;
}

void raft_node::append(const entry& e, const voter_set* voters) {
  JD_ASSERT(e.term <= hard_state_.term, e.index.value(), e.term.value(), hard_state_.term.value());
  JD_ASSERT(out_.append.empty() || out_.append.back().index + 1 == e.index, e.index.value());
  log_.append(e);
  out_.append.push_back(e);
  if (!voters) return;
  membership_.append(e.index, *voters);
  voters_changed();
}

void raft_node::acknowledge() {
  append_response response;
  response.accepted = true;
  response.match = std::min(matched_, durable_);
  send(leader_, response);
}

}  // namespace jackdaw::raft
