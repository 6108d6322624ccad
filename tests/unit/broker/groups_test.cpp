// Consumer groups through their requests: members, offsets, and what survives.
#include <gtest/gtest.h>

#include "group_fixture.hpp"
#include "jackdaw/protocol/messages/consumer_group_describe.hpp"
#include "jackdaw/protocol/messages/delete_groups.hpp"
#include "jackdaw/protocol/messages/describe_groups.hpp"
#include "jackdaw/protocol/messages/find_coordinator.hpp"
#include "jackdaw/protocol/messages/group_history.hpp"
#include "jackdaw/protocol/messages/list_groups.hpp"
#include "jackdaw/protocol/messages/offset_delete.hpp"

namespace jackdaw::testing {
namespace {

class groups : public group_test {
 protected:
  protocol::describe_groups_response::described_group describe(test_broker& b, std::string_view group,
                                                               std::int16_t version = 5) {
    protocol::describe_groups_request asked;
    asked.groups = {group};
    return b.call<protocol::describe_groups_response>(version, asked).groups.at(0);
  }
  error_code remove(test_broker& b, std::string_view group) {
    protocol::delete_groups_request asked;
    asked.groups_names = {group};
    return b.call<protocol::delete_groups_response>(2, asked).results.at(0).error_code;
  }
  std::vector<std::string> list(test_broker& b, std::vector<std::string_view> states = {},
                                std::vector<std::string_view> types = {}) {
    protocol::list_groups_request asked;
    asked.states_filter = std::move(states);
    asked.types_filter = std::move(types);
    std::vector<std::string> found;
    for (const auto& g : b.call<protocol::list_groups_response>(5, asked).groups) {
      found.push_back(std::string(g.group_id) + ' ' + std::string(g.group_state) + ' ' + std::string(g.group_type));
    }
    return found;
  }
};

TEST_F(groups, every_broker_is_the_coordinator_that_was_looked_for) {
  test_broker b;
  for (std::int16_t version = 0; version <= 6; ++version) {
    protocol::find_coordinator_request asked;
    if (version < 4) asked.key = "g";
    if (version >= 4) asked.coordinator_keys = {"g", "h"};
    const auto answer = b.call<protocol::find_coordinator_response>(version, asked);
    if (version < 4) {
      EXPECT_EQ(answer.error_code, error_code::none);
      EXPECT_EQ(answer.host, "localhost");
      EXPECT_EQ(answer.port, 9092);
      continue;
    }
    ASSERT_EQ(answer.coordinators.size(), 2u);
    EXPECT_EQ(answer.coordinators[1].key, "h");
    EXPECT_EQ(answer.coordinators[1].error_code, error_code::none);
    EXPECT_EQ(answer.coordinators[1].node_id, broker_id{1});
  }
  protocol::find_coordinator_request of_transactions;
  of_transactions.key_type = 1;
  of_transactions.coordinator_keys = {"t"};
  const auto answer = b.call<protocol::find_coordinator_response>(4, of_transactions);
  EXPECT_EQ(answer.coordinators.at(0).error_code, error_code::coordinator_not_available);
}

TEST_F(groups, a_member_joins_in_every_version_and_keeps_its_share) {
  for (std::int16_t version = 0; version <= 9; ++version) {
    test_broker b;
    const auto m = join_alone(b, "g", version);
    EXPECT_EQ(m.generation, 1);
    EXPECT_EQ(m.leader, m.id);
    EXPECT_TRUE(m.id.starts_with("test-")) << m.id;
    EXPECT_EQ(heartbeat(b, "g", m), error_code::none);
    const auto row = describe(b, "g");
    EXPECT_EQ(row.group_state, "Stable");
    EXPECT_EQ(row.protocol_data, "range");
    ASSERT_EQ(row.members.size(), 1u);
    EXPECT_EQ(row.members[0].client_host, "/127.0.0.1");
    EXPECT_EQ(as_text(row.members[0].member_assignment), "all of it");
    EXPECT_EQ(list(b), std::vector<std::string>{"g Stable classic"});
  }
}

TEST_F(groups, a_silent_member_is_out_and_the_history_says_so) {
  test_broker b;
  const auto m = join_alone(b, "g");
  b.advance(10'000);
  EXPECT_EQ(heartbeat(b, "g", m), error_code::unknown_member_id);
  EXPECT_EQ(describe(b, "g").group_state, "Empty");
  protocol::describe_groups_request asked;
  asked.groups = {"g"};
  asked.unknown_tags.add({10000, {}});
  const auto answer = b.call<protocol::describe_groups_response>(5, asked);
  const auto tags = answer.groups.at(0).unknown_tags.all();
  ASSERT_EQ(tags.size(), 1u);
  protocol::group_history history;
  protocol::reader in(tags[0].value);
  history.decode(in, 0);
  ASSERT_TRUE(in.ok());
  ASSERT_EQ(history.rebalances.size(), 2u);
  EXPECT_EQ(history.rebalances[0].causes.at(0).kind, "joined");
  EXPECT_EQ(history.rebalances[0].joined_after_ms, 3000);
  EXPECT_EQ(history.rebalances[1].causes.at(0).kind, "session_over");
  EXPECT_EQ(history.rebalances[1].causes.at(0).client_id, "test");
}

TEST_F(groups, committed_offsets_and_members_survive_a_power_cut) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  const auto m = join_alone(b, "g");
  EXPECT_EQ(commit(b, "g", m, "t", 0, 7), error_code::none);
  EXPECT_EQ(commit(b, "g", m, "t", 1, 8), error_code::none);
  EXPECT_EQ(commit(b, "g", m, "t", 1, 9), error_code::none);
  EXPECT_EQ(commit(b, "simple", {}, "t", 0, 3), error_code::none);
  b.crash(crash_kind::power);
  b.start();
  EXPECT_EQ(committed(b, "g", "t", 0), 7);
  EXPECT_EQ(committed(b, "g", "t", 1), 9);
  EXPECT_EQ(committed(b, "simple", "t", 0), 3);
  EXPECT_EQ(heartbeat(b, "g", m), error_code::none) << "it is still a member";
  EXPECT_EQ(commit(b, "g", m, "t", 0, 10), error_code::none);
  EXPECT_EQ(committed(b, "g", "t", 0), 10);
  EXPECT_EQ(list(b, {"empty"}), std::vector<std::string>{"simple Empty classic"});
  EXPECT_EQ(list(b, {"Stable"}, {"Classic"}), std::vector<std::string>{"g Stable classic"});
  EXPECT_TRUE(list(b, {}, {"consumer"}).empty());
}

TEST_F(groups, snapshots_hold_them) {
  test_broker b(2, {"metadata.log.max.record.bytes.between.snapshots=2000"});
  ASSERT_EQ(create_topic(b, "t", 400), error_code::none);
  for (int p = 0; p < 400; ++p) ASSERT_EQ(commit(b, "g", {}, "t", p, 1000 + p), error_code::none);
  EXPECT_EQ(commit(b, "g", {}, "t", 5, -1 + 77), error_code::none);
  b.crash(crash_kind::power);
  b.start();
  EXPECT_EQ(committed(b, "g", "t", 399), 1399);
  EXPECT_EQ(committed(b, "g", "t", 5), 76);
}

TEST_F(groups, a_log_that_is_read_in_several_parts_tells_the_members_of_the_last) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto first = join_alone(b, "g");
  const std::string note(4000, 'n');
  for (std::int64_t i = 0; i < 400; ++i) {
    auto asked = commit_request("simple", {}, "t", 0, i);
    asked.topics[0].partitions[0].committed_metadata = note;
    b.call<protocol::offset_commit_response>(8, asked);
  }
  ASSERT_EQ(leave(b, "g", first), error_code::none);
  const auto second = join_alone(b, "g");
  b.crash(crash_kind::power);
  b.start();
  EXPECT_EQ(heartbeat(b, "g", second), error_code::none);
  EXPECT_EQ(heartbeat(b, "g", first), error_code::unknown_member_id);
  EXPECT_EQ(committed(b, "simple", "t", 0), 399);
}

TEST_F(groups, what_cannot_be_committed_is_told_for_each_partition) {
  test_broker b(2, {"offset.metadata.max.bytes=4"});
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  auto asked = commit_request("g", {}, "t", 0, 1);
  asked.topics[0].partitions[0].committed_metadata = "longer";
  auto& second = asked.topics[0].partitions.emplace_back();
  second.partition_index = partition_id{1};
  second.committed_offset = offset{2};
  asked.topics[0].partitions.emplace_back().partition_index = partition_id{2};
  auto& absent = asked.topics.emplace_back();
  absent.name = "absent";
  absent.partitions.emplace_back().partition_index = partition_id{0};
  const auto answer = b.call<protocol::offset_commit_response>(8, asked);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, error_code::offset_metadata_too_large);
  EXPECT_EQ(answer.topics.at(0).partitions.at(1).error_code, error_code::none);
  EXPECT_EQ(answer.topics.at(0).partitions.at(2).error_code, error_code::unknown_topic_or_partition);
  EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, error_code::unknown_topic_or_partition);
  EXPECT_EQ(committed(b, "g", "t", 0), -1);
  EXPECT_EQ(committed(b, "g", "t", 1), 2);
  EXPECT_EQ(commit(b, "g", {"somebody", 3, ""}, "t", 1, 5), error_code::unknown_member_id);
  EXPECT_EQ(commit(b, "new", {"somebody", 3, ""}, "t", 1, 5), error_code::illegal_generation);
  EXPECT_EQ(commit(b, "new", {"somebody", 3, ""}, "t", 1, 5, 9), error_code::group_id_not_found);
}

