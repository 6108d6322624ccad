// Who leads a partition after ElectLeaders.
#include "jackdaw/controller/partitions.hpp"
#include "support.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

class elections : public ::testing::Test {
 protected:
  elections() { c_.brokers(3).topic("t", 2, {broker_id(1), broker_id(2), broker_id(3)}); }

  void change(metadata::partition_state next, std::int32_t p = 0) {
    c_.apply({metadata::partition_changed{c_.id_of("t"), partition_id(p), std::move(next)}});
  }
  metadata::partition_state state(std::int32_t p = 0) const {
    return c_.image().find_topic("t")->partition(partition_id(p));
  }
  verdict elect(election_type how, std::int32_t p = 0) {
    protocol::elect_leaders_request asked;
    asked.election_type = static_cast<std::int8_t>(how);
    auto& t = asked.topic_partitions->emplace_back();
    t.topic = "t";
    t.partitions = {partition_id(p)};
    auto decided = elect_leaders(c_.image(), asked);
    c_.apply(decided.records);
    return decided.reply.at(0).partitions.at(0).outcome;
  }

  cluster c_;
};

TEST_F(elections, nothing_is_done_where_the_preferred_replica_leads_or_anybody_does) {
  EXPECT_EQ(text(elect(election_type::preferred)), "84: Leader election not needed for topic partition.");
  EXPECT_EQ(elect(election_type::unclean).code, error_code::election_not_needed);
  EXPECT_EQ(state().leader_epoch, leader_epoch(0));
}

TEST_F(elections, the_preferred_replica_takes_over_in_a_new_epoch) {
  auto s = state();
  s.leader = broker_id(2);
  change(s);
  EXPECT_TRUE(elect(election_type::preferred).ok());
  EXPECT_EQ(state().leader, broker_id(1));
  EXPECT_EQ(state().leader_epoch, s.leader_epoch + 1);
  EXPECT_EQ(state().partition_epoch, s.partition_epoch + 1);
  EXPECT_EQ(state().isr, s.isr);
}

TEST_F(elections, the_preferred_replica_must_be_in_sync_and_active) {
  auto s = state();
  s.leader = broker_id(2);
  s.isr = {broker_id(2), broker_id(3)};
  change(s);
  EXPECT_EQ(elect(election_type::preferred).code, error_code::preferred_leader_not_available);
  s.isr = s.replicas;
  change(s);
  c_.broker(1, "", true);
  EXPECT_EQ(elect(election_type::preferred).code, error_code::preferred_leader_not_available);
  EXPECT_EQ(state(), s);
}

TEST_F(elections, unclean_prefers_who_has_all_records) {
  auto s = state();
  s.leader = broker_id{};
  s.isr = {broker_id(3)};
  change(s);
  EXPECT_TRUE(elect(election_type::unclean).ok());
  EXPECT_EQ(state().leader, broker_id(3));
  EXPECT_FALSE(state().leader_recovering);
}

TEST_F(elections, an_eligible_replica_leads_alone) {
  auto s = state();
  s.leader = broker_id{};
  s.isr = {};
  s.elr = {broker_id(2), broker_id(3)};
  change(s);
  EXPECT_TRUE(elect(election_type::unclean).ok());
  EXPECT_EQ(state().leader, broker_id(2));
  EXPECT_EQ(ids(state().isr), (std::vector{2}));
  EXPECT_EQ(ids(state().elr), (std::vector{3}));
  EXPECT_FALSE(state().leader_recovering);
}

TEST_F(elections, unclean_takes_anybody_who_is_there_and_says_that_records_may_be_missing) {
  auto s = state();
  s.leader = broker_id{};
  s.isr = {broker_id(1)};
  change(s);
  c_.broker(1, "", true);
  EXPECT_TRUE(elect(election_type::unclean).ok());
  EXPECT_EQ(state().leader, broker_id(2));
  EXPECT_EQ(ids(state().isr), (std::vector{2}));
  EXPECT_TRUE(state().leader_recovering);
}

TEST_F(elections, nobody_can_be_elected_when_all_replicas_are_away) {
  auto s = state();
  s.leader = broker_id{};
  change(s);
  for (int id = 1; id <= 3; ++id) c_.broker(id, "", true);
  EXPECT_EQ(elect(election_type::unclean).code, error_code::eligible_leaders_not_available);
}

TEST_F(elections, a_partition_named_twice_is_decided_once) {
  auto s = state();
  s.leader = broker_id(2);
  change(s);
  protocol::elect_leaders_request asked;
  auto& t = asked.topic_partitions->emplace_back();
  t.topic = "t";
  t.partitions = {partition_id(0), partition_id(0)};
  EXPECT_EQ(elect_leaders(c_.image(), asked).records.size(), 1U);
}

TEST_F(elections, all_topics_are_listed_with_the_partitions_that_needed_one) {
  c_.topic("u");
  auto s = state(1);
  s.leader = broker_id(3);
  change(s, 1);
  protocol::elect_leaders_request asked;
  asked.topic_partitions.reset();
  const auto decided = elect_leaders(c_.image(), asked);
  ASSERT_EQ(decided.reply.size(), 2U);
  ASSERT_EQ(decided.reply[0].partitions.size(), 1U);
  EXPECT_EQ(decided.reply[0].partitions[0].partition, partition_id(1));
  EXPECT_TRUE(decided.reply[1].partitions.empty());
  EXPECT_EQ(records_of<metadata::partition_changed>(decided.records).size(), 1U);
}

TEST_F(elections, unknown_things_are_named) {
  protocol::elect_leaders_request asked;
  auto& t = asked.topic_partitions->emplace_back();
  t.topic = "t";
  t.partitions = {partition_id(9)};
  auto& none = asked.topic_partitions->emplace_back();
  none.topic = "none";
  none.partitions = {partition_id(0)};
  auto decided = elect_leaders(c_.image(), asked);
  EXPECT_EQ(text(decided.reply[0].partitions[0].outcome), "3: No such partition as t-9");
  EXPECT_EQ(text(decided.reply[1].partitions[0].outcome), "3: No such topic as none");
  asked.election_type = 7;
  decided = elect_leaders(c_.image(), asked);
  EXPECT_EQ(text(decided.reply[1].partitions[0].outcome), "42: Unknown election type 7");
  EXPECT_FALSE(is_election_type(7));
}

}  // namespace
}  // namespace jackdaw::controller
