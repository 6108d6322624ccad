// What goes into a group and what comes out of it, free of the wire format and of any one version of a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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

// A way to assign partitions that a member knows, with what it tells the leader (its subscription).
struct member_protocol {
  std::string name;
  blob metadata;
  bool operator==(const member_protocol&) const = default;
};

struct join_request {
  std::string member_id;                   // empty: a new member
  std::optional<std::string> instance_id;  // static membership (KIP-345)
  std::string client_id;
  std::string client_host;
  std::int32_t session_timeout_ms = 0;
  std::int32_t rebalance_timeout_ms = 0;
  std::string protocol_type;
  std::vector<member_protocol> protocols;  // the best liked first
  bool requires_member_id = false;         // a new member must ask twice (KIP-394, since version 4)
  bool can_skip_assignment = false;        // KIP-814, since version 9
  std::string reason;                      // KIP-800, for people
};

struct joined_member {
  std::string member_id;
  std::optional<std::string> instance_id;
  blob metadata;
  bool operator==(const joined_member&) const = default;
};

struct join_answer {
  protocol::error_code error = protocol::error_code::none;
  std::int32_t generation = -1;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  std::string leader;
  bool skip_assignment = false;
  std::string member_id;
  std::vector<joined_member> members;  // for the leader
};

struct sync_request {
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
  std::optional<std::string> protocol_type;  // since version 5
  std::optional<std::string> protocol_name;
  std::vector<std::pair<std::string, blob>> assignments;  // from the leader, by member id
};

struct sync_answer {
  protocol::error_code error = protocol::error_code::none;
  std::optional<std::string> protocol_type;
  std::optional<std::string> protocol_name;
  blob assignment;
};

// Who says that it is a member of this generation: heartbeats, commits.
struct member_claim {
  std::string_view member_id;
  std::optional<std::string_view> instance_id;
  std::int32_t generation = -1;
};

// A group as it is replicated: what survives the coordinator.
using stored_group = metadata::group_stored;

// What a call brought about besides its return value. The caller stores first, then tells the group by
// classic_group::stored(), and sends the answers that are here at once.
struct group_effects {
  std::vector<std::pair<waiter, join_answer>> joins;
  std::vector<std::pair<waiter, sync_answer>> syncs;
  std::optional<stored_group> store;
};

}  // namespace jackdaw::coordinator
