// Snapshots; the numbers are chapters of Ongaro's dissertation.
#include <gtest/gtest.h>

#include "unit/raft/cluster.hpp"

namespace jackdaw::raft {
namespace {

using std::chrono::milliseconds;
using testing::cluster;
using testing::node_name;

// Three nodes, one of them down while the others' logs moved on behind a snapshot.
struct late_follower : ::testing::Test {
  late_follower() : c(3) {
    c.config.entries_behind_snapshot = 0;
    for (int i = 1; i <= 3; ++i) c.restart(i);
    leader = c.elect();
    c.settles_between_ticks = false;
    late = leader % 3 + 1;
    other = late % 3 + 1;
    c.settle();
    c.crash(late);
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(c.propose(leader, std::to_string(i)));
    c.settle();
    c.take_snapshot(leader);
    EXPECT_TRUE(c.propose(leader, "after"));
    c.settle();
  }
  cluster c;
  int leader = 0;
  int late = 0;
  int other = 0;
};

TEST_F(late_follower, gets_the_snapshot_in_pieces_and_then_the_log_5) {
  EXPECT_EQ(c.raft(leader).first_index(), raft_index{22});
  int installed = 0;
  c.on_install = [&](const snapshot_info& s, auto&) {
    ++installed;
    EXPECT_EQ(s.position.index, raft_index{21});
    EXPECT_EQ(s.voters, c.first_voters);
  };
  c.start(late);
  c.advance(milliseconds(500));
  EXPECT_EQ(installed, 1);
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
  EXPECT_EQ(c.raft(late).first_index(), raft_index{22});
  EXPECT_EQ(c.raft(late).snapshot(), c.raft(leader).snapshot());
  ASSERT_TRUE(c.propose(leader, "more"));
  c.settle();
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
}

TEST_F(late_follower, survives_lost_pieces_5) {
  c.start(late);
  int lost = 0;
  for (int i = 0; i < 3000 && c.node(late).applied != c.node(leader).applied; ++i) {
    c.now += milliseconds(10);
    c.tick_all();
    for (auto& [id, n] : c.nodes) c.sync(id, n.disk->pending());
    for (const message& m : std::exchange(c.wire, {})) {
      const bool piece =
          std::holds_alternative<snapshot_request>(m.body) || std::holds_alternative<snapshot_response>(m.body);
      if (piece && c.random.one_in(2)) {
        ++lost;
      } else {
        c.deliver(m);
      }
    }
  }
  EXPECT_GT(lost, 5);
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
}

TEST_F(late_follower, starts_anew_when_the_leader_has_a_newer_snapshot) {
  c.start(late);
  bool moved = false;
  for (int i = 0; i < 1000 && c.node(late).applied.size() < 22; ++i) {
    c.now += milliseconds(10);
    c.tick_all();
    for (auto& [id, n] : c.nodes) c.sync(id, n.disk->pending());
    for (const message& m : std::exchange(c.wire, {})) {
      c.deliver(m);
      const auto* piece = std::get_if<snapshot_request>(&m.body);
      if (piece && piece->at_byte > 0 && !moved) {
        moved = true;
        c.take_snapshot(leader);
      }
    }
  }
  EXPECT_TRUE(moved);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
}

TEST_F(late_follower, that_crashed_after_saving_the_snapshot_goes_on_from_it) {
  c.start(late);
  for (int i = 0; i < 1000 && c.node(late).disk->snapshot().position.index == raft_index{0}; ++i) {
    c.now += milliseconds(10);
    c.tick_all();
    for (auto& [id, n] : c.nodes) {
      if (id != node_name(late)) c.sync(id, n.disk->pending());
    }
    for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  }
  c.crash(late);  // the log's reset wasn't synced
  c.start(late);
  EXPECT_EQ(c.raft(late).commit_index(), raft_index{21});
  c.advance(milliseconds(500));
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
}

TEST_F(late_follower, can_be_brought_up_by_the_next_leader) {
  c.take_snapshot(other);
  c.start(late);
  c.crash(leader);
  const int next = c.elect();
  EXPECT_EQ(next, other) << "the late one's log is too old to lead";
  c.advance(std::chrono::seconds(2));
  EXPECT_EQ(c.node(late).applied, c.node(other).applied);
}

TEST(snapshot, a_node_restarts_from_its_snapshot_and_the_rest_of_the_log_5) {
  cluster c(1);
  c.config.entries_behind_snapshot = 3;
  c.restart(1);
  c.settle();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(c.propose(1, std::to_string(i)));
  c.settle();
  c.take_snapshot(1);
  EXPECT_EQ(c.raft(1).first_index(), c.raft(1).commit_index() - 3 + 1);
  EXPECT_EQ(c.node(1).disk->log().front().index, c.raft(1).first_index());
  ASSERT_TRUE(c.propose(1, "last"));
  c.settle();
  const auto before = c.node(1).applied;
  c.restart(1);
  c.settle();
  EXPECT_EQ(c.node(1).applied.size(), before.size() + 1);
  EXPECT_EQ(c.node(1).applied[before.size() - 1], before.back());
}

TEST(snapshot, entries_behind_it_serve_a_follower_that_is_a_little_late) {
  cluster c(3);
  c.config.entries_behind_snapshot = 10;
  for (int i = 1; i <= 3; ++i) c.restart(i);
  const int leader = c.elect();
  const int late = leader % 3 + 1;
  c.settle();
  c.crash(late);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(c.propose(leader, std::to_string(i)));
  c.settle();
  c.take_snapshot(leader);
  c.on_install = [](const auto&, auto&) { FAIL(); };
  c.start(late);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
}

TEST(snapshot, an_older_one_than_ours_changes_nothing) {
  cluster c(3);
  const int leader = c.elect();
  ASSERT_TRUE(c.propose(leader, "a"));
  c.settle();
  const int other = leader % 3 + 1;
  c.deliver({node_name(leader), node_name(other), c.raft(leader).term(),
             snapshot_request{{{raft_index{1}, raft_term{1}}, c.first_voters}, 0, {}, true}});
  ASSERT_EQ(c.wire.size(), 1u);
  EXPECT_TRUE(std::get<snapshot_response>(c.wire[0].body).installed);
  EXPECT_EQ(c.node(other).applied.size(), 2u);
}

}  // namespace
}  // namespace jackdaw::raft
