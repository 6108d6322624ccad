// Committed offsets: who may commit, what expires, what goes with its topic.
#include <algorithm>

#include "jackdaw/base/time.hpp"
#include "jackdaw/coordinator/group_coordinator.hpp"
#include "subscriptions.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

namespace {

// Whether it has offsets that the group had none of before.
bool is_growing(const group_entry* entry, const std::vector<metadata::committed_offset>& offsets) {
  return std::any_of(offsets.begin(), offsets.end(), [entry](const auto& o) {
    return !entry || !entry->offsets().find(offset_key{o.topic, o.partition});
  });
}

}  // namespace

group_coordinator::commit_decision group_coordinator::commit(commit_request request, now_t now) {
  commit_decision d;
  const auto refuse = [&d](error_code code) {
    d.error = code;
    return std::move(d);
  };
  if (!is_active_) return refuse(error_code::coordinator_load_in_progress);
  member_claim claim{request.member_id, {}, request.generation};
  if (request.instance_id) claim.instance_id = *request.instance_id;
  if (auto* l = find(request.group)) {
    if (const auto wrong = l->group.check_commit(claim, now); wrong != error_code::none) return refuse(wrong);
  } else if (request.generation >= 0) {
    return refuse(exists(request.group) ? error_code::unknown_member_id : error_code::illegal_generation);
  }
  if (is_growing(table_.find(request.group), request.offsets) && refuse_for_memory()) {
    return refuse(error_code::coordinator_not_available);
  }
  metadata::offsets_committed record;
  record.group = std::move(request.group);
  const auto metadata_max = static_cast<std::size_t>(settings_.offset_metadata_max_bytes);
  for (auto& o : request.offsets) {
    const bool fits = o.metadata.size() <= metadata_max;
    d.rows.push_back(fits ? error_code::none : error_code::offset_metadata_too_large);
    if (!fits) continue;
    o.committed_at = now.wall;
    if (request.retention_ms >= 0) o.expires_at = add_ms(now.wall, request.retention_ms);
    record.offsets.push_back(std::move(o));
  }
  if (!record.offsets.empty()) d.record = std::move(record);
  return d;
}

group_coordinator::removal group_coordinator::remove_offsets(const std::string& group,
                                                             const std::vector<offset_key>& offsets) {
  removal d;
  if (!is_active_) return {error_code::coordinator_load_in_progress, {}, {}};
  if (!exists(group)) return {error_code::group_id_not_found, {}, {}};
  const auto* l = find(group);
  const bool has_members = l && l->group.state() != group_state::empty;
  if (has_members && l->group.protocol_type() != consumer_protocol_type) return {error_code::non_empty_group, {}, {}};
  const auto subscribed = has_members ? subscribed_topics(l->group) : std::set<std::string>();
  const auto* entry = table_.find(group);
  metadata::offsets_removed record;
  record.group = group;
  for (const auto& o : offsets) {
    const bool in_use = subscribed.contains(o.topic);
    d.rows.push_back(in_use ? error_code::group_subscribed_to_topic : error_code::none);
    if (!in_use && entry && entry->offsets().find(o)) record.offsets.push_back({o.topic, o.partition});
  }
  if (!record.offsets.empty()) d.record = std::move(record);
  return d;
}

group_coordinator::removal group_coordinator::remove_group(const std::string& group) {
  if (!is_active_) return {error_code::coordinator_load_in_progress, {}, {}};
  if (!exists(group)) return {error_code::group_id_not_found, {}, {}};
  // It stays until the record comes back: the table may still tell of members that have just left.
  const auto* l = find_live(group);
  if (l && l->state() != group_state::empty) return {error_code::non_empty_group, {}, {}};
  return {error_code::none, {}, metadata::group_removed{group}};
}

namespace {

// From when on an offset's retention counts; nothing while it is in use (KIP-211).
std::optional<timestamp_ms> retention_base(const group_entry& entry, const classic_group* live,
                                           const std::set<std::string>& subscribed, const offset_key& key,
                                           const stored_offset& o) {
  if (live && live->state() == group_state::empty) {
    // What is stored may still tell of members.
    return live->protocol_type().empty() ? o.committed_at : live->state_since();
  }
  if (!live) {
    const auto* stored = entry.stored();
    return stored && !stored->protocol_type.empty() && stored->state_since.value >= 0 ? stored->state_since
                                                                                      : o.committed_at;
  }
  const bool is_settled = live->state() == group_state::stable && live->protocol_type() == consumer_protocol_type;
  if (!is_settled || subscribed.contains(key.topic)) return std::nullopt;
  return o.committed_at;
}

}  // namespace

std::string group_coordinator::expire(const std::string& after, std::size_t count, now_t now,
                                      std::vector<metadata::record>& out) const {
  auto at = table_.groups().lower_bound(after);
  if (at != table_.groups().end() && at.key() == after) ++at;
  for (; at != table_.groups().end(); ++at) {
    const auto& name = at.key();
    const auto& entry = *at.value();
    const auto* l = find_live(name);
    const auto subscribed = l && l->state() == group_state::stable ? subscribed_topics(*l) : std::set<std::string>();
    metadata::offsets_removed gone;
    gone.group = name;
    timestamp_ms newest;
    for (const auto& [key, o] : entry.offsets()) {
      const auto base = retention_base(entry, l, subscribed, key, o);
      if (!base) continue;
      const auto ends =
          o.expires_at.value >= 0 ? o.expires_at.value : add_ms(*base, settings_.offsets_retention_ms).value;
      if (now.wall.value < ends) continue;
      gone.offsets.push_back({key.topic, key.partition});
      newest = std::max(newest, o.committed_at);
    }
    const bool all_gone = gone.offsets.size() == entry.offsets().size();
    gone.committed_until = newest;
    if (!gone.offsets.empty()) out.emplace_back(std::move(gone));
    if (all_gone && (!l || l->is_idle())) out.emplace_back(metadata::group_removed{name, true});
    if (--count == 0) return name;
  }
  return {};
}

std::string group_coordinator::forget_if(const gone_function& is_gone, const std::string& after, std::size_t count,
                                         std::vector<metadata::record>& out) const {
  auto at = table_.groups().lower_bound(after);
  if (at != table_.groups().end() && at.key() == after) ++at;
  for (; at != table_.groups().end(); ++at) {
    metadata::offsets_removed gone;
    gone.group = at.key();
    for (const auto& [key, o] : at.value()->offsets()) {
      if (is_gone(key, o)) gone.offsets.push_back({key.topic, key.partition});
    }
    if (!gone.offsets.empty()) out.emplace_back(std::move(gone));
    if (--count == 0) return at.key();
  }
  return {};
}

}  // namespace jackdaw::coordinator
