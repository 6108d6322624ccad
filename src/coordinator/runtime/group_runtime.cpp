#include "jackdaw/coordinator/runtime/group_runtime.hpp"

#include <algorithm>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

namespace {

// Groups without members whose history is kept for those who ask why.
constexpr std::size_t idle_groups_max = 10'000;

bool is_idle(const group_kind& kind) {
  return std::visit([](const auto& g) { return g.is_idle(); }, kind);
}

}  // namespace

group_runtime::group_runtime(const coordinator_settings& settings, group_table& committed, now_t now)
    : settings_(settings), newest_(committed) {
  for (const auto& [name, entry] : committed.groups()) {
    if (entry->stored() && !entry->stored()->members.empty()) open(name, now);
  }
}

void group_runtime::end(coordinator_effects& out) {
  check_in_flight();
  for (auto& [name, l] : live_) {
    group_effects effects;
    std::visit([&](auto& g) { g.disband(error_code::not_coordinator, effects); }, l.kind);
    std::move(effects.answers.begin(), effects.answers.end(), std::back_inserter(out.answers));
  }
  // They may yet be committed by the next leader; nobody knows.
  for (auto& p : pending_) {
    for (auto& [w, a] : p.answers) {
      refuse(a, error_code::not_coordinator);
      out.answers.emplace_back(w, std::move(a));
    }
  }
  pending_.clear();
  live_.clear();
  live_bytes_ = 0;
  deadlines_.clear();
}

// What groups have on its way is what waits for the log; what each was counted with is the sum.
void group_runtime::check_in_flight() const {
  std::size_t of_groups = 0;
  std::size_t bytes = 0;
  for (const auto& [name, l] : live_) {
    of_groups += l.in_flight;
    bytes += l.counted_bytes;
  }
  const auto waiting = std::count_if(pending_.begin(), pending_.end(), [](const auto& p) { return !p.group.empty(); });
  JD_ASSERT(of_groups == static_cast<std::size_t>(waiting), of_groups, waiting);
  JD_ASSERT(bytes == live_bytes_, bytes, live_bytes_);
  JD_ASSERT(deadlines_.size() <= live_.size(), deadlines_.size(), live_.size());
}

// ---- groups that are alive

const group_kind* group_runtime::find(std::string_view group) const noexcept {
  const auto found = live_.find(group);
  return found == live_.end() ? nullptr : &found->second.kind;
}

group_kind* group_runtime::find(std::string_view group) noexcept {
  const auto found = live_.find(group);
  return found == live_.end() ? nullptr : &found->second.kind;
}

group_kind& group_runtime::open(const std::string& group, now_t now) {
  if (const auto found = live_.find(group); found != live_.end()) return found->second.kind;
  const auto* entry = newest().find(group);
  const auto* stored = entry ? entry->stored() : nullptr;
  auto kind = stored ? classic_group(group, *stored, now) : classic_group(group, now);
  const auto at = live_.emplace(group, live_group{std::move(kind)}).first;
  schedule(at);
  count(at->second);
  return at->second.kind;
}

void group_runtime::settle(const std::string& group, group_effects& from, coordinator_effects& out) {
  const auto at = live_.find(group);
  JD_ASSERT(at != live_.end(), group);
  settle(at, from, out);
}

void group_runtime::settle(live_map::iterator at, group_effects& from, coordinator_effects& out) {
  std::move(from.answers.begin(), from.answers.end(), std::back_inserter(out.answers));
  JD_ASSERT(!from.records.empty() || from.when_stored.empty(), at->first);
  if (!from.records.empty()) {
    ++at->second.in_flight;
    put_in_flight({0, at->first, from.generation, std::move(from.when_stored)}, std::move(from.records), out);
  }
  schedule(at);
  count(at->second);
  drop_if_idle(at);
}

void group_runtime::schedule(live_map::iterator at) {
  auto& l = at->second;
  const auto next = std::visit([](const auto& g) { return g.next_deadline(); }, l.kind);
  // A deadline that moved back is found out when the old one comes.
  if (next >= l.scheduled) return;
  deadlines_.erase({l.scheduled, at->first});
  l.scheduled = next;
  deadlines_.insert({next, at->first});
}

void group_runtime::count(live_group& l) noexcept {
  JD_ASSERT(live_bytes_ >= l.counted_bytes, live_bytes_, l.counted_bytes);
  live_bytes_ -= l.counted_bytes;
  l.counted_bytes = std::visit([](const auto& g) { return g.bytes(); }, l.kind);
  live_bytes_ += l.counted_bytes;
}

void group_runtime::drop_if_idle(live_map::iterator at) {
  auto& l = at->second;
  if (!is_idle(l.kind) || l.in_flight != 0) return;
  const bool has_history = std::visit([](const auto& g) { return !g.history().reports().empty(); }, l.kind);
  if (has_history && newest().find(at->first) && live_.size() <= idle_groups_max) return;
  live_bytes_ -= l.counted_bytes;
  const std::size_t due = deadlines_.erase({l.scheduled, at->first});
  JD_ASSERT(due == (l.scheduled == time_point::max() ? 0 : 1), at->first, due);
  live_.erase(at);
}

bool group_runtime::refuse_for_memory() noexcept {
  if (!use().is_spent()) return false;
  ++refused_;
  return true;
}

// ---- the log

