// Which brokers hold a partition after AlterPartitionReassignments.
#include "jackdaw/controller/partitions.hpp"
#include "support.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

class reassignments : public ::testing::Test {
 protected:
  reassignments() { c_.brokers(4).topic("t", 1, {broker_id(1), broker_id(2)}); }

  metadata::partition_state state() const { return c_.image().find_topic("t")->partition(partition_id(0)); }
  void change(metadata::partition_state next) {
    c_.apply({metadata::partition_changed{c_.id_of("t"), partition_id(0), std::move(next)}});
  }
  verdict reassign(std::optional<std::vector<broker_id>> replicas, std::string_view topic = "t", std::int32_t p = 0,
                   bool may_change_factor = true) {
    protocol::alter_partition_reassignments_request asked;
    asked.allow_replication_factor_change = may_change_factor;
    auto& t = asked.topics.emplace_back();
    t.name = topic;
    auto& row = t.partitions.emplace_back();
    row.partition_index = partition_id(p);
    row.replicas = std::move(replicas);
    auto decided = alter_reassignments(c_.image(), asked);
    records_ = decided.records.size();
    c_.apply(decided.records);
    return decided.reply.at(0).partitions.at(0).outcome;
  }

  cluster c_;
  std::size_t records_ = 0;
};

TEST_F(reassignments, to_the_same_brokers_nothing_changes) {
  EXPECT_TRUE(reassign(broker_ids({1, 2})).ok());
  EXPECT_EQ(records_, 0U);
}

TEST_F(reassignments, another_order_changes_the_preferred_leader_alone) {
  EXPECT_TRUE(reassign(broker_ids({2, 1})).ok());
  EXPECT_EQ(ids(state().replicas), (std::vector{2, 1}));
  EXPECT_EQ(state().leader, broker_id(1));
  EXPECT_EQ(state().leader_epoch, leader_epoch(0));
}

TEST_F(reassignments, new_replicas_join_before_old_ones_go) {
  EXPECT_TRUE(reassign(broker_ids({3, 4})).ok());
  EXPECT_EQ(ids(state().replicas), (std::vector{3, 4, 1, 2}));
  EXPECT_EQ(ids(state().adding_replicas), (std::vector{3, 4}));
  EXPECT_EQ(ids(state().removing_replicas), (std::vector{1, 2}));
  EXPECT_EQ(state().leader, broker_id(1));
}

TEST_F(reassignments, where_no_new_broker_is_needed_all_happens_at_once) {
  EXPECT_TRUE(reassign(broker_ids({2})).ok());
  EXPECT_EQ(ids(state().replicas), (std::vector{2}));
  EXPECT_EQ(ids(state().isr), (std::vector{2}));
  EXPECT_TRUE(state().removing_replicas.empty());
  EXPECT_EQ(state().leader, broker_id(2));
  EXPECT_EQ(state().leader_epoch, leader_epoch(1));
}

TEST_F(reassignments, who_has_to_go_while_leading_is_fenced_off_by_an_epoch) {
  EXPECT_TRUE(reassign(broker_ids({1})).ok());
  EXPECT_EQ(state().leader, broker_id(1));
  EXPECT_EQ(state().leader_epoch, leader_epoch(1)) << "broker 2 must learn that it follows no more";
}

TEST_F(reassignments, a_running_move_can_be_replaced_and_taken_back) {
  ASSERT_TRUE(reassign(broker_ids({1, 3})).ok());
  EXPECT_EQ(ids(state().adding_replicas), (std::vector{3}));
  ASSERT_TRUE(reassign(broker_ids({1, 4})).ok());
  EXPECT_EQ(ids(state().replicas), (std::vector{1, 4, 2}));
  EXPECT_EQ(ids(state().adding_replicas), (std::vector{4}));
  EXPECT_EQ(ids(state().removing_replicas), (std::vector{2}));
  ASSERT_TRUE(reassign(std::nullopt).ok());
  EXPECT_EQ(ids(state().replicas), (std::vector{1, 2}));
  EXPECT_TRUE(state().adding_replicas.empty());
  EXPECT_TRUE(state().removing_replicas.empty());
}

TEST_F(reassignments, a_move_is_taken_back_only_while_somebody_of_before_is_in_sync) {
  ASSERT_TRUE(reassign(broker_ids({3, 4})).ok());
  auto s = state();
  s.isr = {broker_id(3)};
  s.leader = broker_id(3);
  change(s);
  EXPECT_EQ(reassign(std::nullopt).code, error_code::invalid_replica_assignment);
  EXPECT_EQ(state(), s);
}

TEST_F(reassignments, to_brokers_of_which_none_is_in_sync_a_finished_move_is_refused) {
  auto s = state();
  s.isr = {broker_id(1)};
  change(s);
  EXPECT_TRUE(reassign(broker_ids({2})).ok());
  // Broker 2 lags: broker 1 stays until it has caught up.
  EXPECT_EQ(ids(state().replicas), (std::vector{2, 1}));
  EXPECT_EQ(ids(state().removing_replicas), (std::vector{1}));
  EXPECT_EQ(state().leader, broker_id(1));
}

TEST_F(reassignments, bad_wishes_are_refused) {
  EXPECT_EQ(text(reassign(broker_ids({}))), "39: The manual partition assignment includes an empty replica list.");
  EXPECT_EQ(text(reassign(broker_ids({1, 9}))),
            "39: The manual partition assignment includes broker 9, but no such broker is registered.");
  EXPECT_EQ(reassign(broker_ids({1, 1})).code, error_code::invalid_replica_assignment);
  EXPECT_EQ(text(reassign(std::nullopt)), "85");
  EXPECT_EQ(text(reassign(broker_ids({1}), "none")), "3: Unable to find a topic named none.");
  EXPECT_EQ(text(reassign(broker_ids({1}), "t", 7)), "3: Unable to find partition t:7.");
  EXPECT_EQ(reassign(broker_ids({1}), "t", 0, false).code, error_code::invalid_replication_factor);
  EXPECT_TRUE(reassign(broker_ids({1, 3}), "t", 0, false).ok());
}

TEST_F(reassignments, a_partition_named_twice_ends_as_the_last_says) {
  protocol::alter_partition_reassignments_request asked;
  auto& t = asked.topics.emplace_back();
  t.name = "t";
  t.partitions.resize(2);
  t.partitions[0].replicas = broker_ids({1, 3});
  const auto decided = alter_reassignments(c_.image(), asked);
  EXPECT_TRUE(decided.reply[0].partitions[1].outcome.ok()) << "the move that began a moment ago is taken back";
  c_.apply(decided.records);
  EXPECT_EQ(ids(state().replicas), (std::vector{1, 2}));
}

}  // namespace
}  // namespace jackdaw::controller
