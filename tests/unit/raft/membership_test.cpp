// Observers and changes of the voters; the numbers are chapters of Ongaro's dissertation.
#include <gtest/gtest.h>

#include "unit/raft/cluster.hpp"

namespace jackdaw::raft {
namespace {

using std::chrono::milliseconds;
using testing::cluster;
using testing::node_name;

voter as_voter(int i) { return {node_name(i), {}, "host", 1}; }

std::vector<int> ids(const voter_set& set) {
  std::vector<int> out;
  for (const voter& v : set.voters) out.push_back(v.id.value());
  return out;
}

TEST(membership, observers_follow_the_log_and_dont_vote) {
  cluster c(1, 1, 2);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.raft(2).role(), node_role::observer);
  ASSERT_TRUE(c.propose(1, "a"));
  c.settle();
  EXPECT_EQ(c.node(2).applied, c.node(1).applied);
  EXPECT_EQ(c.node(3).applied, c.node(1).applied);
  EXPECT_EQ(c.raft(2).leader(), node_name(1));
  c.crash(1);
  c.advance(std::chrono::seconds(20));
  EXPECT_EQ(c.leader(), 0);
  c.start(1);
  c.settle();
  ASSERT_TRUE(c.propose(1, "b"));
  c.advance(std::chrono::seconds(3));
  EXPECT_EQ(c.node(2).applied, c.node(1).applied);
}

TEST(membership, an_observer_finds_the_leader_by_asking_any_voter) {
  cluster c(3, 1, 1);
  const int leader = c.elect();
  c.advance(milliseconds(500));
  EXPECT_EQ(c.raft(4).leader(), node_name(leader));
  EXPECT_EQ(c.node(4).applied, c.node(leader).applied);
  c.crash(leader);
  const int next = c.elect();
  c.advance(std::chrono::seconds(3));
  EXPECT_EQ(c.raft(4).leader(), node_name(next));
}

TEST(membership, an_observer_may_come_back_with_an_empty_disk) {
  cluster c(1, 1, 1);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(c.propose(1, "x"));
  c.advance(milliseconds(500));
  ASSERT_EQ(c.node(2).applied.size(), 11u);
  c.crash(2);
  c.nodes.erase(node_name(2));
  c.add(2);
  c.settle();
  c.wire.clear();
  c.advance(std::chrono::seconds(3));
  EXPECT_EQ(c.node(2).applied, c.node(1).applied);
}

TEST(membership, an_observer_that_is_gone_is_forgotten) {
  cluster c(1, 1, 1);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.raft(1).followers().size(), 1u);
  c.crash(2);
  c.advance(std::chrono::seconds(12));
  EXPECT_TRUE(c.raft(1).followers().empty());
  EXPECT_EQ(c.raft(1).wake_at(), time_point::max());
}

TEST(membership, one_voter_becomes_three_and_one_again_4_1) {
  cluster c(1, 1, 2);
  c.advance(milliseconds(500));
  for (int i = 2; i <= 3; ++i) {
    ASSERT_TRUE(c.raft(1).add_voter(as_voter(i), c.now));
    c.advance(milliseconds(300));
    EXPECT_EQ(c.raft(i).role(), node_role::follower);
  }
  EXPECT_EQ(ids(c.raft(2).voters()), (std::vector{1, 2, 3}));
  c.crash(1);
  const int next = c.elect();
  ASSERT_NE(next, 0);
  c.start(1);
  c.advance(milliseconds(500));
  EXPECT_EQ(ids(c.raft(1).voters()), (std::vector{1, 2, 3})) << "the set is in its log";
  for (const int gone : {1, next == 2 ? 3 : 2}) {
    ASSERT_TRUE(c.raft(next).remove_voter(node_name(gone), c.now));
    c.advance(milliseconds(300));
    EXPECT_EQ(c.raft(gone).role(), node_role::observer);
  }
  EXPECT_EQ(ids(c.raft(next).voters()), std::vector{next});
  c.crash(1);
  ASSERT_TRUE(c.propose(next, "alone"));
  c.settle();
  EXPECT_EQ(c.raft(next).commit_index(), c.raft(next).last_index());
}

TEST(membership, only_one_change_at_a_time_4_1) {
  cluster c(3, 1, 2);
  const int leader = c.elect();
  c.advance(milliseconds(500));
  ASSERT_TRUE(c.raft(leader).add_voter(as_voter(4), c.now));
  EXPECT_EQ(c.raft(leader).add_voter(as_voter(5), c.now).error().code, errc::busy);
  EXPECT_EQ(c.raft(leader).remove_voter(node_name(1), c.now).error().code, errc::busy);
  c.pump(node_name(leader));
  c.settle();
  EXPECT_TRUE(c.raft(leader).add_voter(as_voter(5), c.now));
}

