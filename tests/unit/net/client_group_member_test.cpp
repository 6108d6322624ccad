// One member against answers that the test makes up; time is counted by hand.
#include "jackdaw/net/client_group_member.hpp"

#include <gtest/gtest.h>

namespace jackdaw::net {
namespace {

using protocol::error_code;
using std::chrono::milliseconds;
using step = group_member::step;

class client_group_member : public ::testing::Test {
 protected:
  static group_member_options options() {
    group_member_options o;
    o.group = "g";
    o.topics = {"t"};
    return o;
  }

  explicit client_group_member(group_member_options o = options()) : member(std::move(o)) {}

  step next() { return member.next(now); }
  void pass(milliseconds time) { now += time; }
  void coordinator_found() {
    ASSERT_EQ(next(), step::find_coordinator);
    member.on_coordinator(error_code::none, now);
  }
  void join_answered(error_code code, std::string_view id, std::string_view leader = "someone") {
    ASSERT_EQ(next(), step::join);
    protocol::join_group_response r;
    r.error_code = code;
    r.generation_id = ++generation;
    r.member_id = id;
    r.leader = leader;
    r.protocol_name = "range";
    if (leader == id) {
      for (const auto* m : {"me", "other"}) {
        auto& row = r.members.emplace_back();
        row.member_id = m;
        row.metadata = bytes_view(subscription);
      }
    }
    member.on_join(r, now);
  }
  void sync_answered(error_code code, const assigned_partitions& assigned = {}) {
    ASSERT_EQ(next(), step::sync);
    const auto bytes = encode_assignment(assigned);
    protocol::sync_group_response r;
    r.error_code = code;
    if (code == error_code::none) r.assignment = bytes_view(bytes);
    member.on_sync(r, now);
  }
  // Reading t:0,1 as the follower "me".
  void start_reading() {
    coordinator_found();
    join_answered(error_code::none, "me");
    sync_answered(error_code::none, mine);
    ASSERT_TRUE(member.may_read());
  }
  void heartbeat_answered(error_code code) {
    pass(options().heartbeat_interval);
    ASSERT_EQ(next(), step::heartbeat);
    member.on_heartbeat(code, now);
  }
  static group_positions at(std::int64_t first, std::int64_t second) {
    return {{{"t", partition_id{0}}, offset{first}}, {{"t", partition_id{1}}, offset{second}}};
  }
  // What the request would commit, as "0:5 1:7"; "-" for no request.
  std::string committed(const group_positions& positions) {
    const auto request = member.commit_request(positions);
    if (!request) return "-";
    std::string out;
    for (const auto& t : request->topics) {
      for (const auto& p : t.partitions) {
        if (!out.empty()) out += ' ';
        out += std::to_string(p.partition_index.value()) + ':' + std::to_string(p.committed_offset.value());
      }
    }
    return out;
  }

