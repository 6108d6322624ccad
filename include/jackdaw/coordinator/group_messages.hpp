// What goes into groups of every kind and what comes out of them, free of the wire format and of any one version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/time.hpp"
#include "jackdaw/metadata/group_records.hpp"
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::coordinator {

// Names a request that waits for its answer. The caller makes it up; no_waiter is nobody.
using waiter = std::uint64_t;
inline constexpr waiter no_waiter = 0;

using blob = std::vector<std::byte>;

// Who says that it is a member of this generation: heartbeats, commits.
struct member_claim {
  std::string_view member_id;
  std::optional<std::string_view> instance_id;
  std::int32_t generation = -1;
};

// A group as it is replicated: what survives the coordinator.
using stored_group = metadata::group_stored;

// How a group's members use its committed offsets, for expiry and removal.
struct offsets_use {
  bool has_members = false;
  bool is_by_topic = false;  // they read the topics that they name; else nobody knows what they read
  bool is_settled = false;   // no rebalance is under way
  std::set<std::string> topics{};
};

}  // namespace jackdaw::coordinator
