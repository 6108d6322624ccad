#include "active_coordinator.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>
#include <variant>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {

using protocol::error_code;

namespace {

// Groups that are looked at before somebody else has a turn.
constexpr std::size_t groups_per_turn = 256;
constexpr auto pause_between_turns = std::chrono::milliseconds(1);

coordinator::coordinator_settings settings_of(const broker_config& c) {
  coordinator::coordinator_settings s;
  s.classic.initial_rebalance_delay_ms = c.group_initial_rebalance_delay_ms;
  s.classic.max_size = c.group_max_size;
  s.session_timeout_min_ms = c.group_min_session_timeout_ms;
  s.session_timeout_max_ms = c.group_max_session_timeout_ms;
  s.offset_metadata_max_bytes = c.offset_metadata_max_bytes;
  s.offsets_retention_ms = c.offsets_retention_ms;
  s.memory_max_bytes = static_cast<std::size_t>(c.memory_groups_bytes);
  return s;
}

// As Kafka names members: the client's own name, and a uuid in the usual form.
std::string new_member_id(std::string_view named_by, const uuid& id) {
  return fmt::format("{}-{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", named_by, id.high >> 32, (id.high >> 16) & 0xffff,
                     id.high & 0xffff, id.low >> 48, id.low & 0xffff'ffff'ffff);
}

// All of them are tried again by clients, where they find the coordinator then.
error_code code_of(const result<void>& outcome) {
  if (outcome) return error_code::none;
  return outcome.error().code == errc::not_leader ? error_code::not_coordinator : error_code::coordinator_not_available;
}

}  // namespace

active_coordinator::active_coordinator(shard_context& zero, coordinator::group_table& committed, proposer& log)
    : zero_(zero), log_(log), core_(settings_of(zero.config()), committed, zero.now) {}

active_coordinator::~active_coordinator() {
  alive_.reset();
  zero_.timers.cancel(topics_.next);
  zero_.timers.cancel(expired_.next);
  coordinator::coordinator_effects effects;
  core_.groups.end(effects);
  JD_ASSERT(effects.proposals.empty());
  to_propose_.clear();
  perform(std::move(effects));
  JD_ASSERT(waiting_.size() == 0, waiting_.size());
}

void active_coordinator::perform(coordinator::coordinator_effects effects) {
  for (auto& p : effects.proposals) to_propose_.push_back(std::move(p));
  for (auto& [w, answer] : effects.answers) waiting_.answer(w, std::move(answer));
  // The log may refuse at once, and what follows from that comes after what was decided before.
  if (std::exchange(is_proposing_, true)) return;
  while (!to_propose_.empty()) {
    auto p = std::move(to_propose_.front());
    to_propose_.pop_front();
    propose(std::move(p));
  }
  is_proposing_ = false;
}

void active_coordinator::propose(coordinator::proposal p) {
  JD_ASSERT(p.records && !p.records->empty() && p.id > last_proposed_, p.id, last_proposed_);
  last_proposed_ = p.id;
  log_.append(std::move(p.records),
              [this, id = p.id, alive = std::weak_ptr<char>(alive_)](const result<void>& outcome) mutable {
                if (alive.expired()) return;
                coordinator::coordinator_effects effects;
                core_.groups.finished(id, code_of(outcome), zero_.now, effects);
                perform(std::move(effects));
              });
}

// ---- members

void active_coordinator::join(const std::string& group, coordinator::join_request request,
                              unique_function<void(coordinator::join_answer)> done) {
  const auto& named_by = request.instance_id ? *request.instance_id : request.client_id;
  const auto new_id = new_member_id(named_by, random_uuid(zero_.random));
  coordinator::coordinator_effects effects;
  core_.classic.join(group, std::move(request), waiting_.add(std::move(done)), new_id, zero_.now, effects);
  perform(std::move(effects));
}

void active_coordinator::sync(const std::string& group, coordinator::sync_request request,
                              unique_function<void(coordinator::sync_answer)> done) {
  coordinator::coordinator_effects effects;
  core_.classic.sync(group, std::move(request), waiting_.add(std::move(done)), zero_.now, effects);
  perform(std::move(effects));
}

