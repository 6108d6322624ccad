// What is replicated of all groups: their last stored generation and their committed offsets. Replaying records is the
// only thing that changes it, so equal logs give equal tables. A copy shares what doesn't change afterwards: taking one
// for a snapshot costs nothing, and another thread may read it.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/metadata/persistent_map.hpp"
#include "jackdaw/metadata/records.hpp"

namespace jackdaw::coordinator {

struct offset_key {
  std::string topic;
  partition_id partition;
  auto operator<=>(const offset_key&) const = default;
};

// To look for one without a string of one's own.
struct offset_key_view {
  std::string_view topic;
  partition_id partition;
  std::strong_ordering operator<=>(const offset_key& key) const noexcept {
    const auto by_topic = topic <=> std::string_view(key.topic);
    return std::is_eq(by_topic) ? partition <=> key.partition : by_topic;
  }
};

struct stored_offset {
  uuid topic_id;  // zero: the client knew none
  jackdaw::offset offset;
  std::string metadata;
  timestamp_ms committed_at;
  timestamp_ms expires_at;  // -1: by the group's retention
  jackdaw::leader_epoch leader_epoch;
  bool operator==(const stored_offset&) const = default;
};

class group_entry : public boost::intrusive_ref_counter<group_entry> {
 public:
  using offset_map = metadata::persistent_map<offset_key, stored_offset>;

  explicit group_entry(metadata::edit_id edit) : edit_(edit) {}
  group_entry(metadata::edit_id edit, const group_entry& other)
      : boost::intrusive_ref_counter<group_entry>(), stored_(other.stored_), offsets_(other.offsets_), edit_(edit) {}

  // Null for a group that never had members: it is there as long as nobody removes it, with offsets or without.
  const metadata::group_stored* stored() const noexcept { return stored_.get(); }
  const offset_map& offsets() const noexcept { return offsets_; }
  bool operator==(const group_entry& other) const;

 private:
  friend class group_table;

  std::shared_ptr<const metadata::group_stored> stored_;
  offset_map offsets_;
  metadata::edit_id edit_;
};

class group_table {
 public:
  using entry_map = metadata::persistent_map<std::string, boost::intrusive_ptr<group_entry>>;

  // Records of other kinds change nothing. True if this one is of a group.
  bool replay(const metadata::record& r);

  // How many records of groups this table, or the one it was copied from, has replayed.
  std::uint64_t replays() const noexcept { return replays_; }

  // Lives until the next replay.
  const group_entry* find(std::string_view group) const noexcept;
  // In the order of names.
  const entry_map& groups() const noexcept { return groups_; }

  // About what all of it takes of memory.
  std::size_t bytes() const noexcept { return bytes_; }

  // A copy that stays as it is, and may itself be replayed on.
  group_table share();
  // The records that make this table from the empty one: its part of a snapshot.
  void for_each_record(const std::function<void(metadata::record)>& yield) const;
  bool operator==(const group_table& other) const;

 private:
  bool on(const metadata::group_stored& r);
  bool on(const metadata::group_removed& r);
  bool on(const metadata::offsets_committed& r);
  bool on(const metadata::offsets_removed& r);
  template <class Other>
  bool on(const Other&) {
    return false;
  }
  group_entry& change(const std::string& group);
  void drop(const std::string& group);

  entry_map groups_;
  std::size_t bytes_ = 0;
  std::uint64_t replays_ = 0;
  metadata::edit_id edit_ = metadata::edit_id::fresh();
};

}  // namespace jackdaw::coordinator
