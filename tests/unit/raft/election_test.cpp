// Elections; the numbers are chapters of Ongaro's dissertation.
#include <gtest/gtest.h>

#include "unit/raft/cluster.hpp"

namespace jackdaw::raft {
namespace {

using std::chrono::milliseconds;
using testing::cluster;
using testing::node_name;

TEST(election, a_single_voter_leads_at_once) {
  cluster c(1);
  EXPECT_TRUE(c.raft(1).is_leader());
  EXPECT_EQ(c.raft(1).term(), raft_term{1});
  EXPECT_EQ(c.raft(1).commit_index(), raft_index{0}) << "nothing is committed before it is on disk";
  c.settle();
  EXPECT_EQ(c.raft(1).commit_index(), raft_index{1});
  EXPECT_EQ(c.raft(1).wake_at(), time_point::max()) << "idle costs nothing";
}

TEST(election, three_nodes_elect_one_3_4) {
  cluster c(3);
  const int leader = c.elect();
  ASSERT_NE(leader, 0);
  c.advance(milliseconds(500));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(c.raft(i).leader(), node_name(leader));
    EXPECT_EQ(c.raft(i).term(), c.raft(leader).term());
    EXPECT_EQ(c.node(i).seen.leader, node_name(leader));
  }
}

TEST(election, heartbeats_keep_the_leader_3_4) {
  cluster c(3);
  const int leader = c.elect();
  const raft_term term = c.raft(leader).term();
  c.advance(std::chrono::seconds(60));
  EXPECT_EQ(c.leader(), leader);
  EXPECT_EQ(c.raft(leader).term(), term);
}

TEST(election, a_new_leader_follows_a_dead_one_3_4) {
  cluster c(3);
  const int old = c.elect();
  const raft_term term = c.raft(old).term();
  c.crash(old);
  const int next = c.elect();
  ASSERT_NE(next, 0);
  EXPECT_NE(next, old);
  EXPECT_GT(c.raft(next).term(), term);
  c.start(old);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.raft(old).leader(), node_name(next));
  EXPECT_EQ(c.leader(), next);
}

TEST(election, a_death_that_the_transport_saw_is_not_waited_for) {
  cluster c(3);
  const int old = c.elect();
  c.advance(milliseconds(300));
  c.crash(old);
  const time_point then = c.now;
  for (auto& [id, n] : c.nodes) {
    if (n.raft) n.raft->peer_down(node_name(old), c.now);
  }
  while (c.leader() == 0) c.advance(milliseconds(10));
  EXPECT_LE(c.now - then, milliseconds(150)) << "the heartbeat interval, not the election timeout";
}

TEST(election, a_false_alarm_of_the_transport_is_outvoted) {
  cluster c(3);
  const int leader = c.elect();
  c.advance(milliseconds(300));
  const int other = leader % 3 + 1;
  const raft_term term = c.raft(leader).term();
  c.raft(other).peer_down(node_name(leader), c.now);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.leader(), leader);
  EXPECT_EQ(c.raft(leader).term(), term);
}

TEST(election, no_vote_leaves_before_it_is_durable_3_8) {
  cluster c(3);
  c.now += std::chrono::seconds(5);
  c.raft(1).tick(c.now);  // asks for pre-votes, which need no disk
  c.pump(node_name(1));
  ASSERT_EQ(c.wire.size(), 2u);
  for (; !c.wire.empty(); c.wire.pop_front()) c.deliver(c.wire.front());
  // The pre-votes are answered; the candidate's own term is not durable, so it asks nobody yet.
  EXPECT_EQ(c.raft(1).role(), node_role::candidate);
  EXPECT_TRUE(c.wire.empty());
  c.sync(node_name(1), 1);
  ASSERT_EQ(c.wire.size(), 2u);
  c.deliver(c.wire[0]);
  c.wire.clear();
  EXPECT_EQ(c.raft(2).term(), raft_term{1});
  EXPECT_TRUE(c.wire.empty()) << "the vote waits for the voter's disk";
  c.sync(node_name(2), 1);
  ASSERT_EQ(c.wire.size(), 1u);
  EXPECT_TRUE(std::get<vote_response>(c.wire[0].body).granted);
}

TEST(election, a_node_votes_once_a_term_also_after_a_restart_3_4) {
  cluster c(3);
  const message one{node_name(1), node_name(3), raft_term{7}, vote_request{{}, false, false}};
  const message two{node_name(2), node_name(3), raft_term{7}, vote_request{{}, false, false}};
  c.deliver(one);
  c.sync(node_name(3), 1);
  ASSERT_TRUE(std::get<vote_response>(c.wire.back().body).granted);
  c.restart(3);
  c.wire.clear();
  c.deliver(two);
  EXPECT_FALSE(std::get<vote_response>(c.wire.back().body).granted);
  c.deliver(one);
  EXPECT_TRUE(std::get<vote_response>(c.wire.back().body).granted) << "the same vote may be repeated";
}

TEST(election, a_candidate_with_an_older_log_is_refused_3_6_1) {
  cluster c(3);
  const int leader = c.elect();
  const int behind = leader % 3 + 1;
  c.isolate(behind);
  ASSERT_TRUE(c.propose(leader, "x"));
  c.advance(milliseconds(300));
  c.crash(leader);
  c.heal();
  const int next = c.elect();
  EXPECT_NE(next, behind);
  EXPECT_EQ(c.node(next).applied.size(), 2u + 1u);
}

