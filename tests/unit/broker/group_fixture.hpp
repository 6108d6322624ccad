// Group members in tests of requests.
#pragma once

#include <string>
#include <vector>

#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/heartbeat.hpp"
#include "jackdaw/protocol/messages/join_group.hpp"
#include "jackdaw/protocol/messages/leave_group.hpp"
#include "jackdaw/protocol/messages/offset_commit.hpp"
#include "jackdaw/protocol/messages/offset_fetch.hpp"
#include "jackdaw/protocol/messages/sync_group.hpp"

namespace jackdaw::testing {

struct member {
  std::string id;
  std::int32_t generation = -1;
  std::string leader;
};

// A consumer's subscription, version 0, to topic "t".
inline constexpr char subscribed_to_t[] =
    "\0\0"
    "\0\0\0\x01"
    "\0\x01"
    "t"
    "\xff\xff\xff\xff";

class group_test : public broker_test {
 protected:
  static protocol::join_group_request join_request(std::string_view group, std::string_view member_id) {
    protocol::join_group_request asked;
    asked.group_id = group;
    asked.session_timeout_ms = 10'000;
    asked.rebalance_timeout_ms = 30'000;
    asked.member_id = member_id;
    asked.protocol_type = "consumer";
    auto& p = asked.protocols.emplace_back();
    p.name = "range";
    p.metadata = as_bytes(std::string_view(subscribed_to_t, sizeof(subscribed_to_t) - 1));
    return asked;
  }

  // One member, alone in its group, with its assignment.
  member join_alone(test_broker& b, std::string_view group, std::int16_t version = 5) {
    auto waiting = b.send(b.connection(), version, join_request(group, ""));
    if (version >= 4) {
      const auto named = b.decode<protocol::join_group_response>(waiting, version);
      EXPECT_EQ(named.error_code, error_code::member_id_required);
      waiting = b.send(b.connection(), version, join_request(group, named.member_id));
    }
    b.advance(3000);
    const auto joined = b.decode<protocol::join_group_response>(waiting, version);
    EXPECT_EQ(joined.error_code, error_code::none);
    member m{std::string(joined.member_id), joined.generation_id, std::string(joined.leader)};
    EXPECT_EQ(sync(b, group, m, "all of it").error_code, error_code::none);
    return m;
  }

  protocol::sync_group_response sync(test_broker& b, std::string_view group, const member& m, std::string_view share,
                                     std::int16_t version = 3) {
    protocol::sync_group_request asked;
    asked.group_id = group;
    asked.generation_id = m.generation;
    asked.member_id = m.id;
    if (m.leader == m.id) {
      auto& a = asked.assignments.emplace_back();
      a.member_id = m.id;
      a.assignment = as_bytes(share);
    }
    return b.call<protocol::sync_group_response>(version, asked);
  }
  error_code heartbeat(test_broker& b, std::string_view group, const member& m, std::int16_t version = 3) {
    protocol::heartbeat_request asked;
    asked.group_id = group;
    asked.generation_id = m.generation;
    asked.member_id = m.id;
    return b.call<protocol::heartbeat_response>(version, asked).error_code;
  }
  error_code leave(test_broker& b, std::string_view group, const member& m) {
    protocol::leave_group_request asked;
    asked.group_id = group;
    asked.members.emplace_back().member_id = m.id;
    return b.call<protocol::leave_group_response>(3, asked).members.at(0).error_code;
  }

  static protocol::offset_commit_request commit_request(std::string_view group, const member& m, std::string_view topic,
                                                        std::int32_t partition, std::int64_t at) {
    protocol::offset_commit_request asked;
    asked.group_id = group;
    asked.generation_id_or_member_epoch = m.generation;
    asked.member_id = m.id;
    auto& t = asked.topics.emplace_back();
    t.name = topic;
    auto& p = t.partitions.emplace_back();
    p.partition_index = partition_id{partition};
    p.committed_offset = offset{at};
    p.committed_leader_epoch = leader_epoch{0};
    p.committed_metadata = "note";
    return asked;
  }
  error_code commit(test_broker& b, std::string_view group, const member& m, std::string_view topic,
                    std::int32_t partition, std::int64_t at, std::int16_t version = 8) {
    const auto answer =
        b.call<protocol::offset_commit_response>(version, commit_request(group, m, topic, partition, at));
    if (answer.topics.size() != 1 || answer.topics[0].partitions.size() != 1) return error_code::unknown_server_error;
    return answer.topics[0].partitions[0].error_code;
  }
  // -1: none. All partitions of all topics are asked for, so that an offset that should be gone shows.
  std::int64_t committed(test_broker& b, std::string_view group, std::string_view topic, std::int32_t partition) {
    protocol::offset_fetch_request asked;
    auto& g = asked.groups.emplace_back();
    g.group_id = group;
    g.topics.reset();
    const auto answer = b.call<protocol::offset_fetch_response>(9, asked);
    EXPECT_EQ(answer.groups.at(0).error_code, error_code::none);
    for (const auto& t : answer.groups.at(0).topics) {
      for (const auto& p : t.partitions) {
        if (t.name == topic && p.partition_index.value() == partition) return p.committed_offset.value();
      }
    }
    return -1;
  }
};

}  // namespace jackdaw::testing
