// Log replication; the numbers are chapters of Ongaro's dissertation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/raft/cluster.hpp"

namespace jackdaw::raft {
namespace {

using std::chrono::milliseconds;
using testing::cluster;
using ::testing::ElementsAre;
using testing::node_name;

TEST(replication, a_single_voter_commits_when_its_disk_has_it) {
  cluster c(1);
  c.settle();
  const auto position = c.raft(1).propose({make_payload(as_bytes("a")), make_payload(as_bytes("b"))}, c.now);
  ASSERT_TRUE(position);
  EXPECT_EQ(position->index, raft_index{3});
  c.pump(node_name(1));
  EXPECT_EQ(c.node(1).disk->pending(), 1u) << "two proposals, one write";
  EXPECT_EQ(c.raft(1).commit_index(), raft_index{1});
  c.settle();
  EXPECT_THAT(c.node(1).applied, ElementsAre("1:no-op", "2:a", "3:b"));
}

TEST(replication, what_is_proposed_reaches_everybody_in_order_3_5) {
  cluster c(3);
  const int leader = c.elect();
  for (const char* text : {"a", "b", "c"}) ASSERT_TRUE(c.propose(leader, text));
  c.settle();
  for (int i = 1; i <= 3; ++i) EXPECT_THAT(c.node(i).applied, ElementsAre("1:no-op", "2:a", "3:b", "4:c"));
}

TEST(replication, committed_without_time_passing_3_5) {
  cluster c(3);
  const int leader = c.elect();
  ASSERT_TRUE(c.propose(leader, "a"));
  const time_point then = c.now;
  c.settle();
  EXPECT_EQ(c.now, then);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(c.node(i).applied.size(), 2u);
}

TEST(replication, followers_refuse_proposals) {
  cluster c(3);
  const int leader = c.elect();
  EXPECT_EQ(c.raft(leader % 3 + 1).propose({make_payload(as_bytes("a"))}, c.now).error().code, errc::not_leader);
}

TEST(replication, the_leader_sends_before_its_own_disk_is_done_and_counts_itself_after_10_2_1) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  ASSERT_TRUE(c.propose(leader, "a"));
  EXPECT_EQ(c.wire.size(), 2u) << "on the way while the leader's write is pending";
  // One follower has it on disk: together with a leader that hasn't, this is no majority.
  const int one = leader % 3 + 1;
  for (const message& m : std::exchange(c.wire, {})) {
    if (m.to == node_name(one)) c.deliver(m);
  }
  c.sync(node_name(one), 1);
  for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  EXPECT_EQ(c.raft(leader).commit_index(), raft_index{1});
  c.sync(node_name(leader), 1);
  EXPECT_EQ(c.raft(leader).commit_index(), raft_index{2});
}

TEST(replication, two_followers_disks_are_a_majority_without_the_leaders) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  ASSERT_TRUE(c.propose(leader, "a"));
  for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  for (int i = 1; i <= 3; ++i) {
    if (i != leader) c.sync(node_name(i), 1);
  }
  for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  EXPECT_EQ(c.raft(leader).commit_index(), raft_index{2});
  EXPECT_EQ(c.raft(leader).durable_index(), raft_index{1});
}

TEST(replication, no_acknowledgement_leaves_before_the_entry_is_durable_3_8) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  ASSERT_TRUE(c.propose(leader, "a"));
  for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  EXPECT_TRUE(c.wire.empty());
  const int one = leader % 3 + 1;
  c.sync(node_name(one), 1);
  ASSERT_EQ(c.wire.size(), 1u);
  EXPECT_EQ(std::get<append_response>(c.wire[0].body).match, raft_index{2});
}

TEST(replication, many_proposals_are_one_message_and_one_write) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  std::vector<payload_ptr> payloads;
  for (int i = 0; i < 100; ++i) payloads.push_back(make_payload(as_bytes("p" + std::to_string(i))));
  ASSERT_TRUE(c.raft(leader).propose(payloads, c.now));
  c.pump(node_name(leader));
  EXPECT_EQ(c.wire.size(), 2u);
  EXPECT_EQ(c.node(leader).disk->pending(), 1u);
  c.settle();
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(c.node(i).applied.size(), 101u);
}

