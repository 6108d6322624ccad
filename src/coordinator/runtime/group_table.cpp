#include "jackdaw/coordinator/group_table.hpp"

#include <variant>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {
namespace {

// So many offsets of a group are one record of a snapshot.
constexpr std::size_t offsets_per_record = 256;

// About what they take: the nodes of the trees, and texts that don't lie in them.
constexpr std::size_t node_bytes = 64;

std::size_t cost_of(const std::string& group) noexcept { return node_bytes + sizeof(group_entry) + group.size(); }

std::size_t cost_of(const offset_key_view& key, std::string_view metadata) noexcept {
  return node_bytes + sizeof(offset_key) + sizeof(stored_offset) + key.topic.size() + metadata.size();
}

std::size_t cost_of(const offset_key& key, const stored_offset& o) noexcept {
  return cost_of(offset_key_view{key.topic, key.partition}, o.metadata);
}

std::size_t cost_of(const metadata::group_stored* g) noexcept {
  if (!g) return 0;
  std::size_t bytes = sizeof *g;
  for (const auto& m : g->members) {
    bytes += sizeof m + m.subscription.size() + m.assignment.size() + m.member_id.size() + m.client_id.size() +
             m.client_host.size() + (m.instance_id ? m.instance_id->size() : 0);
  }
  return bytes;
}

template <class Map, class Same>
bool same_entries(const Map& a, const Map& b, const Same& same) {
  if (a.size() != b.size()) return false;
  auto other = b.begin();
  for (auto it = a.begin(); it != a.end(); ++it, ++other) {
    if (it.key() != other.key() || !same(it.value(), other.value())) return false;
  }
  return true;
}

}  // namespace

bool group_entry::operator==(const group_entry& other) const {
  const bool same_stored = stored_ && other.stored_ ? *stored_ == *other.stored_ : stored_ == other.stored_;
  return same_stored && same_entries(offsets_, other.offsets_, [](const auto& a, const auto& b) { return a == b; });
}

bool group_table::replay(const metadata::record& r) {
  const bool is_ours = std::visit([this](const auto& alternative) { return on(alternative); }, r);
  replays_ += is_ours ? 1 : 0;
  return is_ours;
}

const group_entry* group_table::find(std::string_view group) const noexcept {
  const auto* found = groups_.find(group);
  return found ? found->get() : nullptr;
}

group_table group_table::share() {
  group_table copy = *this;
  // What both have in common may no longer be changed in place, by either.
  edit_ = metadata::edit_id::fresh();
  copy.edit_ = metadata::edit_id::fresh();
  return copy;
}

group_entry& group_table::change(const std::string& group) {
  auto* at = groups_.mutate(edit_, group);
  if (!at) {
    groups_.set(edit_, group, boost::intrusive_ptr<group_entry>(new group_entry(edit_)));
    at = groups_.mutate(edit_, group);
    bytes_ += cost_of(group);
  } else if ((*at)->edit_ != edit_) {
    *at = boost::intrusive_ptr<group_entry>(new group_entry(edit_, **at));
  }
  JD_ASSERT(at && (*at)->edit_ == edit_, group);  // nobody else sees what is changed
  return **at;
}

void group_table::drop(const std::string& group) {
  const auto* found = find(group);
  JD_ASSERT(found != nullptr, group);
  std::size_t bytes = cost_of(group) + cost_of(found->stored());
  for (const auto& [key, o] : found->offsets()) bytes += cost_of(key, o);
  JD_ASSERT(bytes <= bytes_, group, bytes, bytes_);
  bytes_ -= bytes;
  groups_.erase(edit_, group);
  JD_ASSERT(groups_.empty() == (bytes_ == 0), groups_.size(), bytes_);
}

bool group_table::on(const metadata::group_stored& r) {
  auto& stored = change(r.group).stored_;
  JD_ASSERT(cost_of(stored.get()) <= bytes_, r.group, bytes_);
  bytes_ -= cost_of(stored.get());
  stored = std::make_shared<const metadata::group_stored>(r);
  bytes_ += cost_of(stored.get());
  return true;
}

bool group_table::on(const metadata::group_removed& r) {
  const auto* found = find(r.group);
  if (found && !(r.only_without_offsets && !found->offsets().empty())) drop(r.group);
  return true;
}

bool group_table::on(const metadata::offsets_committed& r) {
  auto& entry = change(r.group);
  for (const auto& o : r.offsets) {
    const offset_key_view key{o.topic, o.partition};
    stored_offset value{o.topic_id, o.offset, o.metadata, o.committed_at, o.expires_at, o.leader_epoch};
    bytes_ += cost_of(key, value.metadata);
    if (auto* there = entry.offsets_.mutate(edit_, key)) {
      bytes_ -= cost_of(key, there->metadata);
      *there = std::move(value);
    } else {
      entry.offsets_.set(edit_, {o.topic, o.partition}, std::move(value));
    }
  }
  return true;
}

bool group_table::on(const metadata::offsets_removed& r) {
  if (!find(r.group)) return true;
  auto& entry = change(r.group);
  for (const auto& o : r.offsets) {
    const offset_key key{o.topic, o.partition};
    const auto* found = entry.offsets_.find(key);
    if (!found || (r.committed_until && found->committed_at > *r.committed_until)) continue;
    JD_ASSERT(cost_of(key, *found) <= bytes_, r.group, bytes_);
    bytes_ -= cost_of(key, *found);
    entry.offsets_.erase(edit_, key);
  }
  return true;
}

void group_table::for_each_record(const std::function<void(metadata::record)>& yield) const {
  for (const auto& [name, entry] : groups_) {
    if (entry->stored()) yield(*entry->stored());
    metadata::offsets_committed some;
    some.group = name;
    for (const auto& [key, o] : entry->offsets()) {
      some.offsets.push_back(
          {key.topic, o.topic_id, key.partition, o.offset, o.leader_epoch, o.metadata, o.committed_at, o.expires_at});
      if (some.offsets.size() < offsets_per_record) continue;
      yield(some);
      some.offsets.clear();
    }
    // One that has neither is there all the same.
    if (!some.offsets.empty() || (!entry->stored() && entry->offsets().empty())) yield(std::move(some));
  }
}

bool group_table::operator==(const group_table& other) const {
  return same_entries(groups_, other.groups_, [](const auto& a, const auto& b) { return *a == *b; });
}

}  // namespace jackdaw::coordinator