TEST_F(groups, offsets_by_topic_id) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1), error_code::none);
  const auto id = topic_id_of(b, "t");
  auto asked = commit_request("g", {}, "", 0, 4);
  asked.topics[0].topic_id = id;
  auto& other = asked.topics.emplace_back(asked.topics[0]);
  other.topic_id = uuid{1, 2};
  const auto answer = b.call<protocol::offset_commit_response>(10, asked);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, error_code::none);
  EXPECT_EQ(answer.topics.at(1).partitions.at(0).error_code, error_code::unknown_topic_id);
  protocol::offset_fetch_request fetch;
  auto& g = fetch.groups.emplace_back();
  g.group_id = "g";
  auto& topics = g.topics.emplace();
  topics.emplace_back().topic_id = id;
  topics.back().partition_indexes = {partition_id{0}, partition_id{7}};
  topics.emplace_back().topic_id = uuid{1, 2};
  topics.back().partition_indexes = {partition_id{0}};
  const auto found = b.call<protocol::offset_fetch_response>(10, fetch);
  ASSERT_EQ(found.groups.at(0).topics.size(), 2u);
  EXPECT_EQ(found.groups[0].topics[0].partitions.at(0).committed_offset, offset{4});
  EXPECT_EQ(found.groups[0].topics[0].partitions.at(0).metadata, "note");
  EXPECT_EQ(found.groups[0].topics[0].partitions.at(1).committed_offset, offset{-1});
  EXPECT_EQ(found.groups[0].topics[1].partitions.at(0).error_code, error_code::unknown_topic_id);
}

