// Records of consumer groups: in the same log as cluster state, but no part of the image. The group coordinator replays
// them (coordinator/group_table.hpp). What they hold can be told as Kafka's GroupMetadataValue and OffsetCommitValue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::metadata {

struct group_member {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::string client_id;
  std::string client_host;
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = 0;
  std::vector<std::byte> subscription;  // for the protocol that was chosen
  std::vector<std::byte> assignment;
  bool operator==(const group_member&) const = default;
};

// A generation of a classic group, whole. Keeps the group's offsets.
struct group_stored {
  std::string group;
  std::string protocol_type;
  std::int32_t generation = 0;
  std::optional<std::string> protocol_name;
  std::optional<std::string> leader;
  timestamp_ms state_since;
  std::vector<group_member> members;  // none: the group is empty
  bool operator==(const group_stored&) const = default;
};

// Takes its offsets along, or does nothing if there are some and it says so: a commit that was decided before and
// replayed before stays. A group that is unknown by now is fine.
struct group_removed {
  std::string group;
  bool only_without_offsets = false;
  bool operator==(const group_removed&) const = default;
};

struct committed_offset {
  std::string topic;
  uuid topic_id;  // zero when the client knew no id, or no such topic is there
  partition_id partition;
  jackdaw::offset offset;
  jackdaw::leader_epoch leader_epoch;  // -1: unknown
  std::string metadata;                // the client's own
  timestamp_ms committed_at;
  timestamp_ms expires_at{-1};  // -1: by the group's retention
  bool operator==(const committed_offset&) const = default;
};

struct offsets_committed {
  std::string group;
  std::vector<committed_offset> offsets;
  bool operator==(const offsets_committed&) const = default;
};

// Commits up to `committed_until` (all, if there is none): one that is newer, decided later but replayed before, stays.
struct offsets_removed {
  struct entry {
    std::string topic;
    partition_id partition;
    bool operator==(const entry&) const = default;
  };
  std::string group;
  std::vector<entry> offsets;
  std::optional<timestamp_ms> committed_until;
  bool operator==(const offsets_removed&) const = default;
};

}  // namespace jackdaw::metadata
