#include "jackdaw/coordinator/group_table.hpp"

#include <variant>

namespace jackdaw::coordinator {
namespace {

// So many offsets of a group are one record of a snapshot.
constexpr std::size_t offsets_per_record = 256;

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
  return std::visit([this](const auto& alternative) { return on(alternative); }, r);
}

const group_entry* group_table::find(std::string_view group) const noexcept {
  const auto* found = groups_.find(group);
  return found ? found->get() : nullptr;
}

group_table group_table::share() {
  group_table copy = *this;
  // What both have in common may no longer be changed in place.
  edit_ = metadata::edit_id::fresh();
  return copy;
}

group_entry& group_table::change(const std::string& group) {
  auto* at = groups_.mutate(edit_, group);
  if (!at) {
    groups_.set(edit_, group, boost::intrusive_ptr<group_entry>(new group_entry(edit_)));
    at = groups_.mutate(edit_, group);
  } else if ((*at)->edit_ != edit_) {
    *at = boost::intrusive_ptr<group_entry>(new group_entry(edit_, **at));
  }
  return **at;
}

bool group_table::on(const metadata::group_stored& r) {
  change(r.group).stored_ = std::make_shared<const metadata::group_stored>(r);
  return true;
}

bool group_table::on(const metadata::group_removed& r) {
  const auto* found = find(r.group);
  if (found && !(r.only_without_offsets && !found->offsets().empty())) groups_.erase(edit_, r.group);
  return true;
}

bool group_table::on(const metadata::offsets_committed& r) {
  auto& entry = change(r.group);
  for (const auto& o : r.offsets) {
    entry.offsets_.set(edit_, {o.topic, o.partition},
                       {o.topic_id, o.offset, o.metadata, o.committed_at, o.expires_at, o.leader_epoch});
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
    entry.offsets_.erase(edit_, key);
  }
  // A group that nobody was ever a member of is nothing but its offsets.
  if (entry.offsets_.empty() && !entry.stored_) groups_.erase(edit_, r.group);
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
    if (!some.offsets.empty()) yield(std::move(some));
  }
}

bool group_table::operator==(const group_table& other) const {
  return same_entries(groups_, other.groups_, [](const auto& a, const auto& b) { return *a == *b; });
}

}  // namespace jackdaw::coordinator