void group_runtime::put_in_flight(pending p, std::vector<metadata::record> records, coordinator_effects& out) {
  auto batch = std::make_shared<const std::vector<metadata::record>>(std::move(records));
  p.id = newest_.append(batch);
  for (const auto& r : *batch) {
    const auto* removed = std::get_if<metadata::group_removed>(&r);
    const auto at = removed ? live_.find(removed->group) : live_.end();
    if (at != live_.end()) drop_if_idle(at);
  }
  out.proposals.push_back({p.id, std::move(batch)});
  JD_ASSERT(pending_.empty() || pending_.back().id < p.id, pending_.back().id, p.id);
  pending_.push_back(std::move(p));
  JD_ASSERT(pending_.size() == newest_.in_flight(), pending_.size(), newest_.in_flight());
}

void group_runtime::propose(std::vector<metadata::record> records, waiter w, answer then, coordinator_effects& out) {
  if (records.empty()) {
    out.answers.emplace_back(w, std::move(then));
    return;
  }
  pending p;
  p.answers.emplace_back(w, std::move(then));
  put_in_flight(std::move(p), std::move(records), out);
}

void group_runtime::finished(newest_groups::batch_id id, error_code outcome, now_t now, coordinator_effects& out) {
  const auto at = std::find_if(pending_.begin(), pending_.end(), [id](const pending& p) { return p.id == id; });
  JD_ASSERT(at != pending_.end(), id, pending_.size());
  auto p = std::move(*at);
  pending_.erase(at);
  const bool is_stored = outcome == error_code::none;
  is_stored ? newest_.committed(id) : newest_.failed(id);
  JD_ASSERT(pending_.size() == newest_.in_flight(), pending_.size(), newest_.in_flight());
  for (auto& [w, a] : p.answers) {
    if (!is_stored) refuse(a, outcome);
    out.answers.emplace_back(w, std::move(a));
  }
  if (p.group.empty()) return;
  const auto live = live_.find(p.group);
  JD_ASSERT(live != live_.end() && live->second.in_flight > 0, p.group);
  --live->second.in_flight;
  group_effects effects;
  std::visit([&](auto& g) { g.ended(p.generation, outcome, settings_.classic, now, effects); }, live->second.kind);
  settle(live, effects, out);
}

void group_runtime::remove_groups(const std::vector<std::string>& groups, waiter w, coordinator_effects& out) {
  std::vector<metadata::record> records;
  rows_answer rows;
  for (const auto& group : groups) {
    const auto* kind = find(group);
    const bool is_used = kind && std::visit([](const auto& g) { return use_of_offsets(g).has_members; }, *kind);
    auto code = is_used ? error_code::non_empty_group : error_code::none;
    if (!exists(group)) code = error_code::group_id_not_found;
    rows.rows.push_back(code);
    if (code == error_code::none) records.emplace_back(metadata::group_removed{group});
  }
  propose(std::move(records), w, std::move(rows), out);
}

// ---- time

void group_runtime::on_time(now_t now, coordinator_effects& out) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now.steady) {
    const auto at = live_.find(deadlines_.begin()->second);
    deadlines_.erase(deadlines_.begin());
    JD_ASSERT(at != live_.end());
    JD_ASSERT(at->second.scheduled <= now.steady, at->first);
    at->second.scheduled = time_point::max();
    group_effects effects;
    std::visit([&](auto& g) { g.on_time(settings_.classic, now, effects); }, at->second.kind);
    // Or this would never end.
    JD_ASSERT(std::visit([](const auto& g) { return g.next_deadline(); }, at->second.kind) > now.steady, at->first);
    settle(at, effects, out);
  }
}

time_point group_runtime::next_deadline() const noexcept {
  return deadlines_.empty() ? time_point::max() : deadlines_.begin()->first;
}

// ---- describing

bool group_runtime::exists(std::string_view group) const noexcept {
  if (newest().find(group)) return true;
  const auto* kind = find(group);
  return kind && !is_idle(*kind);
}

group_description group_runtime::describe(std::string_view group) const {
  const auto* kind = find(group);
  const auto* entry = committed().find(group);
  group_description d;
  d.state = name_of(group_state::empty);
  if (kind && !(is_idle(*kind) && !entry)) {
    d = std::visit([](const auto& g) { return coordinator::describe(g); }, *kind);
  } else if (!entry) {
    d.state = name_of(group_state::dead);
    d.is_dead = true;
  }
  if (d.protocol_type.empty() && entry && entry->stored()) d.protocol_type = entry->stored()->protocol_type;
  return d;
}

std::vector<group_listing> group_runtime::list() const {
  std::set<std::string_view> names;
  for (const auto& [name, entry] : committed().groups()) names.insert(name);
  for (const auto& [name, l] : live_) names.insert(name);
  std::vector<group_listing> all;
  for (const auto name : names) {
    const auto* entry = committed().find(name);
    const auto* kind = find(name);
    JD_ASSERT(entry || kind, name);
    if (!entry && is_idle(*kind)) continue;
    group_listing row{std::string(name), "", name_of(group_state::empty)};
    if (entry && entry->stored()) row.protocol_type = entry->stored()->protocol_type;
    if (kind) {
      row.state = std::visit([](const auto& g) { return state_name(g); }, *kind);
      const auto& type = std::visit([](const auto& g) -> const std::string& { return g.protocol_type(); }, *kind);
      if (!type.empty()) row.protocol_type = type;
    }
    all.push_back(std::move(row));
  }
  return all;
}

}  // namespace jackdaw::coordinator
