#include "jackdaw/coordinator/group_coordinator.hpp"

#include <algorithm>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

namespace {

// Groups without members whose history is kept for those who ask why.
constexpr std::size_t idle_groups_max = 10'000;

join_answer refuse(error_code error, std::string member_id) {
  join_answer a;
  a.error = error;
  a.member_id = std::move(member_id);
  return a;
}

sync_answer refuse_sync(error_code error) {
  sync_answer a;
  a.error = error;
  return a;
}

}  // namespace

void group_coordinator::begin(now_t now) {
  JD_ASSERT(!is_active_);
  is_active_ = true;
  for (const auto& [name, entry] : table_.groups()) {
    if (entry->stored() && !entry->stored()->members.empty()) live(name, now);
  }
}

void group_coordinator::end(coordinator_effects& out) {
  is_active_ = false;
  for (auto& [name, l] : live_) {
    group_effects effects;
    l.group.disband(error_code::not_coordinator, effects);
    std::move(effects.joins.begin(), effects.joins.end(), std::back_inserter(out.joins));
    std::move(effects.syncs.begin(), effects.syncs.end(), std::back_inserter(out.syncs));
  }
  live_.clear();
  live_bytes_ = 0;
  deadlines_.clear();
}

void group_coordinator::count(live_group& l) noexcept {
  live_bytes_ -= l.counted_bytes;
  l.counted_bytes = l.group.bytes();
  live_bytes_ += l.counted_bytes;
}

void group_coordinator::erase(live_map::iterator at) {
  live_bytes_ -= at->second.counted_bytes;
  deadlines_.erase({at->second.scheduled, at->first});
  live_.erase(at);
}

bool group_coordinator::refuse_for_memory() noexcept {
  if (!use().is_spent()) return false;
  ++refused_;
  return true;
}

group_coordinator::live_group& group_coordinator::live(const std::string& group, now_t now) {
  const auto found = live_.find(group);
  if (found != live_.end()) return found->second;
  const auto* entry = table_.find(group);
  const auto* stored = entry ? entry->stored() : nullptr;
  const auto at =
      live_.emplace(group, live_group{stored ? classic_group(group, *stored, now) : classic_group(group, now)}).first;
  schedule(at);
  count(at->second);
  return at->second;
}

group_coordinator::live_group* group_coordinator::find(std::string_view group) {
  const auto found = live_.find(group);
  return found == live_.end() ? nullptr : &found->second;
}

const classic_group* group_coordinator::find_live(std::string_view group) const noexcept {
  const auto found = live_.find(group);
  return found == live_.end() ? nullptr : &found->second.group;
}

bool group_coordinator::exists(std::string_view group) const noexcept {
  if (table_.find(group)) return true;
  const auto* l = find_live(group);
  return l && !l->is_idle();
}

void group_coordinator::schedule(live_map::iterator at) {
  auto& l = at->second;
  const auto next = l.group.next_deadline();
  // A deadline that moved back is found out when the old one comes.
  if (next >= l.scheduled) return;
  deadlines_.erase({l.scheduled, at->first});
  l.scheduled = next;
  deadlines_.insert({next, at->first});
}

void group_coordinator::drop_if_idle(live_map::iterator at) {
  auto& l = at->second;
  if (!l.group.is_idle() || l.stores_in_flight != 0) return;
  const bool is_remembered = table_.find(at->first) && !l.group.history().reports().empty();
  if (!is_remembered || live_.size() > idle_groups_max) erase(at);
}

bool group_coordinator::replay(const metadata::record& r) {
  const bool is_ours = table_.replay(r);
  if (const auto* removed = std::get_if<metadata::group_removed>(&r)) {
    if (const auto at = live_.find(removed->group); at != live_.end()) drop_if_idle(at);
  }
  return is_ours;
}

void group_coordinator::take(live_map::iterator at, group_effects& from, coordinator_effects& out,
                             std::optional<join_answer>* held, waiter w) {
  if (from.store) {
    store_job job;
    job.group = at->first;
    job.generation = from.store->generation;
    job.record = std::move(*from.store);
    // The id of a member that came back must survive us before the member hears of it.
    if (held && *held) {
      job.joins.emplace_back(w, std::move(**held));
      held->reset();
    }
    ++at->second.stores_in_flight;
    out.stores.push_back(std::move(job));
  }
  std::move(from.joins.begin(), from.joins.end(), std::back_inserter(out.joins));
  std::move(from.syncs.begin(), from.syncs.end(), std::back_inserter(out.syncs));
  schedule(at);
  count(at->second);
  drop_if_idle(at);
}

// ---- members

