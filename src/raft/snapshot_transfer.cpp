// Snapshots: chapter 5. The bytes are the shell's; this is only who needs which piece.
#include "jackdaw/base/assert.hpp"
#include "jackdaw/raft/raft_node.hpp"

namespace jackdaw::raft {

void raft_node::snapshot_taken(raft_index index, time_point now) {
  now_ = now;
  JD_ASSERT(index <= handed_out_, index.value(), handed_out_.value());
  if (index <= snapshot_.position.index) return;
  const auto term = log_.term_at(index);
  JD_ASSERT(term && *term >= snapshot_.position.term, index.value(), log_.first_index().value());
  snapshot_ = {{index, *term}, membership_.at(index)};
  membership_.forget_before(index);
  const raft_index keep = index - config_.entries_behind_snapshot + 1;
  if (keep <= log_.first_index()) return;
  log_.drop_before(keep);
  out_.drop_before = keep;
}

// ---- the leader's side

void raft_node::start_snapshot(broker_id to, progress& p) {
  p.state = progress::mode::snapshot;
  p.snapshot = snapshot_;
  p.snapshot_byte = 0;
  p.snapshot_retry = now_ + config_.election_timeout;
  p.in_flight.clear();
  out_.snapshot_sends.push_back({to, p.snapshot, 0});
}

void raft_node::retry_snapshot(broker_id to, progress& p) {
  if (now_ < p.snapshot_retry) return;
  if (p.snapshot.position != snapshot_.position) {
    start_snapshot(to, p);  // the old one may be gone
    return;
  }
  p.snapshot_retry = now_ + config_.election_timeout;
  out_.snapshot_sends.push_back({to, p.snapshot, p.snapshot_byte});
}

message raft_node::snapshot_piece(const ready::snapshot_send& piece, std::vector<std::byte> bytes, bool last) const {
  return {config_.self, piece.to, hard_state_.term,
          snapshot_request{piece.snapshot, piece.at_byte, std::move(bytes), last}};
}

void raft_node::on(const message& m, const snapshot_response& response) {
  const auto found = followers_.find(m.from);
  if (!is_leader() || found == followers_.end()) return;
  progress& p = found->second;
  p.heard = now_;
  if (p.state != progress::mode::snapshot || p.snapshot.position != response.position) return;
  if (response.installed) {
    p.become_probe(std::max(p.match, response.position.index) + 1);
    p.next = std::min(p.next, log_.last_index() + 1);
    sends_due_ = true;
    return;
  }
  p.snapshot_byte = response.next_byte;
  p.snapshot_retry = now_ + config_.election_timeout;
  out_.snapshot_sends.push_back({m.from, p.snapshot, p.snapshot_byte});
}

// ---- the follower's side

void raft_node::on(const message& m, const snapshot_request& request) {
  if (!follow(m)) return;
  const log_position& position = request.snapshot.position;
  if (position.index <= commit_) {
    send(m.from, snapshot_response{position, 0, true});
    return;
  }
  if (incoming_ && incoming_->complete) return;
  if (request.snapshot.voters.voters.empty()) return;
  if (!incoming_ || incoming_->snapshot.position != position) {
    incoming_ = incoming_snapshot{request.snapshot, 0, 0, false};
  }
  if (incoming_->handed_out != incoming_->written) return;  // one piece at a time
  if (request.at_byte != incoming_->written) {
    send(m.from, snapshot_response{position, incoming_->written, false});
    return;
  }
  JD_ASSERT(incoming_->written == incoming_->handed_out, incoming_->written, incoming_->handed_out);
  incoming_->handed_out += request.bytes.size();
  incoming_->complete = request.last;
  out_.snapshot_pieces.push_back(request);
}

void raft_node::snapshot_piece_written(const log_position& position, std::uint64_t next_byte, time_point now) {
  now_ = now;
  if (!incoming_ || incoming_->snapshot.position != position || next_byte > incoming_->handed_out) return;
  incoming_->written = next_byte;
  if (!incoming_->complete && leader_ != broker_id{}) send(leader_, snapshot_response{position, next_byte, false});
}

void raft_node::snapshot_refused(const log_position& position, time_point now) {
  now_ = now;
  if (incoming_ && incoming_->snapshot.position == position) incoming_.reset();
}

void raft_node::snapshot_installed(const snapshot_info& snapshot, time_point now) {
  now_ = now;
  const raft_index index = snapshot.position.index;
  JD_ASSERT(index > commit_, index.value(), commit_.value());
  incoming_.reset();
  snapshot_ = snapshot;
  if (log_.has(snapshot.position)) {
    // What follows it may be entries that we have acknowledged.
    membership_.forget_before(index);
  } else {
    log_.reset(snapshot.position);
    membership_.reset(snapshot);
    out_.append.clear();
    out_.truncate_from.reset();
    out_.reset_log = snapshot.position;
    for (write_in_flight& w : writes_) w.last = std::min(w.last, index);
    durable_ = index;
  }
  durable_ = std::max(durable_, index);
  JD_ASSERT(index <= log_.last_index() && durable_ <= log_.last_index(), index.value(), log_.last_index().value());
  commit_ = handed_out_ = index;
  voters_changed();
  // The leader of this term sent it, so its log is the same up to here.
  if (leader_ == broker_id{}) return;
  matched_ = std::max(matched_, index);
  send(leader_, snapshot_response{snapshot.position, 0, true});
}

}  // namespace jackdaw::raft
