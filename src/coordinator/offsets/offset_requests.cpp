#include "jackdaw/coordinator/offsets/offset_requests.hpp"

#include <algorithm>
#include <utility>
#include <variant>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::coordinator {

using protocol::error_code;

namespace {

// Whether it has offsets that the group had none of before.
bool is_growing(const group_entry* entry, const std::vector<metadata::committed_offset>& offsets) {
  return std::any_of(offsets.begin(), offsets.end(), [entry](const auto& o) {
    return !entry || !entry->offsets().find(offset_key_view{o.topic, o.partition});
  });
}

offsets_use use_of(const group_kind* kind) {
  if (!kind) return {};
  return std::visit([](const auto& g) { return use_of_offsets(g); }, *kind);
}

// Calls `look(name, entry)` for up to `count` groups from `after` on. Where to go on; empty after the last.
template <class Look>
std::string walk(const group_table& table, const std::string& after, std::size_t count, const Look& look) {
  JD_ASSERT(count > 0, after);
  auto at = table.groups().lower_bound(after);
  if (at != table.groups().end() && at.key() == after) ++at;
  for (; at != table.groups().end(); ++at) {
    JD_ASSERT(at.key() > after, at.key(), after);  // or a sweep would never end
    look(at.key(), *at.value());
    if (--count == 0) return at.key();
  }
  return {};
}

}  // namespace

error_code offset_requests::check_commit(const commit_request& r, now_t now) {
  member_claim claim{r.member_id, {}, r.generation};
  if (r.instance_id) claim.instance_id = *r.instance_id;
  if (auto* kind = runtime_.find(r.group)) {
    const auto wrong = std::visit([&](auto& g) { return g.check_commit(claim, now); }, *kind);
    if (wrong != error_code::none) return wrong;
  } else if (r.generation >= 0) {
    if (runtime_.exists(r.group)) return error_code::unknown_member_id;
    return r.knows_absent_groups ? error_code::group_id_not_found : error_code::illegal_generation;
  }
  const bool is_too_much = runtime_.use().is_spent() && is_growing(runtime_.newest().find(r.group), r.offsets) &&
                           runtime_.refuse_for_memory();
  return is_too_much ? error_code::coordinator_not_available : error_code::none;
}

void offset_requests::commit(commit_request request, waiter w, now_t now, coordinator_effects& out) {
  rows_answer told;
  told.error = check_commit(request, now);
  metadata::offsets_committed record;
  record.group = std::move(request.group);
  const auto metadata_max = static_cast<std::size_t>(runtime_.settings().offset_metadata_max_bytes);
  for (auto& o : request.offsets) {
    if (told.error != error_code::none) break;
    const bool fits = o.metadata.size() <= metadata_max;
    told.rows.push_back(fits ? error_code::none : error_code::offset_metadata_too_large);
    if (!fits) continue;
    o.committed_at = now.wall;
    if (request.retention_ms >= 0) o.expires_at = add_ms(now.wall, request.retention_ms);
    record.offsets.push_back(std::move(o));
  }
  JD_ASSERT(told.error != error_code::none || told.rows.size() == request.offsets.size(), told.rows.size());
  std::vector<metadata::record> records;
  if (!record.offsets.empty()) records.emplace_back(std::move(record));
  runtime_.propose(std::move(records), w, std::move(told), out);
}

void offset_requests::remove(const std::string& group, const std::vector<offset_key>& offsets, waiter w,
                             coordinator_effects& out) {
  rows_answer told;
  metadata::offsets_removed record;
  record.group = group;
  const auto use = use_of(runtime_.find(group));
  if (!runtime_.exists(group)) {
    told.error = error_code::group_id_not_found;
  } else if (use.has_members && !use.is_by_topic) {
    told.error = error_code::non_empty_group;
  } else {
    const auto* entry = runtime_.newest().find(group);
    for (const auto& o : offsets) {
      const bool in_use = use.topics.contains(o.topic);
      told.rows.push_back(in_use ? error_code::group_subscribed_to_topic : error_code::none);
      if (!in_use && entry && entry->offsets().find(o)) record.offsets.push_back({o.topic, o.partition});
    }
  }
  std::vector<metadata::record> records;
  if (!record.offsets.empty()) records.emplace_back(std::move(record));
  runtime_.propose(std::move(records), w, std::move(told), out);
}

namespace {

// When the last member was there, if the group ever had one.
std::optional<timestamp_ms> empty_since(const group_entry& entry, const group_kind* kind) {
  if (kind) {
    return std::visit(
        [](const auto& g) { return g.protocol_type().empty() ? std::nullopt : std::optional(g.state_since()); }, *kind);
  }
  const auto* stored = entry.stored();
  if (!stored || stored->protocol_type.empty() || stored->state_since.value < 0) return std::nullopt;
  return stored->state_since;
}

}  // namespace

// An offset's retention counts from when it isn't in use any more (KIP-211).
void offset_requests::expire_group(const std::string& name, const group_entry& entry, now_t now,
                                   std::vector<metadata::record>& out) {
  const auto* kind = std::as_const(runtime_).find(name);
  const auto use = use_of(kind);
  const auto since = use.has_members ? std::nullopt : empty_since(entry, kind);
  metadata::offsets_removed gone;
  gone.group = name;
  timestamp_ms newest;
  for (const auto& [key, o] : entry.offsets()) {
    const bool may_be_read = use.has_members && (!use.is_by_topic || !use.is_settled || use.topics.contains(key.topic));
    if (may_be_read) continue;
    const auto base = since.value_or(o.committed_at);
    const auto ends = o.expires_at.value >= 0 ? o.expires_at : add_ms(base, runtime_.settings().offsets_retention_ms);
    if (now.wall < ends) continue;
    gone.offsets.push_back({key.topic, key.partition});
    newest = std::max(newest, o.committed_at);
  }
  const bool all_gone = gone.offsets.size() == entry.offsets().size();
  gone.committed_until = newest;
  if (!gone.offsets.empty()) out.emplace_back(std::move(gone));
  const bool is_idle = !kind || std::visit([](const auto& g) { return g.is_idle(); }, *kind);
  if (all_gone && is_idle) out.emplace_back(metadata::group_removed{name, true});
}

std::string offset_requests::expire(const std::string& after, std::size_t count, waiter w, now_t now,
                                    coordinator_effects& out) {
  std::vector<metadata::record> records;
  auto next = walk(runtime_.newest(), after, count,
                   [&](const std::string& name, const group_entry& entry) { expire_group(name, entry, now, records); });
  runtime_.propose(std::move(records), w, rows_answer{}, out);
  return next;
}

std::string offset_requests::forget_if(const gone_function& is_gone, const std::string& after, std::size_t count,
                                       waiter w, coordinator_effects& out) {
  std::vector<metadata::record> records;
  auto next = walk(runtime_.newest(), after, count, [&](const std::string& name, const group_entry& entry) {
    metadata::offsets_removed gone;
    gone.group = name;
    for (const auto& [key, o] : entry.offsets()) {
      if (is_gone(key, o)) gone.offsets.push_back({key.topic, key.partition});
    }
    if (!gone.offsets.empty()) records.emplace_back(std::move(gone));
  });
  runtime_.propose(std::move(records), w, rows_answer{}, out);
  return next;
}

}  // namespace jackdaw::coordinator
