#include "group_host.hpp"

#include <fmt/format.h>

#include <chrono>

#include "cluster_member.hpp"
#include "handlers/shard_state.hpp"

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

group_host::group_host(shard_state& zero) : zero_(zero), core_(settings_of(zero.config())) {}

void group_host::begin() {
  core_.begin(zero_.now);
  // Of topics that were deleted when this node, or the one before it, ended.
  topics_deleted();
}

void group_host::end() {
  coordinator::coordinator_effects effects;
  core_.end(effects);
  perform(std::move(effects));
}

void group_host::perform(coordinator::coordinator_effects effects) {
  for (auto& [w, answer] : effects.joins) {
    if (auto waiting = joins_.extract(w)) waiting.mapped()(std::move(answer));
  }
  for (auto& [w, answer] : effects.syncs) {
    if (auto waiting = syncs_.extract(w)) waiting.mapped()(std::move(answer));
  }
  for (auto& job : effects.stores) store(std::move(job));
}

void group_host::store(coordinator::store_job job) {
  auto record = std::move(job.record);
  append(std::move(record), [this, job = std::move(job)](error_code outcome) mutable {
    coordinator::coordinator_effects effects;
    core_.stored(job, outcome, zero_.now, effects);
    perform(std::move(effects));
  });
}

void group_host::append(std::optional<metadata::record> record, unique_function<void(error_code)> done) {
  if (!record) return done(error_code::none);
  std::vector<metadata::record> records;
  records.push_back(std::move(*record));
  zero_.metadata->append(std::move(records),
                         [done = std::move(done)](const result<void>& outcome) mutable { done(code_of(outcome)); });
}

time_point group_host::now() const noexcept { return zero_.now.steady; }

// ---- members

void group_host::join(const std::string& group, coordinator::join_request request,
                      unique_function<void(coordinator::join_answer)> done) {
  const auto w = ++last_waiter_;
  const auto& named_by = request.instance_id ? *request.instance_id : request.client_id;
  const auto new_id = new_member_id(named_by, random_uuid(zero_.random));
  coordinator::coordinator_effects effects;
  joins_.emplace(w, std::move(done));
  auto answer = core_.join(group, std::move(request), w, new_id, zero_.now, effects);
  if (answer) effects.joins.emplace_back(w, std::move(*answer));
  perform(std::move(effects));
}

void group_host::sync(const std::string& group, coordinator::sync_request request,
                      unique_function<void(coordinator::sync_answer)> done) {
  const auto w = ++last_waiter_;
  coordinator::coordinator_effects effects;
  syncs_.emplace(w, std::move(done));
  auto answer = core_.sync(group, std::move(request), w, zero_.now, effects);
  if (answer) effects.syncs.emplace_back(w, std::move(*answer));
  perform(std::move(effects));
}

error_code group_host::heartbeat(const std::string& group, const coordinator::member_claim& claim) {
  return core_.heartbeat(group, claim, zero_.now);
}

error_code group_host::leave(const std::string& group, const std::string& member_id,
                             const std::optional<std::string>& instance_id, const std::string& reason) {
  coordinator::coordinator_effects effects;
  const auto answer = core_.leave(group, member_id, instance_id, reason, zero_.now, effects);
  perform(std::move(effects));
  return answer;
}

// ---- offsets

void group_host::commit(coordinator::commit_request request, unique_function<void(code, codes)> done) {
  auto decided = core_.commit(std::move(request), zero_.now);
  if (decided.error != error_code::none) return done(decided.error, {});
  append(std::move(decided.record), [rows = std::move(decided.rows), done = std::move(done)](code outcome) mutable {
    done(outcome, std::move(rows));
  });
}

void group_host::remove_offsets(const std::string& group, const std::vector<coordinator::offset_key>& offsets,
                                unique_function<void(code, codes)> done) {
  auto decided = core_.remove_offsets(group, offsets);
  if (decided.error != error_code::none) return done(decided.error, {});
  append(std::move(decided.record), [rows = std::move(decided.rows), done = std::move(done)](code outcome) mutable {
    done(outcome, std::move(rows));
  });
}

void group_host::remove_groups(const std::vector<std::string>& groups, unique_function<void(codes)> done) {
  std::vector<metadata::record> records;
  codes rows;
  for (const auto& group : groups) {
    auto decided = core_.remove_group(group);
    rows.push_back(decided.error);
    if (decided.record) records.push_back(std::move(*decided.record));
  }
  if (records.empty()) return done(std::move(rows));
  zero_.metadata->append(std::move(records), [rows, done = std::move(done)](const result<void>& outcome) mutable {
    for (auto& row : rows) {
      if (row == error_code::none) row = code_of(outcome);
    }
    done(std::move(rows));
  });
}

// ---- time

void group_host::on_wake() {
  coordinator::coordinator_effects effects;
  core_.on_time(zero_.now, effects);
  perform(std::move(effects));
}

void group_host::topics_deleted() {
  topics_.again = true;
  if (!std::exchange(topics_.is_running, true)) sweep_topics();
}

void group_host::sweep_topics() {
  if (!core_.is_active()) {
    topics_ = {};
    return;
  }
  if (std::exchange(topics_.again, false)) topics_.after.clear();
  std::vector<metadata::record> records;
  const auto& image = *zero_.metadata->committed();
  const auto is_gone = [&image](const coordinator::offset_key& key, const coordinator::stored_offset& o) {
    const auto* topic = image.find_topic(key.topic);
    return topic == nullptr || (!o.topic_id.is_zero() && o.topic_id != topic->id());
  };
  topics_.after = core_.forget_if(is_gone, topics_.after, groups_per_turn, records);
  append_swept(std::move(records));
  topics_.is_running = !topics_.after.empty() || topics_.again;
  if (topics_.is_running) zero_.timers.schedule(zero_.now.steady + pause_between_turns, [this] { sweep_topics(); });
}

void group_host::expire_offsets() {
  if (!std::exchange(expired_.is_running, true)) sweep_expired();
}

void group_host::sweep_expired() {
  if (!core_.is_active()) {
    expired_ = {};
    return;
  }
  std::vector<metadata::record> records;
  expired_.after = core_.expire(expired_.after, groups_per_turn, zero_.now, records);
  append_swept(std::move(records));
  expired_.is_running = !expired_.after.empty();
  if (expired_.is_running) zero_.timers.schedule(zero_.now.steady + pause_between_turns, [this] { sweep_expired(); });
}

// What can't be written now is found again by a later sweep.
void group_host::append_swept(std::vector<metadata::record> records) {
  if (records.empty()) return;
  zero_.metadata->append(std::move(records), [this](const result<void>& outcome) {
    if (!outcome) zero_.log(log_level::warning, "expired offsets could not be removed: " + to_string(outcome.error()));
  });
}

}  // namespace jackdaw::broker
