// Members that come and go between the end of the joins and the leader's assignment.
#include "group_fixture.hpp"

namespace jackdaw::coordinator {
namespace {

using protocol::error_code;

class late_members_test : public group_fixture {
 protected:
  // a leads, b and c follow; generation 2 has no assignment yet.
  void await_assignment() {
    make_stable({"a", "b"});
    join(request(""), "c");
    join(request("a"));
    join(request("b"));
    ASSERT_EQ(group.state(), group_state::completing_rebalance);
    ASSERT_EQ(group.leader(), "a");
  }
};

TEST_F(late_members_test, who_leaves_does_not_take_the_others_assignment_away) {
  await_assignment();
  const auto c = sync("c");
  EXPECT_EQ(leave("b"), error_code::none);
  EXPECT_EQ(leave("b"), error_code::unknown_member_id);
  EXPECT_EQ(heartbeat("b"), error_code::unknown_member_id);
  EXPECT_EQ(group.state(), group_state::completing_rebalance);
  const auto a = sync("a", {{"a", "p0"}, {"b", "p1"}, {"c", "p2"}});
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->members.size(), 2U);
  store_done();
  EXPECT_EQ(syncs[a].assignment, bytes("p0"));
  EXPECT_EQ(syncs[c].assignment, bytes("p2"));
  EXPECT_EQ(group.state(), group_state::preparing_rebalance) << "b's partitions must go to somebody";
  EXPECT_EQ(heartbeat("a"), error_code::rebalance_in_progress);
  EXPECT_EQ(group.history().reports().back().causes.front().kind, cause_kind::left);
  EXPECT_EQ(group.history().reports().back().causes.front().member_id, "b");
}

TEST_F(late_members_test, who_joins_is_let_in_after_the_assignment) {
  await_assignment();
  const auto d = join(request(""), "d");
  const auto a = sync("a", {{"a", "p0"}, {"b", "p1"}});
  const auto other_protocols = join(request("b", {"range", "sticky"}));
  EXPECT_FALSE(joins.contains(d));
  store_done();
  EXPECT_EQ(syncs[a].assignment, bytes("p0"));
  EXPECT_EQ(group.state(), group_state::preparing_rebalance);
  EXPECT_EQ(group.history().reports().back().causes.front().member_id, "d");
  join(request("a"));
  join(request("c"));
  EXPECT_EQ(joins[d].generation, 3);
  EXPECT_EQ(joins[other_protocols].generation, 3);
}

// A topic "t" with one partition, or none; version 1 of what consumers tell each other.
std::string partitions(char partition) {
  using namespace std::string_literals;
  return partition < 0 ? "\0\0\0\0"s : "\0\0\0\1\0\1t\0\0\0\1\0\0\0"s + partition;
}

TEST_F(late_members_test, cooperative_members_that_keep_what_they_have_come_back_at_once) {
  using namespace std::string_literals;
  const auto cooperative = [&](const std::string& member, char owned) {
    auto r = request(member);
    r.protocols = {{"cooperative-sticky", bytes("\0\1\0\0\0\1\0\1t\xff\xff\xff\xff"s + partitions(owned))}};
    return r;
  };
  const auto gets = [](char partition) { return "\0\1"s + partitions(partition) + "\xff\xff\xff\xff"s; };
  join(cooperative("", 0), "a");
  join(cooperative("", 1), "b");
  join(cooperative("", -1), "c");
  advance(3000);
  advance(3000);
  const auto b = sync("b");
  const auto c = sync("c");
  const auto d = join(cooperative("", -1), "d");
  const auto a = sync("a", {{"a", gets(0)}, {"b", gets(1)}, {"c", gets(2)}});
  store_done();
  EXPECT_EQ(syncs[a].error, error_code::rebalance_in_progress);
  EXPECT_EQ(syncs[b].error, error_code::rebalance_in_progress);
  EXPECT_EQ(syncs[c].error, error_code::none) << "partition 2 is new to it";
  EXPECT_EQ(syncs[c].assignment, bytes(gets(2)));
  join(cooperative("a", 0));
  join(cooperative("b", 1));
  join(cooperative("c", 2));
  EXPECT_EQ(joins[d].generation, 2);
  sync("b");
  const auto settled = sync("a", {{"a", gets(0)}, {"b", gets(1)}, {"c", gets(2)}, {"d", gets(3)}});
  store_done();
  EXPECT_EQ(syncs[settled].error, error_code::none) << "nobody is late this time";
}

TEST_F(late_members_test, a_slow_leader_is_waited_for_a_second) {
  await_assignment();
  const auto b = sync("b");
  const auto d = join(request(""), "d");
  EXPECT_EQ(leave("c"), error_code::none);
  EXPECT_EQ(group.next_deadline(), now.steady + std::chrono::seconds(1));
  advance(999);
  EXPECT_EQ(group.state(), group_state::completing_rebalance);
  advance(1);
  EXPECT_EQ(group.state(), group_state::preparing_rebalance);
  EXPECT_EQ(syncs[b].error, error_code::rebalance_in_progress);
  join(request("a"));
  join(request("b"));
  EXPECT_EQ(joins[d].generation, 3);
  join(request(""), "e");
  EXPECT_EQ(group.state(), group_state::completing_rebalance) << "a new generation, a new second";
}

TEST_F(late_members_test, nobody_waits_for_a_leader_that_left) {
  await_assignment();
  const auto b = sync("b");
  const auto d = join(request(""), "d");
  EXPECT_EQ(leave("a"), error_code::none);
  EXPECT_EQ(syncs[b].error, error_code::rebalance_in_progress);
  join(request("b"));
  join(request("c"));
  EXPECT_EQ(joins[d].generation, 3);
  EXPECT_EQ(joins[d].error, error_code::none);
}

TEST_F(late_members_test, an_assignment_that_could_not_be_stored_lets_them_in_too) {
  await_assignment();
  const auto d = join(request(""), "d");
  EXPECT_EQ(leave("c"), error_code::none);
  sync("a", {{"a", "p0"}});
  store_done(error_code::coordinator_not_available);
  join(request("a"));
  join(request("b"));
  EXPECT_EQ(joins[d].generation, 3);
  EXPECT_EQ(group.members().size(), 3U);
}

TEST_F(late_members_test, a_new_id_is_given_out_at_once_and_one_that_left_is_not_let_in) {
  await_assignment();
  auto r = request("");
  r.requires_member_id = true;
  EXPECT_EQ(joins[join(r, "d")].error, error_code::member_id_required);
  const auto d = join(request("d"));
  EXPECT_FALSE(joins.contains(d));
  EXPECT_EQ(leave("d"), error_code::none);
  sync("a", {{"a", "p0"}});
  store_done();
  EXPECT_EQ(joins[d].error, error_code::unknown_member_id);
}

TEST_F(late_members_test, a_static_member_that_comes_back_meanwhile_takes_its_new_assignment) {
  auto fixed = request("");
  fixed.instance_id = "one";
  join(request(""), "a");
  join(fixed, "one-1");
  advance(3000);
  advance(3000);
  const auto again = join(fixed, "one-2");
  sync("a", {{"a", "p0"}, {"one-1", "p1"}});
  store_done();
  EXPECT_EQ(group.state(), group_state::stable);
  EXPECT_EQ(joins[again].generation, 1);
  EXPECT_EQ(syncs[sync("one-2")].assignment, bytes("p1"));
}

TEST_F(late_members_test, the_end_of_the_group_is_told_to_them) {
  await_assignment();
  const auto d = join(request(""), "d");
  group_effects out;
  group.disband(error_code::not_coordinator, out);
  take(out);
  EXPECT_EQ(joins[d].error, error_code::not_coordinator);
}

}  // namespace
}  // namespace jackdaw::coordinator
