// What members of a classic group ask and are answered, free of the wire format and of any one version of a request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/coordinator/group_messages.hpp"

namespace jackdaw::coordinator {

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

inline join_answer refused_join(protocol::error_code why, std::string member_id) {
  join_answer a;
  a.error = why;
  a.member_id = std::move(member_id);
  return a;
}

inline sync_answer refused_sync(protocol::error_code why) {
  sync_answer a;
  a.error = why;
  return a;
}

}  // namespace jackdaw::coordinator