TEST(membership, refusals_say_why) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  EXPECT_EQ(c.raft(leader).add_voter(as_voter(2), c.now).error().code, errc::already_exists);
  EXPECT_EQ(c.raft(leader).add_voter(as_voter(9), c.now).error().code, errc::busy) << "doesn't follow the log";
  EXPECT_EQ(c.raft(leader).remove_voter(node_name(9), c.now).error().code, errc::not_found);
  EXPECT_EQ(c.raft(leader % 3 + 1).remove_voter(node_name(1), c.now).error().code, errc::not_leader);
  cluster one(1);
  one.settle();
  EXPECT_EQ(one.raft(1).remove_voter(node_name(1), one.now).error().code, errc::invalid_argument);
}

TEST(membership, no_change_before_the_leader_has_committed_in_its_term) {
  cluster c(1);
  EXPECT_EQ(c.raft(1).remove_voter(node_name(1), c.now).error().code, errc::busy);
}

TEST(membership, a_leader_that_removes_itself_leaves_once_that_is_committed_4_2_2) {
  cluster c(3);
  const int old = c.elect();
  c.settle();
  const time_point then = c.now;
  ASSERT_TRUE(c.raft(old).remove_voter(node_name(old), c.now));
  EXPECT_TRUE(c.raft(old).is_leader()) << "it manages a majority that it doesn't count to";
  c.pump(node_name(old));
  c.settle();
  EXPECT_EQ(c.raft(old).role(), node_role::observer);
  EXPECT_NE(c.leader(), 0);
  EXPECT_NE(c.leader(), old);
  EXPECT_EQ(c.now, then) << "its successor doesn't wait for a timeout";
  ASSERT_TRUE(c.propose(c.leader(), "x"));
  c.advance(std::chrono::seconds(3));
  EXPECT_EQ(c.node(old).applied, c.node(c.leader()).applied) << "it goes on as an observer";
}

TEST(membership, a_removed_voter_doesnt_disturb_4_2_3) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  const int gone = leader % 3 + 1;
  const raft_term term = c.raft(leader).term();
  c.isolate(gone);  // it never learns that it was removed
  ASSERT_TRUE(c.raft(leader).remove_voter(node_name(gone), c.now));
  c.pump(node_name(leader));
  c.advance(std::chrono::seconds(20));
  for (const auto& [id, n] : c.nodes) c.cut.erase({node_name(gone), id});
  c.advance(std::chrono::seconds(20));
  EXPECT_EQ(c.leader(), leader);
  EXPECT_EQ(c.raft(leader).term(), term);
  c.heal();
  c.advance(std::chrono::seconds(5));
  EXPECT_EQ(c.raft(gone).role(), node_role::observer) << "it learns of its removal from the log";
}

TEST(membership, a_set_that_is_truncated_away_no_longer_counts_4_1) {
  cluster c(3, 1, 1);
  const int old = c.elect();
  c.advance(milliseconds(500));
  c.isolate(old);
  ASSERT_TRUE(c.raft(old).add_voter(as_voter(4), c.now));
  c.pump(node_name(old));
  EXPECT_EQ(c.raft(old).voters().size(), 4u);
  c.advance(std::chrono::seconds(4));
  const int next = c.leader();
  ASSERT_NE(next, old);
  ASSERT_TRUE(c.propose(next, "x"));
  c.heal();
  c.advance(std::chrono::seconds(2));
  EXPECT_EQ(ids(c.raft(old).voters()), (std::vector{1, 2, 3}));
  EXPECT_EQ(c.raft(4).role(), node_role::observer);
}

TEST(membership, snapshots_carry_the_voters_of_their_place) {
  cluster c(1, 1, 1);
  c.config.entries_behind_snapshot = 0;
  c.restart(1);
  c.advance(milliseconds(500));
  ASSERT_TRUE(c.raft(1).add_voter(as_voter(2), c.now));
  c.pump(node_name(1));
  c.settle();
  c.take_snapshot(1);
  EXPECT_EQ(ids(c.raft(1).snapshot().voters), (std::vector{1, 2}));
  c.restart(1);
  EXPECT_EQ(ids(c.raft(1).voters()), (std::vector{1, 2}));
}

}  // namespace
}  // namespace jackdaw::raft
