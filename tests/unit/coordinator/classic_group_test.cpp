#include "jackdaw/coordinator/classic/classic_group.hpp"

#include "group_fixture.hpp"

namespace jackdaw::coordinator {
namespace {

using protocol::error_code;

class classic_group_test : public group_fixture {};

TEST_F(classic_group_test, the_first_members_of_a_group_are_waited_for_and_join_one_generation) {
  const auto a = join(request(""), "a");
  advance(2000);
  const auto b = join(request(""), "b");
  advance(1000);
  EXPECT_TRUE(joins.empty()) << "b came during the delay: wait once more";
  advance(3000);
  ASSERT_EQ(joins.size(), 2U);
  EXPECT_EQ(joins[a].generation, 1);
  EXPECT_EQ(joins[a].leader, "a");
  EXPECT_EQ(joins[a].members.size(), 2U);
  EXPECT_EQ(joins[a].protocol_name, "range");
  EXPECT_TRUE(joins[b].members.empty());
  EXPECT_EQ(group.state(), group_state::completing_rebalance);
}

TEST_F(classic_group_test, assignments_are_told_when_they_are_stored_not_before) {
  join(request(""), "a");
  join(request(""), "b");
  advance(3000);
  advance(3000);
  const auto b = sync("b");
  const auto a = sync("a", {{"a", "p0"}, {"b", "p1"}});
  EXPECT_TRUE(syncs.empty());
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->members.size(), 2U);
  store_done();
  EXPECT_EQ(syncs[a].assignment, bytes("p0"));
  EXPECT_EQ(syncs[b].assignment, bytes("p1"));
  EXPECT_EQ(group.state(), group_state::stable);
  EXPECT_EQ(syncs[sync("b")].assignment, bytes("p1")) << "asked again";
}

TEST_F(classic_group_test, an_assignment_that_could_not_be_stored_begins_anew) {
  join(request(""), "a");
  advance(3000);
  const auto a = sync("a", {{"a", "p0"}});
  store_done(error_code::coordinator_not_available);
  EXPECT_EQ(syncs[a].error, error_code::coordinator_not_available);
  EXPECT_EQ(group.state(), group_state::preparing_rebalance);
}

TEST_F(classic_group_test, a_new_member_must_ask_again_with_the_id_it_got) {
  auto r = request("");
  r.requires_member_id = true;
  const auto first = join(r, "a");
  EXPECT_EQ(joins[first].error, error_code::member_id_required);
  EXPECT_EQ(joins[first].member_id, "a");
  join(request("a"));
  advance(3000);
  EXPECT_EQ(group.generation(), 1);
  EXPECT_EQ(joins[join(request("nobody"))].error, error_code::unknown_member_id);
}

TEST_F(classic_group_test, an_id_that_is_never_used_holds_nobody_up_for_longer_than_its_session) {
  make_stable({"a"});
  auto r = request("");
  r.requires_member_id = true;
  join(r, "b");
  EXPECT_EQ(leave("b"), error_code::none);
  join(r, "c");
  const auto again = join(request("a", {"range"}));
  EXPECT_FALSE(joins.contains(again)) << "c may still come";
  advance(10'000);
  EXPECT_TRUE(joins.contains(again));
  EXPECT_EQ(group.members().size(), 1U);
}

TEST_F(classic_group_test, a_newcomer_makes_everybody_join_again_and_heartbeats_say_so) {
  make_stable({"a", "b"});
  const auto c = join(request(""), "c");
  EXPECT_EQ(heartbeat("a"), error_code::rebalance_in_progress);
  const auto a = join(request("a"));
  EXPECT_FALSE(joins.contains(a));
  const auto b = join(request("b"));
  ASSERT_TRUE(joins.contains(a) && joins.contains(b) && joins.contains(c));
  EXPECT_EQ(joins[a].generation, 2);
  EXPECT_EQ(joins[a].members.size(), 3U);
  EXPECT_EQ(heartbeat("c"), error_code::none);
}

TEST_F(classic_group_test, who_does_not_join_again_in_time_is_out) {
  make_stable({"a", "b"});
  join(request(""), "c");
  join(request("a"));
  for (int i = 0; i < 7; ++i) {
    advance(9000);
    EXPECT_EQ(group.state() == group_state::preparing_rebalance, i < 6);
    if (i < 6) {
      EXPECT_EQ(heartbeat("b"), error_code::rebalance_in_progress);
    }
  }
  EXPECT_EQ(group.members().size(), 2U);
  EXPECT_EQ(heartbeat("b"), error_code::unknown_member_id);
  EXPECT_EQ(group.history().reports().back().dropped, std::vector<std::string>{"b"});
}

TEST_F(classic_group_test, a_silent_member_loses_its_place_and_the_rest_goes_on) {
  make_stable({"a", "b"});
  advance(9000);
  EXPECT_EQ(heartbeat("a"), error_code::none);
  advance(1500);
  EXPECT_EQ(group.state(), group_state::preparing_rebalance);
  const auto a = join(request("a"));
  ASSERT_TRUE(joins.contains(a));
  EXPECT_EQ(joins[a].members.size(), 1U);
  EXPECT_EQ(group.history().reports().back().causes.front().kind, cause_kind::session_over);
  EXPECT_EQ(group.history().reports().back().causes.front().member_id, "b");
}

TEST_F(classic_group_test, the_last_to_leave_empties_the_group_and_that_is_stored) {
  make_stable({"a", "b"});
  EXPECT_EQ(leave("a"), error_code::none);
  EXPECT_EQ(leave("a"), error_code::unknown_member_id);
  EXPECT_EQ(leave("b"), error_code::none);
  EXPECT_EQ(group.state(), group_state::empty);
  ASSERT_TRUE(stored);
  EXPECT_TRUE(stored->members.empty());
  EXPECT_EQ(stored->generation, 2);
  EXPECT_EQ(group.next_deadline() > now.steady, true);
}

TEST_F(classic_group_test, a_leader_that_joins_again_rebalances_and_a_follower_gets_its_old_answer) {
  make_stable({"a", "b"});
  const auto b = join(request("b"));
  EXPECT_EQ(joins[b].generation, 1);
  EXPECT_EQ(group.state(), group_state::stable);
  join(request("a"));
  EXPECT_EQ(group.state(), group_state::preparing_rebalance);
}

TEST_F(classic_group_test, protocols_are_agreed_on) {
  join(request("", {"sticky", "range"}), "a");
  EXPECT_EQ(joins[join(request("", {"other"}), "x")].error, error_code::inconsistent_group_protocol);
  auto stranger = request("", {"range"});
  stranger.protocol_type = "connect";
  EXPECT_EQ(joins[join(stranger, "x")].error, error_code::inconsistent_group_protocol);
  join(request("", {"range"}), "b");
  advance(3000);
  advance(3000);
  EXPECT_EQ(group.protocol_name(), "range") << "the only one that both know";
}

TEST_F(classic_group_test, a_static_member_that_comes_back_takes_its_place_without_a_rebalance) {
  auto fixed = request("");
  fixed.instance_id = "one";
  fixed.can_skip_assignment = true;
  join(fixed, "one-1");
  advance(3000);
  sync("one-1", {{"one-1", "p0"}});
  store_done();
  const auto again = join(fixed, "one-2");
  ASSERT_TRUE(joins.contains(again));
  EXPECT_EQ(joins[again].generation, 1);
  EXPECT_TRUE(joins[again].skip_assignment);
  EXPECT_EQ(syncs[sync("one-2")].assignment, bytes("p0"));
  EXPECT_EQ(group.heartbeat({"one-1", "one", 1}, now), error_code::fenced_instance_id);
  EXPECT_EQ(leave("one-1", "one"), error_code::fenced_instance_id);
  EXPECT_EQ(leave("", "one"), error_code::none);
  EXPECT_EQ(group.state(), group_state::empty);
}

TEST_F(classic_group_test, a_static_member_that_comes_back_with_other_metadata_starts_no_rebalance) {
  auto fixed = request("");
  fixed.instance_id = "one";
  fixed.protocols[0].metadata = bytes("owns p0");
  join(fixed, "one-1");
  advance(3000);
  sync("one-1", {{"one-1", "p0"}});
  store_done();
  fixed.protocols[0].metadata = bytes("owns nothing");
  const auto again = join(fixed, "one-2");
  ASSERT_TRUE(joins.contains(again));
  EXPECT_EQ(joins[again].generation, 1);
  EXPECT_EQ(group.state(), group_state::stable);
  EXPECT_EQ(syncs[sync("one-2")].assignment, bytes("p0"));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->members.at(0).member_id, "one-2");
  EXPECT_EQ(stored->members.at(0).subscription, bytes("owns nothing")) << "the next leader must know it";
}

TEST_F(classic_group_test, a_static_member_that_comes_back_with_another_favourite_starts_one) {
  auto fixed = request("", {"range", "sticky"});
  fixed.instance_id = "one";
  join(fixed, "one-1");
  advance(3000);
  sync("one-1", {{"one-1", "p0"}});
  store_done();
  auto other = request("", {"sticky", "range"});
  other.instance_id = "one";
  const auto again = join(other, "one-2");
  EXPECT_EQ(group.generation(), 2);
  EXPECT_EQ(joins[again].protocol_name, "sticky");
}

TEST_F(classic_group_test, static_members_that_are_away_and_give_no_time_to_rebalance_are_not_asked_all_the_time) {
  auto fixed = request("");
  fixed.instance_id = "one";
  fixed.rebalance_timeout_ms = -5;
  join(fixed, "one-1");
  auto other = request("");
  other.rebalance_timeout_ms = -5;
  join(other, "b");
  advance(3000);
  ASSERT_EQ(group.leader(), "one-1");
  sync("b");
  sync("one-1", {});
  store_done();
  ASSERT_EQ(group.state(), group_state::stable);
  EXPECT_EQ(leave("b"), error_code::none);
  advance(1);
  EXPECT_EQ(group.state(), group_state::preparing_rebalance);
  EXPECT_EQ(group.next_deadline(), now.steady + std::chrono::seconds(1));
}

TEST_F(classic_group_test, a_static_member_that_is_away_keeps_its_place_until_its_session_is_over) {
  auto fixed = request("");
  fixed.instance_id = "one";
  fixed.session_timeout_ms = 100'000;
  join(fixed, "one-1");
  join(request(""), "b");
  advance(3000);
  advance(3000);
  sync(group.leader(), {});
  store_done();
  join(request(""), "c");
  join(request("b"));
  advance(60'000);
  EXPECT_EQ(group.members().size(), 3U);
  EXPECT_EQ(group.generation(), 2);
  EXPECT_NE(group.leader(), "one-1");
}

TEST_F(classic_group_test, who_does_not_fetch_its_assignment_is_out_after_the_rebalance_timeout) {
  join(request(""), "a");
  join(request(""), "b");
  advance(3000);
  advance(3000);
  for (int i = 0; i < 7; ++i) {
    advance(9000);
    heartbeat("a");
    heartbeat("b");
  }
  EXPECT_EQ(group.state(), group_state::empty) << "neither did";
}

TEST_F(classic_group_test, who_joined_and_never_syncs_is_out_after_the_rebalance_timeout_of_a_stable_group_too) {
  join(request(""), "a");
  join(request(""), "b");
  advance(3000);
  advance(3000);
  sync("a", {{"a", "p0"}, {"b", "p1"}});
  store_done();
  ASSERT_EQ(group.state(), group_state::stable);
  for (int i = 0; i < 6; ++i) {
    advance(9000);
    EXPECT_EQ(heartbeat("a"), error_code::none) << i;
    EXPECT_EQ(heartbeat("b"), error_code::none) << i;
  }
  advance(6000);
  EXPECT_EQ(heartbeat("a"), error_code::rebalance_in_progress);
  EXPECT_EQ(syncs[sync("b")].error, error_code::unknown_member_id);
  EXPECT_EQ(group.history().reports().back().causes.front().kind, cause_kind::did_not_sync);
  join(request("a"));
  EXPECT_EQ(group.generation(), 2);
  EXPECT_EQ(group.members().size(), 1U);
  sync("a", {{"a", "p0"}});
  store_done();
  for (int i = 0; i < 10; ++i) {
    advance(9000);
    EXPECT_EQ(heartbeat("a"), error_code::none) << "who did sync stays";
  }
}

TEST_F(classic_group_test, a_full_group_takes_nobody) {
  settings.max_size = 1;
  make_stable({"a"});
  EXPECT_EQ(joins[join(request(""), "b")].error, error_code::group_max_size_reached);
  EXPECT_EQ(heartbeat("a"), error_code::none);
}

TEST_F(classic_group_test, commits_are_for_members_of_this_generation) {
  const auto check = [&](const std::string& member, std::int32_t generation) {
    return group.check_commit({member, {}, generation}, now);
  };
  EXPECT_EQ(check("", -1), error_code::none) << "nobody manages this group";
  EXPECT_EQ(check("a", 1), error_code::unknown_member_id);
  make_stable({"a", "b"});
  EXPECT_EQ(check("a", 1), error_code::none);
  EXPECT_EQ(check("a", 0), error_code::illegal_generation);
  EXPECT_EQ(check("c", 1), error_code::unknown_member_id);
  EXPECT_EQ(check("", -1), error_code::unknown_member_id);
  join(request(""), "c");
  EXPECT_EQ(check("a", 1), error_code::none) << "its partitions are still its own";
  join(request("a"));
  join(request("b"));
  EXPECT_EQ(check("a", 2), error_code::rebalance_in_progress);
}

TEST_F(classic_group_test, a_new_coordinator_goes_on_with_what_was_stored) {
  make_stable({"a", "b"});
  group = classic_group("g", *stored, now);
  EXPECT_EQ(group.state(), group_state::stable);
  EXPECT_EQ(heartbeat("a"), error_code::none);
  EXPECT_EQ(syncs[sync("b")].assignment, bytes("b"));
  advance(10'000);
  EXPECT_EQ(group.state(), group_state::empty) << "both were silent";
}

TEST_F(classic_group_test, a_join_that_overtakes_another_of_the_same_member_answers_the_first) {
  const auto first = join(request(""), "a");
  const auto second = join(request("a"));
  EXPECT_EQ(joins[first].error, error_code::unknown_member_id);
  advance(3000);
  EXPECT_EQ(joins[second].error, error_code::none);
}

TEST_F(classic_group_test, partitions_that_nobody_lost_have_not_moved_although_a_generation_ended_early) {
  using namespace std::string_literals;
  // Version 0: topic "t", one partition; no user data.
  const auto has = [](char partition) { return "\0\0\0\0\0\1\0\1t\0\0\0\1\0\0\0"s + partition + "\0\0\0\0"s; };
  make_stable({"a", "b"});
  const auto rebalance = [&](const std::string& comes) {
    join(request(""), comes);
    for (const auto& [id, m] : group.members()) join(request(id));
  };
  rebalance("c");
  sync("a", {{"a", has(0)}, {"b", has(1)}, {"c", has(2)}});
  store_done();
  ASSERT_EQ(group.state(), group_state::stable);
  rebalance("d");
  EXPECT_EQ(leave("d"), error_code::none) << "before the leader has assigned anything";
  advance(1000);
  for (const auto* id : {"a", "b", "c"}) join(request(id));
  sync("a", {{"a", has(0)}, {"b", has(2)}, {"c", has(1)}});
  store_done();
  EXPECT_EQ(group.history().reports().back().partitions_assigned, 3);
  EXPECT_EQ(group.history().reports().back().partitions_moved, 2);
}

}  // namespace
}  // namespace jackdaw::coordinator