TEST(election, a_vote_goes_only_to_a_log_that_is_up_to_date_3_6_1) {
  cluster c(3);
  const int leader = c.elect();
  ASSERT_TRUE(c.propose(leader, "x"));
  c.settle();
  const int voter = leader % 3 + 1;
  const raft_term term = c.raft(voter).term();
  c.crash(leader);
  c.crash(voter % 3 + 1);
  c.advance(std::chrono::seconds(2));
  std::int64_t next = c.raft(voter).term().value();
  const auto granted = [&](log_position last) {
    c.deliver({node_name(leader), node_name(voter), raft_term{++next}, vote_request{last, false, true}});
    c.sync(node_name(voter), 1);
    const bool yes = std::get<vote_response>(c.wire.back().body).granted;
    c.wire.clear();
    return yes;
  };
  EXPECT_FALSE(granted({raft_index{1}, term})) << "shorter";
  EXPECT_FALSE(granted({raft_index{9}, term - 1})) << "longer, but of an older term";
  EXPECT_TRUE(granted({raft_index{2}, term}));
  EXPECT_TRUE(granted({raft_index{1}, term + 1})) << "shorter, but of a newer term";
}

TEST(election, pre_vote_keeps_a_partitioned_node_from_disturbing_9_6) {
  cluster c(3);
  const int leader = c.elect();
  const raft_term term = c.raft(leader).term();
  const int away = leader % 3 + 1;
  c.isolate(away);
  c.advance(std::chrono::seconds(30));
  EXPECT_EQ(c.raft(away).term(), term) << "terms don't grow where there is no majority";
  c.heal();
  c.advance(std::chrono::seconds(5));
  EXPECT_EQ(c.leader(), leader);
  EXPECT_EQ(c.raft(leader).term(), term);
  EXPECT_EQ(c.raft(away).leader(), node_name(leader));
}

TEST(election, a_half_cut_node_doesnt_depose_a_leader_that_others_hear_4_2_3) {
  cluster c(3);
  const int leader = c.elect();
  const raft_term term = c.raft(leader).term();
  const int deaf = leader % 3 + 1;
  c.cut.insert({node_name(leader), node_name(deaf)});
  c.advance(std::chrono::seconds(30));
  EXPECT_EQ(c.leader(), leader);
  EXPECT_EQ(c.raft(leader).term(), term);
}

TEST(election, a_leader_without_a_majority_steps_down_6_2) {
  cluster c(3);
  const int old = c.elect();
  c.isolate(old);
  c.advance(milliseconds(1200));
  EXPECT_FALSE(c.raft(old).is_leader());
  EXPECT_FALSE(c.propose(old, "lost"));
  const int next = c.elect();
  ASSERT_NE(next, 0);
  EXPECT_NE(next, old);
}

TEST(election, a_candidate_with_a_term_ahead_is_not_stuck) {
  cluster c(3);
  const int leader = c.elect();
  const int ahead = leader % 3 + 1;
  // It heard of a far newer term that nobody leads.
  c.deliver({node_name(9), node_name(ahead), raft_term{50}, append_response{}});
  c.advance(std::chrono::seconds(10));
  const int now = c.leader();
  ASSERT_NE(now, 0);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(c.raft(i).leader(), node_name(now));
  EXPECT_GE(c.raft(now).term(), raft_term{50});
}

TEST(election, leadership_moves_to_the_chosen_node_3_10) {
  cluster c(3);
  const int old = c.elect();
  ASSERT_TRUE(c.propose(old, "x"));
  const int target = old % 3 + 1;
  const time_point then = c.now;
  ASSERT_TRUE(c.raft(old).transfer_leadership(node_name(target), c.now));
  EXPECT_TRUE(c.raft(old).is_transferring());
  EXPECT_FALSE(c.propose(old, "y")) << "no proposals on the way";
  c.settle();
  EXPECT_EQ(c.leader(), target);
  EXPECT_EQ(c.now, then) << "no timeout passed";
  EXPECT_TRUE(c.propose(target, "z"));
}

TEST(election, leadership_is_handed_to_the_most_caught_up_node_when_none_is_named_3_10) {
  cluster c(3);
  const int old = c.elect();
  const int behind = old % 3 + 1;
  c.advance(milliseconds(100));
  c.isolate(behind);
  ASSERT_TRUE(c.propose(old, "x"));
  c.settle();
  ASSERT_TRUE(c.raft(old).transfer_leadership(broker_id{}, c.now));
  c.settle();
  EXPECT_NE(c.leader(), old);
  EXPECT_NE(c.leader(), behind);
}

TEST(election, a_transfer_to_a_dead_node_is_given_up_3_10) {
  cluster c(3);
  const int leader = c.elect();
  const int dead = leader % 3 + 1;
  c.crash(dead);
  ASSERT_TRUE(c.propose(leader, "x"));
  ASSERT_TRUE(c.raft(leader).transfer_leadership(node_name(dead), c.now));
  c.advance(milliseconds(1200));
  EXPECT_TRUE(c.raft(leader).is_leader());
  EXPECT_TRUE(c.propose(leader, "y"));
  EXPECT_FALSE(c.raft(leader).transfer_leadership(node_name(9), c.now));
  EXPECT_FALSE(c.raft(dead == 1 ? 2 : leader).is_transferring());
}

}  // namespace
}  // namespace jackdaw::raft