TEST(replication, requests_are_pipelined_up_to_the_window_10_2_1) {
  cluster c(3);
  c.config.append_bytes_max = 1;  // one entry a message
  for (int i = 1; i <= 3; ++i) c.restart(i);
  const int leader = c.elect();
  c.settle();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(c.propose(leader, "x"));
  EXPECT_EQ(c.wire.size(), 2 * c.config.appends_in_flight_max);
  c.settle();
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(c.node(i).applied.size(), 51u);
}

TEST(replication, a_lost_message_is_sent_again) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  ASSERT_TRUE(c.propose(leader, "a"));
  c.wire.clear();
  ASSERT_TRUE(c.propose(leader, "b"));
  c.advance(milliseconds(300));
  for (int i = 1; i <= 3; ++i) EXPECT_THAT(c.node(i).applied, ElementsAre("1:no-op", "2:a", "3:b"));
}

TEST(replication, the_last_message_lost_is_sent_again_with_the_next_heartbeat) {
  cluster c(3);
  const int leader = c.elect();
  c.settle();
  ASSERT_TRUE(c.propose(leader, "a"));
  c.sync(node_name(leader), 1);
  c.wire.clear();
  c.advance(milliseconds(250));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(c.node(i).applied.size(), 2u);
}

TEST(replication, messages_may_come_twice_and_in_any_order) {
  cluster c(3);
  c.config.append_bytes_max = 1;
  for (int i = 1; i <= 3; ++i) c.restart(i);
  const int leader = c.elect();
  c.settle();
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(c.propose(leader, std::to_string(i)));
  std::deque<message> both = c.wire;
  both.insert(both.end(), c.wire.rbegin(), c.wire.rend());
  c.wire.assign(both.rbegin(), both.rend());
  c.advance(milliseconds(500));
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(c.node(i).applied.size(), 11u);
}

TEST(replication, a_conflicting_tail_is_replaced_3_5) {
  cluster c(3);
  const int old = c.elect();
  c.settle();
  c.isolate(old);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(c.propose(old, "lost" + std::to_string(i)));
  c.settle();
  EXPECT_EQ(c.raft(old).last_index(), raft_index{21});
  c.advance(std::chrono::seconds(4));
  const int next = c.leader();
  ASSERT_NE(next, old);
  ASSERT_TRUE(c.propose(next, "kept"));
  c.settle();
  c.heal();
  c.advance(std::chrono::seconds(2));
  EXPECT_EQ(c.node(old).applied, c.node(next).applied);
  EXPECT_EQ(c.raft(old).last_index(), c.raft(next).last_index());
  EXPECT_EQ(c.node(old).disk->log().size(), c.node(next).disk->log().size());
  EXPECT_EQ(c.node(old).applied.back(), "3:kept");
}

TEST(replication, an_entry_of_an_older_term_is_committed_by_one_of_the_new_term_3_6_2) {
  cluster c(3);
  const int old = c.elect();
  c.settle();
  c.settles_between_ticks = false;
  ASSERT_TRUE(c.propose(old, "a"));
  // All have it on disk, but nobody says so before the leader is gone.
  for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  for (int i = 1; i <= 3; ++i) c.sync(node_name(i), 1);
  c.wire.clear();
  c.crash(old);
  for (int i = 1; i <= 3; ++i) {
    if (i != old) {
      EXPECT_EQ(c.raft(i).commit_index(), raft_index{1});
    }
  }
  while (c.leader() == 0) {
    c.now += milliseconds(10);
    c.tick_all();
    for (auto& [id, n] : c.nodes) c.sync(id, n.disk->pending());
    for (const message& m : std::exchange(c.wire, {})) c.deliver(m);
  }
  const int next = c.leader();
  const int other = 6 - old - next;
  // A majority has entry 2, but a leader with a newer entry of another term could still replace it.
  c.wire.clear();
  c.deliver({node_name(other), node_name(next), c.raft(next).term(), append_response{true, raft_index{2}, {}, {}}});
  EXPECT_EQ(c.raft(next).commit_index(), raft_index{1});
  EXPECT_FALSE(c.raft(next).has_committed_in_term());
  c.advance(milliseconds(300));
  EXPECT_TRUE(c.raft(next).has_committed_in_term());
  EXPECT_THAT(c.node(next).applied, ElementsAre("1:no-op", "2:a", "3:no-op"));
}