  group_member::time_point now{std::chrono::hours(1)};
  group_member member;
  std::int32_t generation = 0;
  const std::vector<std::byte> subscription = encode_subscription({"t"});
  const assigned_partitions mine{{"t", {partition_id{0}, partition_id{1}}}};
};

TEST_F(client_group_member, joins_with_the_id_it_is_given_and_reads) {
  coordinator_found();
  EXPECT_EQ(member.join_request(9).member_id, "");
  EXPECT_EQ(member.join_request(9).protocols.size(), 2u);
  join_answered(error_code::member_id_required, "me");
  EXPECT_EQ(member.join_request(9).member_id, "me");
  join_answered(error_code::none, "me");
  EXPECT_TRUE(member.sync_request(5).assignments.empty()) << "the leader's work";
  EXPECT_FALSE(member.may_read());
  sync_answered(error_code::none, mine);
  EXPECT_TRUE(member.may_read());
  EXPECT_EQ(member.assigned(), mine);
  EXPECT_EQ(next(), step::none);
  EXPECT_EQ(member.due(), now + options().heartbeat_interval);
}

TEST_F(client_group_member, does_one_thing_at_a_time) {
  EXPECT_EQ(next(), step::find_coordinator);
  EXPECT_EQ(next(), step::none);
  EXPECT_EQ(member.due(), group_member::time_point::max());
}

TEST_F(client_group_member, the_leader_assigns_to_all) {
  coordinator_found();
  join_answered(error_code::none, "me", "me");
  ASSERT_EQ(next(), step::assign);
  EXPECT_EQ(member.topics_to_count(), std::vector<std::string>{"t"});
  member.assign({{"t", 3}});
  const auto request = member.sync_request(5);
  ASSERT_EQ(request.assignments.size(), 2u);
  EXPECT_EQ(request.assignments[0].member_id, "me");
  EXPECT_EQ(decode_assignment(request.assignments[0].assignment).value(), mine);
  EXPECT_EQ(request.assignments[1].member_id, "other");
}

TEST_F(client_group_member, the_leader_notices_that_a_topic_grew) {
  coordinator_found();
  join_answered(error_code::none, "me", "me");
  ASSERT_EQ(next(), step::assign);
  member.assign({{"t", 3}});
  sync_answered(error_code::none, mine);
  member.check_counts({{"t", 3}}, now);
  EXPECT_TRUE(member.may_read());
  member.check_counts({{"t", 4}}, now);
  EXPECT_FALSE(member.may_read());
  ASSERT_EQ(next(), step::commit);
  member.on_commit(error_code::none, now);
  EXPECT_EQ(next(), step::join);
}

TEST_F(client_group_member, a_rebalance_commits_before_it_gives_partitions_up) {
  start_reading();
  const auto before = member.assignment_count();
  heartbeat_answered(error_code::rebalance_in_progress);
  EXPECT_FALSE(member.may_read());
  EXPECT_EQ(member.assigned(), mine) << "until the commit is done";
  ASSERT_EQ(next(), step::commit);
  EXPECT_EQ(committed(at(5, 7)), "0:5 1:7");
  member.on_commit(error_code::none, now);
  EXPECT_TRUE(member.assigned().empty());
  EXPECT_EQ(member.assignment_count(), before + 1);
  EXPECT_EQ(member.join_request(9).member_id, "me");
  EXPECT_EQ(next(), step::join);
}

TEST_F(client_group_member, commits_at_its_interval_what_moved) {
  start_reading();
  pass(options().commit_interval);
  ASSERT_EQ(next(), step::heartbeat);
  member.on_heartbeat(error_code::none, now);
  ASSERT_EQ(next(), step::commit);
  auto positions = at(5, 7);
  positions[{"t", partition_id{9}}] = offset{1};
  EXPECT_EQ(committed(positions), "0:5 1:7") << "nothing of partitions that aren't ours";
  member.on_commit(error_code::none, now);
  EXPECT_EQ(committed(at(5, 7)), "-");
  EXPECT_EQ(committed(at(5, 8)), "1:8");
}

TEST_F(client_group_member, a_failed_commit_is_tried_again) {
  start_reading();
  pass(options().commit_interval);
  ASSERT_EQ(next(), step::heartbeat);
  member.on_heartbeat(error_code::none, now);
  ASSERT_EQ(next(), step::commit);
  EXPECT_EQ(committed(at(5, 7)), "0:5 1:7");
  member.on_commit(error_code::coordinator_load_in_progress, now);
  EXPECT_EQ(next(), step::none);
  pass(options().retry_backoff);
  EXPECT_EQ(next(), step::commit);
  EXPECT_EQ(committed(at(5, 7)), "0:5 1:7");
}

TEST_F(client_group_member, what_the_group_forgot_joins_anew) {
  start_reading();
  heartbeat_answered(error_code::illegal_generation);
  EXPECT_TRUE(member.assigned().empty());
  EXPECT_EQ(member.join_request(9).member_id, "me");
  join_answered(error_code::unknown_member_id, "");
  EXPECT_EQ(member.join_request(9).member_id, "");
  pass(options().retry_backoff);
  EXPECT_EQ(next(), step::join);
}

TEST_F(client_group_member, stops_reading_when_nobody_confirms_its_session) {
  start_reading();
  for (milliseconds passed{0}; passed < options().session_timeout; passed += options().heartbeat_interval) {
    EXPECT_TRUE(member.may_read());
    pass(options().heartbeat_interval);
    if (next() == step::none) continue;
    member.on_unreachable(now);
    pass(options().retry_backoff);
    if (next() == step::find_coordinator) member.on_unreachable(now);
  }
  pass(options().retry_backoff);
  ASSERT_EQ(next(), step::find_coordinator);
  member.on_coordinator(error_code::none, now);
  EXPECT_EQ(next(), step::join);
  EXPECT_TRUE(member.assigned().empty());
}

TEST_F(client_group_member, follows_its_coordinator_and_keeps_reading) {
  start_reading();
  heartbeat_answered(error_code::not_coordinator);
  EXPECT_TRUE(member.may_read());
  pass(options().retry_backoff);
  coordinator_found();
  ASSERT_EQ(next(), step::heartbeat);
  member.on_heartbeat(error_code::none, now);
  EXPECT_TRUE(member.may_read());
}

TEST_F(client_group_member, a_rebalance_during_the_sync_joins_again) {
  coordinator_found();
  join_answered(error_code::none, "me");
  sync_answered(error_code::rebalance_in_progress);
  EXPECT_EQ(next(), step::join);
}

TEST_F(client_group_member, stopping_commits_the_last_positions_and_leaves) {
  start_reading();
  pass(options().commit_interval);
  ASSERT_EQ(next(), step::heartbeat);
  member.on_heartbeat(error_code::none, now);
  ASSERT_EQ(next(), step::commit);
  EXPECT_EQ(committed(at(5, 7)), "0:5 1:7");
  member.stop();
  EXPECT_FALSE(member.may_read());
  member.on_commit(error_code::none, now);
  ASSERT_EQ(next(), step::commit) << "the one under way was too early";
  EXPECT_EQ(committed(at(6, 7)), "0:6");
  member.on_commit(error_code::none, now);
  ASSERT_EQ(next(), step::leave);
  EXPECT_EQ(member.leave_request(5).members.at(0).member_id, "me");
  EXPECT_EQ(member.leave_request(1).member_id, "me");
  member.on_leave();
  EXPECT_TRUE(member.is_over());
  EXPECT_FALSE(member.failure().has_value());
}

TEST_F(client_group_member, stopping_while_it_joins_waits_for_nobody) {
  coordinator_found();
  join_answered(error_code::member_id_required, "me");
  ASSERT_EQ(next(), step::join);
  member.stop();
  ASSERT_EQ(next(), step::leave);
  member.on_unreachable(now);
  EXPECT_TRUE(member.is_over());
}

TEST_F(client_group_member, stopping_before_anybody_knows_it_ends_at_once) {
  EXPECT_EQ(next(), step::find_coordinator);
  member.stop();
  EXPECT_TRUE(member.is_over());
}

TEST_F(client_group_member, gives_up_when_the_group_refuses_it) {
  coordinator_found();
  join_answered(error_code::inconsistent_group_protocol, "");
  EXPECT_TRUE(member.is_over());
  ASSERT_TRUE(member.failure().has_value());
  EXPECT_NE(member.failure()->detail.find("INCONSISTENT_GROUP_PROTOCOL"), std::string::npos);
}

class static_member : public client_group_member {
 protected:
  static group_member_options with_instance() {
    auto o = options();
    o.instance_id = "i";
    return o;
  }
  static_member() : client_group_member(with_instance()) {}
};

TEST_F(static_member, commits_but_does_not_leave) {
  start_reading();
  EXPECT_EQ(member.join_request(9).group_instance_id, "i");
  EXPECT_EQ(member.heartbeat_request(4).group_instance_id, "i");
  member.stop();
  ASSERT_EQ(next(), step::commit);
  EXPECT_EQ(committed(at(5, 7)), "0:5 1:7");
  member.on_commit(error_code::none, now);
  EXPECT_TRUE(member.is_over());
}

TEST_F(static_member, is_over_when_another_took_its_name) {
  start_reading();
  heartbeat_answered(error_code::fenced_instance_id);
  EXPECT_TRUE(member.is_over());
  EXPECT_TRUE(member.failure().has_value());
}

}  // namespace
}  // namespace jackdaw::net