error_code active_coordinator::heartbeat(const std::string& group, const coordinator::member_claim& claim) {
  return core_.classic.heartbeat(group, claim, zero_.now);
}

error_code active_coordinator::leave(const std::string& group, const std::string& member_id,
                                     const std::optional<std::string>& instance_id, const std::string& reason) {
  coordinator::coordinator_effects effects;
  const auto answer = core_.classic.leave(group, member_id, instance_id, reason, zero_.now, effects);
  perform(std::move(effects));
  return answer;
}

// ---- offsets

void active_coordinator::commit(coordinator::commit_request request, unique_function<void(rows_answer)> done) {
  coordinator::coordinator_effects effects;
  core_.offsets.commit(std::move(request), waiting_.add(std::move(done)), zero_.now, effects);
  perform(std::move(effects));
}

void active_coordinator::remove_offsets(const std::string& group, const std::vector<coordinator::offset_key>& offsets,
                                        unique_function<void(rows_answer)> done) {
  coordinator::coordinator_effects effects;
  core_.offsets.remove(group, offsets, waiting_.add(std::move(done)), effects);
  perform(std::move(effects));
}

void active_coordinator::remove_groups(const std::vector<std::string>& groups,
                                       unique_function<void(rows_answer)> done) {
  coordinator::coordinator_effects effects;
  core_.groups.remove_groups(groups, waiting_.add(std::move(done)), effects);
  perform(std::move(effects));
}

// ---- time

void active_coordinator::on_wake() {
  coordinator::coordinator_effects effects;
  core_.groups.on_time(zero_.now, effects);
  perform(std::move(effects));
}

// What can't be written now is found again by a later sweep.
coordinator::waiter active_coordinator::wait_for_sweep() {
  return waiting_.add<rows_answer>([this](const rows_answer& a) {
    if (a.error == error_code::none || a.error == error_code::not_coordinator) return;
    zero_.log(log_level::warning,
              fmt::format("offsets that expired, or whose topics are gone, could not be removed: {}",
                          protocol::name_of(a.error)));
  });
}

void active_coordinator::topics_deleted(metadata::image_ptr image) {
  image_ = std::move(image);
  topics_.again = true;
  if (!std::exchange(topics_.is_running, true)) sweep_topics();
}

void active_coordinator::sweep_topics() {
  JD_ASSERT(topics_.is_running && image_ != nullptr, topics_.after);
  if (std::exchange(topics_.again, false)) topics_.after.clear();
  const auto is_gone = [this](const coordinator::offset_key& key, const coordinator::stored_offset& o) {
    const auto* topic = image_->find_topic(key.topic);
    return topic == nullptr || (!o.topic_id.is_zero() && o.topic_id != topic->id());
  };
  coordinator::coordinator_effects effects;
  topics_.after = core_.offsets.forget_if(is_gone, topics_.after, groups_per_turn, wait_for_sweep(), effects);
  perform(std::move(effects));
  topics_.is_running = !topics_.after.empty() || topics_.again;
  if (!topics_.is_running) return;
  topics_.next = zero_.timers.schedule(zero_.now.steady + pause_between_turns, [this] { sweep_topics(); });
}

void active_coordinator::expire_offsets() {
  if (!std::exchange(expired_.is_running, true)) sweep_expired();
}

void active_coordinator::sweep_expired() {
  JD_ASSERT(expired_.is_running, expired_.after);
  coordinator::coordinator_effects effects;
  expired_.after = core_.offsets.expire(expired_.after, groups_per_turn, wait_for_sweep(), zero_.now, effects);
  perform(std::move(effects));
  expired_.is_running = !expired_.after.empty();
  if (!expired_.is_running) return;
  expired_.next = zero_.timers.schedule(zero_.now.steady + pause_between_turns, [this] { sweep_expired(); });
}

}  // namespace jackdaw::broker