TEST(replication, restarts_with_the_disk_only_3_8) {
  cluster c(3);
  int leader = c.elect();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(c.propose(leader, std::to_string(i)));
  c.settle();
  const auto before = c.node(leader).applied;
  const raft_term term = c.raft(leader).term();
  for (int i = 1; i <= 3; ++i) c.crash(i);
  for (int i = 1; i <= 3; ++i) c.start(i);
  EXPECT_EQ(c.raft(1).commit_index(), raft_index{0}) << "what is committed is found out anew";
  leader = c.elect();
  c.settle();
  EXPECT_GT(c.raft(leader).term(), term);
  for (int i = 1; i <= 3; ++i) {
    ASSERT_EQ(c.node(i).applied.size(), before.size() + 1);
    EXPECT_TRUE(std::equal(before.begin(), before.end(), c.node(i).applied.begin()));
  }
}

TEST(replication, a_single_voter_replays_its_log_at_start_from_the_disk) {
  cluster c(1);
  c.config.committed_bytes_max = 100;
  c.settle();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(c.propose(1, std::string(10, 'x')));
  c.settle();
  const auto before = c.node(1).applied;
  c.restart(1);
  c.settle();
  ASSERT_EQ(c.node(1).applied.size(), before.size() + 1);
  EXPECT_GT(c.node(1).disk->reads, 10) << "in pieces";
}

TEST(replication, old_entries_leave_memory_and_come_back_for_a_late_follower) {
  cluster c(3);
  c.config.cache_bytes_max = 2000;
  for (int i = 1; i <= 3; ++i) c.restart(i);
  const int leader = c.elect();
  const int late = leader % 3 + 1;
  c.crash(late);
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(c.propose(leader, std::string(20, 'x')));
    c.settle();
  }
  EXPECT_EQ(c.node(leader).disk->reads, 0);
  c.start(late);
  c.advance(milliseconds(500));
  EXPECT_EQ(c.node(late).applied, c.node(leader).applied);
  EXPECT_GT(c.node(leader).disk->reads, 0);
}

TEST(replication, a_log_that_cant_be_read_stops_the_node) {
  struct broken : log_reader {
    result<std::vector<entry>> entries(raft_index, raft_index, std::size_t) override {
      return fail(errc::io, "the disk is gone");
    }
  } reader;
  raft_config config;
  config.self = node_name(1);
  restored_log log;
  log.add({raft_index{1}, raft_term{1}, entry_kind::data, make_payload(as_bytes("a"))});
  raft_node node(config, {{}, {{}, {{{node_name(1), {}, "", 0}}}}, log}, reader, random_source(1), {});
  ready r = node.take();
  node.persisted(r.persist_id, {});
  r = node.take();
  ASSERT_TRUE(r.failure.has_value());
  EXPECT_EQ(r.failure->code, errc::io);
  EXPECT_FALSE(node.has_ready());
  EXPECT_FALSE(node.propose({make_payload(as_bytes("b"))}, {}));
}

TEST(replication, nonsense_from_a_peer_changes_nothing) {
  cluster c(3);
  const int leader = c.elect();
  ASSERT_TRUE(c.propose(leader, "a"));
  c.settle();
  const int other = leader % 3 + 1;
  const raft_term term = c.raft(leader).term();
  const auto payload = make_payload(as_bytes("bad"));
  const auto send = [&](message_body body) { c.deliver({node_name(leader), node_name(other), term, std::move(body)}); };
  send(append_request{{raft_index{2}, term}, {}, {{raft_index{9}, term, entry_kind::data, payload}}});
  send(append_request{{raft_index{2}, term}, {}, {{raft_index{3}, term + 1, entry_kind::data, payload}}});
  send(append_request{{raft_index{2}, term}, {}, {{raft_index{3}, term, entry_kind::voters, payload}}});
  send(append_request{{raft_index{-5}, term}, raft_index{900}, {}});
  c.deliver({node_name(other), node_name(leader), term, append_response{true, raft_index{900}, {}, {}}});
  c.settle();
  EXPECT_EQ(c.raft(other).last_index(), raft_index{2});
  EXPECT_EQ(c.raft(leader).commit_index(), raft_index{2});
}

}  // namespace
}  // namespace jackdaw::raft