std::optional<join_answer> group_coordinator::join(const std::string& group, join_request request, waiter w,
                                                   const std::string& new_member_id, now_t now,
                                                   coordinator_effects& out) {
  if (!is_active_) return refuse(error_code::coordinator_load_in_progress, request.member_id);
  if (group.empty()) return refuse(error_code::invalid_group_id, request.member_id);
  const auto session_ms = request.session_timeout_ms;
  if (session_ms < settings_.session_timeout_min_ms || session_ms > settings_.session_timeout_max_ms) {
    return refuse(error_code::invalid_session_timeout, request.member_id);
  }
  if (!request.member_id.empty() && !exists(group) && !find(group)) {
    return refuse(error_code::unknown_member_id, request.member_id);
  }
  // Who is in stays, or an overload would end in rebalances that never do.
  if (request.member_id.empty() && refuse_for_memory()) return refuse(error_code::coordinator_not_available, "");
  live(group, now);
  const auto at = live_.find(group);
  group_effects effects;
  auto answer = at->second.group.join(std::move(request), w, new_member_id, settings_.classic, now, effects);
  take(at, effects, out, &answer, w);
  return answer;
}

std::optional<sync_answer> group_coordinator::sync(const std::string& group, sync_request request, waiter w, now_t now,
                                                   coordinator_effects& out) {
  if (!is_active_) return refuse_sync(error_code::coordinator_load_in_progress);
  if (group.empty()) return refuse_sync(error_code::invalid_group_id);
  const auto at = live_.find(group);
  if (at == live_.end()) return refuse_sync(error_code::unknown_member_id);
  group_effects effects;
  auto& l = at->second.group;
  auto answer = l.sync(std::move(request), w, now, effects);
  if (effects.store && metadata::roughly_bytes(*effects.store) > settings_.generation_bytes_max) {
    effects.store.reset();
    l.stored(l.generation(), error_code::unknown_server_error, settings_.classic, now, effects);
  }
  take(at, effects, out, nullptr, no_waiter);
  return answer;
}

error_code group_coordinator::heartbeat(const std::string& group, const member_claim& claim, now_t now) {
  // Kafka's answer while it loads: the member needn't look for another coordinator.
  if (!is_active_) return error_code::none;
  if (group.empty()) return error_code::invalid_group_id;
  auto* l = find(group);
  return l ? l->group.heartbeat(claim, now) : error_code::unknown_member_id;
}

error_code group_coordinator::leave(const std::string& group, const std::string& member_id,
                                    const std::optional<std::string>& instance_id, const std::string& reason, now_t now,
                                    coordinator_effects& out) {
  if (!is_active_) return error_code::coordinator_load_in_progress;
  if (group.empty()) return error_code::invalid_group_id;
  const auto at = live_.find(group);
  if (at == live_.end()) return error_code::unknown_member_id;
  group_effects effects;
  const auto code = at->second.group.leave(member_id, instance_id, reason, settings_.classic, now, effects);
  take(at, effects, out, nullptr, no_waiter);
  return code;
}

void group_coordinator::stored(store_job& job, error_code outcome, now_t now, coordinator_effects& out) {
  for (auto& [w, answer] : job.joins) {
    if (outcome != error_code::none) answer = refuse(outcome, std::move(answer.member_id));
    out.joins.emplace_back(w, std::move(answer));
  }
  const auto at = live_.find(job.group);
  if (at == live_.end()) return;
  auto& l = at->second;
  if (l.stores_in_flight > 0) --l.stores_in_flight;
  group_effects effects;
  l.group.stored(job.generation, outcome, settings_.classic, now, effects);
  take(at, effects, out, nullptr, no_waiter);
}

// ---- time

void group_coordinator::on_time(now_t now, coordinator_effects& out) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady) {
    const auto at = live_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    JD_ASSERT(at != live_.end());
    at->second.scheduled = time_point::max();
    group_effects effects;
    at->second.group.on_time(settings_.classic, now, effects);
    take(at, effects, out, nullptr, no_waiter);
  }
}

time_point group_coordinator::next_deadline() const noexcept {
  return deadlines_.empty() ? time_point::max() : deadlines_.begin()->first;
}

// ---- describing

std::vector<group_listing> group_coordinator::list() const {
  std::vector<group_listing> all;
  for (const auto& [name, entry] : table_.groups()) {
    if (find_live(name)) continue;
    all.push_back({name, entry->stored() ? entry->stored()->protocol_type : "", group_state::empty});
  }
  for (const auto& [name, l] : live_) {
    if (!exists(name)) continue;
    const auto* entry = table_.find(name);
    const bool has_type = !l.group.protocol_type().empty() || !entry || !entry->stored();
    all.push_back({name, has_type ? l.group.protocol_type() : entry->stored()->protocol_type, l.group.state()});
  }
  return all;
}

}  // namespace jackdaw::coordinator