TEST_F(groups, offsets_in_the_older_versions_of_fetch) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1), error_code::none);
  ASSERT_EQ(commit(b, "g", {}, "t", 0, 6, 2), error_code::none);
  for (std::int16_t version = 1; version <= 7; ++version) {
    protocol::offset_fetch_request asked;
    asked.group_id = "g";
    auto& topics = asked.topics.emplace();
    topics.emplace_back().name = "t";
    topics.back().partition_indexes = {partition_id{0}, partition_id{1}};
    const auto answer = b.call<protocol::offset_fetch_response>(version, asked);
    ASSERT_EQ(answer.topics.size(), 1u) << version;
    EXPECT_EQ(answer.topics[0].partitions.at(0).committed_offset, offset{6});
    EXPECT_EQ(answer.topics[0].partitions.at(1).committed_offset, offset{-1});
    if (version < 2) continue;
    asked.topics.reset();
    EXPECT_EQ(b.call<protocol::offset_fetch_response>(version, asked).topics.at(0).partitions.size(), 1u);
  }
}

TEST_F(groups, a_deleted_topic_takes_its_offsets_along_and_their_groups_are_empty_until_the_next_expiry) {
  test_broker b(2, {"offsets.retention.check.interval.ms=60000"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(create_topic(b, "stays"), error_code::none);
  for (int g = 0; g < 600; ++g) ASSERT_EQ(commit(b, "g" + std::to_string(g), {}, "t", 0, g), error_code::none);
  ASSERT_EQ(commit(b, "g7", {}, "stays", 0, 70), error_code::none);
  ASSERT_EQ(delete_topic(b, "t"), error_code::none);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(committed(b, "g599", "t", 0), -1) << "offsets of the old topic are none of the new one's";
  for (int i = 0; i < 5; ++i) b.advance(1);
  EXPECT_EQ(list(b).size(), 600u);
  EXPECT_EQ(describe(b, "g599", 6).group_state, "Empty");
  EXPECT_EQ(describe(b, "g599", 6).error_code, error_code::none);
  EXPECT_EQ(committed(b, "g599", "t", 0), -1);
  b.advance(60'000);
  for (int i = 0; i < 5; ++i) b.advance(1);
  EXPECT_EQ(list(b), std::vector<std::string>{"g7 Empty classic"});
  EXPECT_EQ(committed(b, "g7", "stays", 0), 70);
}

TEST_F(groups, groups_and_offsets_are_deleted_when_nobody_uses_them) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto m = join_alone(b, "g");
  ASSERT_EQ(commit(b, "g", m, "t", 0, 7), error_code::none);
  EXPECT_EQ(remove(b, "g"), error_code::non_empty_group);
  EXPECT_EQ(remove(b, "unknown"), error_code::group_id_not_found);
  EXPECT_EQ(leave(b, "g", m), error_code::none);
  protocol::offset_delete_request asked;
  asked.group_id = "g";
  auto& t = asked.topics.emplace_back();
  t.name = "t";
  t.partitions.emplace_back().partition_index = partition_id{0};
  t.partitions.emplace_back().partition_index = partition_id{77};
  const auto answer = b.call<protocol::offset_delete_response>(0, asked);
  EXPECT_EQ(answer.error_code, error_code::none);
  EXPECT_EQ(answer.topics.at(0).partitions.at(0).error_code, error_code::none);
  EXPECT_EQ(answer.topics.at(0).partitions.at(1).error_code, error_code::unknown_topic_or_partition);
  EXPECT_EQ(committed(b, "g", "t", 0), -1);
  EXPECT_EQ(list(b), std::vector<std::string>{"g Empty classic"});
  EXPECT_EQ(remove(b, "g"), error_code::none);
  EXPECT_TRUE(list(b).empty());
  b.crash(crash_kind::power);
  b.start();
  EXPECT_TRUE(list(b).empty());
}

TEST_F(groups, offsets_expire_when_the_group_is_empty_for_long) {
  test_broker b(2, {"offsets.retention.minutes=2", "offsets.retention.check.interval.ms=10000"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(commit(b, "simple", {}, "t", 0, 3), error_code::none);
  auto m = join_alone(b, "g");
  ASSERT_EQ(commit(b, "g", m, "t", 0, 7), error_code::none);
  for (int i = 0; i < 30; ++i) {
    b.advance(5000);
    ASSERT_EQ(heartbeat(b, "g", m), error_code::none);
  }
  b.advance(5000);
  EXPECT_EQ(list(b), std::vector<std::string>{"g Stable classic"});
  b.advance(10'000);
  for (int i = 0; i < 11; ++i) b.advance(10'000);
  EXPECT_EQ(committed(b, "g", "t", 0), 7);
  for (int i = 0; i < 4; ++i) b.advance(10'000);
  EXPECT_EQ(committed(b, "g", "t", 0), -1);
  EXPECT_TRUE(list(b).empty());
}

TEST_F(groups, offsets_expire_within_a_check_interval_also_right_after_a_start) {
  test_broker b(2, {"offsets.retention.check.interval.ms=1000", "log.initial.task.delay.ms=3600000"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  protocol::offset_commit_request brief;
  brief.group_id = "brief";
  brief.retention_time_ms = 5000;
  auto& partition = brief.topics.emplace_back().partitions.emplace_back();
  brief.topics.back().name = "t";
  partition.committed_offset = offset{3};
  ASSERT_EQ(b.call<protocol::offset_commit_response>(4, brief).topics.at(0).partitions.at(0).error_code,
            error_code::none);
  for (int i = 0; i < 4; ++i) b.advance(1000);
  EXPECT_EQ(committed(b, "brief", "t", 0), 3);
  for (int i = 0; i < 3; ++i) b.advance(1000);
  EXPECT_EQ(committed(b, "brief", "t", 0), -1);
}

TEST_F(groups, what_is_unknown_is_said_as_each_version_says_it) {
  test_broker b;
  EXPECT_EQ(describe(b, "x", 5).group_state, "Dead");
  EXPECT_EQ(describe(b, "x", 5).error_code, error_code::none);
  EXPECT_EQ(describe(b, "x", 6).error_code, error_code::group_id_not_found);
  EXPECT_EQ(describe(b, "x", 6).error_message, "Group x not found.");
  protocol::consumer_group_describe_request asked;
  asked.group_ids = {"x"};
  const auto answer = b.call<protocol::consumer_group_describe_response>(1, asked);
  EXPECT_EQ(answer.groups.at(0).error_code, error_code::group_id_not_found);
  EXPECT_EQ(heartbeat(b, "x", {"m", 1, ""}), error_code::unknown_member_id);
  EXPECT_EQ(sync(b, "x", {"m", 1, ""}, "").error_code, error_code::unknown_member_id);
  protocol::leave_group_request stranger;
  stranger.group_id = "x";
  stranger.members.emplace_back().member_id = "m";
  EXPECT_EQ(b.call<protocol::leave_group_response>(3, stranger).error_code, error_code::none);
  EXPECT_EQ(leave(b, "x", {"m", -1, ""}), error_code::unknown_member_id);
  auto join = join_request("x", "m");
  EXPECT_EQ(b.call<protocol::join_group_response>(5, join).error_code, error_code::unknown_member_id);
  join.session_timeout_ms = 5999;
  EXPECT_EQ(b.call<protocol::join_group_response>(5, join).error_code, error_code::invalid_session_timeout);
  join.group_id = "";
  EXPECT_EQ(b.call<protocol::join_group_response>(5, join).error_code, error_code::invalid_group_id);
}

TEST_F(groups, a_full_disk_refuses_commits_and_rebalances_and_goes_on_afterwards) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto m = join_alone(b, "g");
  ASSERT_EQ(commit(b, "g", m, "t", 0, 1), error_code::none);
  fill_disk(b);
  const auto waits = b.send(b.connection(), 8, commit_request("g", m, "t", 0, 2));
  EXPECT_FALSE(waits->arrived) << "decided before anybody knew of the disk";
  EXPECT_EQ(commit(b, "g", m, "t", 0, 3), error_code::coordinator_not_available);
  EXPECT_EQ(heartbeat(b, "g", m), error_code::none);
  free_disk(b);
  b.advance(1000);
  EXPECT_TRUE(waits->arrived);
  EXPECT_EQ(commit(b, "g", m, "t", 0, 4), error_code::none);
  b.crash(crash_kind::power);
  b.start();
  EXPECT_EQ(committed(b, "g", "t", 0), 4);
}

}  // namespace
}  // namespace jackdaw::testing
