#include "jackdaw/replica/partition_leader.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::replica {
namespace {

bool has(std::span<const broker_id> list, broker_id id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

}  // namespace

partition_leader::partition_leader(const start& s, const leader_settings& settings, time_point now)
    : self_(s.self),
      leader_epoch_(s.leader_epoch),
      partition_epoch_(s.partition_epoch),
      settings_(settings),
      epoch_start_(s.log_end),
      log_end_(s.held_end == no_offset ? s.log_end : s.held_end),
      high_watermark_(s.high_watermark) {
  JD_ASSERT(log_end_ <= s.log_end, log_end_.value(), s.log_end.value());
  JD_ASSERT(s.high_watermark <= log_end_, s.high_watermark.value(), log_end_.value());
  JD_ASSERT(has(s.isr, s.self), s.self.value());
  JD_ASSERT(has(s.replicas, s.self), s.self.value());
  isr_decided(s.replicas, s.isr, s.partition_epoch, now);
}

partition_leader::follower_state* partition_leader::find(broker_id id) noexcept {
  const auto at = std::find_if(followers_.begin(), followers_.end(), [id](const auto& f) { return f.id == id; });
  return at == followers_.end() ? nullptr : &*at;
}

const partition_leader::follower_state* partition_leader::find(broker_id id) const noexcept {
  return const_cast<partition_leader*>(this)->find(id);
}

bool partition_leader::appended(offset log_end) {
  JD_ASSERT(log_end >= log_end_, log_end.value(), log_end_.value());
  log_end_ = log_end;
  return advance();
}

bool partition_leader::fetched(broker_id follower, offset fetch_offset, time_point now) {
  follower_state* f = find(follower);
  if (!f) return false;
  // It had everything at its last fetch if it now has what the log held then.
  if (fetch_offset >= log_end_) {
    f->caught_up_at = now;
  } else if (f->end != no_offset && fetch_offset >= f->leader_end_then) {
    f->caught_up_at = std::max(f->caught_up_at, f->fetched_at);
  }
  f->end = fetch_offset;
  f->leader_end_then = log_end_;
  f->fetched_at = now;
  return advance();
}

bool partition_leader::isr_decided(std::span<const broker_id> replicas, std::span<const broker_id> isr,
                                   std::int32_t partition_epoch, time_point now) {
  JD_ASSERT(partition_epoch >= partition_epoch_, partition_epoch, partition_epoch_);
  replica_order_.assign(replicas.begin(), replicas.end());
  std::vector<follower_state> next;
  for (const broker_id id : replicas) {
    if (id == self_) continue;
    follower_state f;
    if (const follower_state* known = find(id)) {
      f = *known;
    } else {
      // Nobody is late before having had the time to fetch.
      f.id = id;
      f.caught_up_at = now;
    }
    f.in_isr = has(isr, id);
    f.proposed = false;
    next.push_back(f);
  }
  followers_ = std::move(next);
  isr_size_ = 1 + static_cast<std::size_t>(
                      std::count_if(followers_.begin(), followers_.end(), [](const auto& f) { return f.in_isr; }));
  JD_ASSERT(isr_size_ == isr.size(), isr_size_, isr.size(), replicas.size());  // all of them hold it, this one too
  partition_epoch_ = partition_epoch;
  proposal_out_ = false;
  return advance();
}

bool partition_leader::isr_refused() {
  proposal_out_ = false;
  for (follower_state& f : followers_) f.proposed = false;
  return advance();
}

bool partition_leader::settings_changed(const leader_settings& settings) {
  settings_ = settings;
  return advance();
}

void partition_leader::eligible(broker_id follower, bool may_be_in_isr) {
  if (follower_state* f = find(follower)) f->eligible = may_be_in_isr;
}

// KIP-966: nothing becomes committed while the ISR is smaller than min.insync.replicas.
bool partition_leader::advance() {
  if (!has_enough_replicas()) return false;
  offset end = log_end_;
  for (const follower_state& f : followers_) {
    if (f.in_isr || f.proposed) end = std::min(end, f.end);
  }
  if (end <= high_watermark_) return false;
  high_watermark_ = end;
  return true;
}

bool partition_leader::lags(const follower_state& f, time_point now) const noexcept {
  return f.end != log_end_ && now - f.caught_up_at > settings_.replica_lag_max;
}

// A follower may join once it has all that is committed, and something of this epoch's beginning: before that, the
// high watermark itself may still be behind what the last leader committed.
bool partition_leader::may_join(const follower_state& f) const noexcept {
  return f.eligible && f.end != no_offset && f.end >= high_watermark_ && f.end >= epoch_start_;
}

std::optional<isr_proposal> partition_leader::propose_isr(time_point now) {
  if (proposal_out_) return std::nullopt;
  bool differs = false;
  isr_proposal proposal{{}, partition_epoch_};
  for (const broker_id id : replica_order_) {
    follower_state* f = find(id);
    if (!f) {
      proposal.isr.push_back(id);
      continue;
    }
    const bool wanted = f->in_isr ? !lags(*f, now) : may_join(*f);
    differs = differs || wanted != f->in_isr;
    if (wanted) proposal.isr.push_back(id);
  }
  if (!differs) return std::nullopt;
  JD_ASSERT(has(proposal.isr, self_), self_.value(), proposal.isr.size());
  for (follower_state& f : followers_) f.proposed = has(proposal.isr, f.id);
  proposal_out_ = true;
  return proposal;
}

std::optional<time_point> partition_leader::wake_at() const {
  std::optional<time_point> at;
  if (proposal_out_) return at;
  for (const follower_state& f : followers_) {
    if (!f.in_isr || f.end == log_end_) continue;
    const time_point due = f.caught_up_at + settings_.replica_lag_max + duration(1);
    if (!at || due < *at) at = due;
  }
  return at;
}

std::vector<broker_id> partition_leader::isr() const {
  std::vector<broker_id> out;
  for (const broker_id id : replica_order_) {
    const follower_state* f = find(id);
    if (!f || f->in_isr) out.push_back(id);
  }
  JD_ASSERT(out.size() == isr_size_, out.size(), isr_size_);
  return out;
}

bool partition_leader::has_enough_replicas() const noexcept {
  const auto wanted = std::min<std::size_t>(static_cast<std::size_t>(std::max(settings_.min_insync_replicas, 1)),
                                            followers_.size() + 1);
  return isr_size_ >= wanted;
}

acks_all partition_leader::check(offset end) const noexcept {
  if (high_watermark_ < end) return acks_all::wait;
  return has_enough_replicas() ? acks_all::done : acks_all::not_enough_replicas;
}

std::optional<offset> partition_leader::follower_end(broker_id follower) const noexcept {
  const follower_state* f = find(follower);
  if (!f || f->end == no_offset) return std::nullopt;
  return f->end;
}

}  // namespace jackdaw::replica
