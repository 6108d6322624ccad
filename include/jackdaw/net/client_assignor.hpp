// What the members of a consumer group tell each other in the opaque bytes of the group protocol, and who gets which
// partition.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw::net {

// By topic; partitions in order.
using assigned_partitions = std::map<std::string, std::vector<partition_id>, std::less<>>;

// A member's metadata in JoinGroup. Topics are told in the order given.
std::vector<std::byte> encode_subscription(const std::vector<std::string>& topics);
// Topics of any version's subscription; errc::corrupt.
result<std::vector<std::string>> decode_subscription(bytes_view bytes);
// A member's part of SyncGroup.
std::vector<std::byte> encode_assignment(const assigned_partitions& assigned);
// No bytes at all are nothing assigned, which a member gets that a leader forgot; errc::corrupt.
result<assigned_partitions> decode_assignment(bytes_view bytes);

struct subscribed_member {
  std::string id;
  std::string instance_id;  // empty: a dynamic member
  std::vector<std::string> topics;
};
// By topic; topics that don't exist are left out.
using partition_counts = std::map<std::string, std::int32_t, std::less<>>;
// By member id; every member has a row.
using group_assignment = std::map<std::string, assigned_partitions, std::less<>>;

// Kafka's `range`: of each topic a run of neighbours to each subscriber, the first ones get one more.
group_assignment assign_range(std::vector<subscribed_member> members, const partition_counts& topics);
// Kafka's `roundrobin`: all partitions of all topics dealt out in turn to who subscribed to them.
group_assignment assign_round_robin(std::vector<subscribed_member> members, const partition_counts& topics);

}  // namespace jackdaw::net
