#include "partition_roles.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

using protocol::error_code;

void partition_roles::follow(hosted_partition& p, const metadata::topic& topic) {
  JD_ASSERT(topic.id() == p.topic_id && topic.has(p.name.partition), p.name.topic, p.name.partition.value());
  const auto& state = topic.partition(p.name.partition);
  JD_ASSERT(state.leader_epoch >= p.epoch, state.leader_epoch.value(), p.epoch.value(), p.name.topic);
  if (state.leader == home_.node_id()) {
    auto* l = p.as_leading();
    if (l == nullptr || p.epoch != state.leader_epoch) return lead(p, topic, state);
    if (l->core.partition_epoch() == state.partition_epoch.value()) return;
    const bool moved =
        l->core.isr_decided(state.replicas.all(), state.isr.all(), state.partition_epoch.value(), home_.now.steady);
    if (moved) progress_.moved(p);
    return propose_isr(p);
  }
  if (p.as_leading() != nullptr) {
    resign(p, error_code::not_leader_or_follower, "another broker leads this partition now");
    home_.log(log_level::debug, log::directory_name(p.name) + " isn't led here any more, since leader epoch " +
                                    std::to_string(state.leader_epoch.value()));
  }
  p.epoch = state.leader_epoch;
  if (state.leader.value() < 0) {
    p.role = offline{};
  } else {
    p.role = following{state.leader};
  }
}

// Its own epoch begins at the end of what it has. Who waits for records of an earlier epoch of its own goes on waiting.
void partition_roles::lead(hosted_partition& p, const metadata::topic& topic, const metadata::partition_state& state) {
  replica::partition_leader::start start;
  start.self = home_.node_id();
  start.leader_epoch = state.leader_epoch;
  start.partition_epoch = state.partition_epoch.value();
  start.replicas = state.replicas.all();
  start.isr = state.isr.all();
  start.log_end = p.log->log_end_offset();
  const auto known = start.high_watermark = std::min(p.high_watermark(), start.log_end);
  if (p.must_sync_to != offset{0}) {
    const auto* before = p.as_leading();
    start.held_end = std::max(known, before != nullptr ? before->core.log_end() : p.log->recovery_point());
  }
  replica::partition_leader core(start, configs_.of_leaders(topic), home_.now.steady);
  if (auto* l = p.as_leading()) {
    l->core = std::move(core);
  } else {
    p.role.emplace<leading>(leading{std::move(core)});
  }
  p.epoch = state.leader_epoch;
  p.log->assign_epoch(state.leader_epoch, start.log_end);
  p.log->high_watermark_moved(p.high_watermark());
  if (p.high_watermark() > known) progress_.moved(p);
}

void partition_roles::resign(hosted_partition& p, error_code code, const std::string& why) {
  auto* l = p.as_leading();
  if (l == nullptr) return;
  home_.timers.cancel(std::exchange(l->isr_timer, {}));
  p.committed_before = l->core.high_watermark();
  leading before = std::move(*l);
  p.role = offline{};
  progress_.refuse_waiting(before, code, why);
  progress_.wake_watchers(p);
}

void partition_roles::settings_changed(hosted_partition& p, const metadata::topic& topic) {
  p.log->set_config(configs_.of_logs(topic));
  auto* l = p.as_leading();
  if (l != nullptr && l->core.settings_changed(configs_.of_leaders(topic))) progress_.moved(p);
}

void partition_roles::log_was_cut(hosted_partition& p) {
  p.must_sync_to = offset{0};
  p.committed_before = std::min(p.committed_before, p.log->log_end_offset());
  const auto* topic = home_.image->find_topic(p.topic_id);
  auto* l = p.as_leading();
  if (l == nullptr || topic == nullptr || l->core.log_end() <= p.log->log_end_offset()) return;
  l->unseen.clear();
  lead(p, *topic, topic->partition(p.name.partition));
}

// ---- replicas

error_code partition_roles::check_replica(const hosted_partition& p, const reader_identity& who,
                                          const fetch_target& target) const {
  JD_ASSERT(p.as_leading() != nullptr && who.is_replica(), who.replica.value());
  const auto* state = home_.image->find_partition(p.topic_id, p.name.partition);
  if (state == nullptr || !state->replicas.contains(who.replica)) {
    // It may know of a newer state than this broker: then it asks again.
    return target.current_leader_epoch.value() >= 0 ? error_code::unknown_leader_epoch
                                                    : error_code::not_leader_or_follower;
  }
  // What an earlier life of that broker sent counts no more.
  const auto* registered = home_.image->find_broker(who.replica);
  const bool is_stale = registered != nullptr && who.epoch.value() >= 0 && who.epoch < registered->epoch;
  return is_stale ? error_code::not_leader_or_follower : error_code::none;
}

void partition_roles::fetched(hosted_partition& p, broker_id replica, offset from) {
  auto* l = p.as_leading();
  JD_ASSERT(l != nullptr && from <= p.log->log_end_offset(), from.value(), p.log->log_end_offset().value());
  if (l->core.fetched(replica, from, home_.now.steady)) progress_.moved(p);
  propose_isr(p);
}

// ---- the ISR that a leader wants

void partition_roles::isr_refused(hosted_partition& p, leader_epoch epoch) {
  auto* l = p.as_leading();
  if (l == nullptr || p.epoch != epoch) return;
  if (l->core.isr_refused()) progress_.moved(p);
  wait_for_lag(p);
}

void partition_roles::propose_isr(hosted_partition& p) {
  auto* l = p.as_leading();
  if (!proposer_ || l == nullptr) return;
  if (const auto wanted = l->core.propose_isr(home_.now.steady)) proposer_(p.key(), p.epoch, *wanted);
  wait_for_lag(p);
}

// A follower that stays away sends nothing that would make this broker look.
void partition_roles::wait_for_lag(hosted_partition& p) {
  auto* l = p.as_leading();
  if (!proposer_ || l == nullptr || l->isr_timer != timer_queue::handle{}) return;
  const auto due = l->core.wake_at();
  if (!due) return;
  l->isr_timer =
      home_.timers.schedule(std::max(*due, home_.now.steady + std::chrono::milliseconds(1)), [this, key = p.key()] {
        auto* still = table_.find(key);
        if (still == nullptr || still->as_leading() == nullptr) return;
        still->as_leading()->isr_timer = {};
        propose_isr(*still);
      });
}

}  // namespace jackdaw::broker
