#include "jackdaw/controller/brokers.hpp"

#include "unit/controller/support.hpp"

namespace jackdaw::controller {
namespace {

registration of_broker(std::int32_t id, std::uint64_t incarnation) {
  return {broker_id(id), uuid{1, incarnation}, {{"PLAINTEXT", "localhost", 9092, 0}}, "rack"};
}

TEST(brokers, a_new_broker_registers_fenced) {
  const auto d = register_broker(cluster().image(), of_broker(1, 1), broker_epoch(5), false);
  EXPECT_EQ(text(d.reply.outcome), "0");
  EXPECT_EQ(d.reply.epoch, broker_epoch(5));
  const std::vector<metadata::record> expected{metadata::broker_registered{
      broker_id(1), broker_epoch(5), uuid{1, 1}, {{"PLAINTEXT", "localhost", 9092, 0}}, "rack", true, false}};
  EXPECT_TRUE(d.records == expected);
}

TEST(brokers, a_living_broker_keeps_its_id) {
  cluster c;
  c.apply(register_broker(c.image(), of_broker(1, 1), broker_epoch(5), false).records);
  const auto refused = register_broker(c.image(), of_broker(1, 2), broker_epoch(6), true);
  EXPECT_EQ(refused.reply.outcome.code, protocol::error_code::duplicate_broker_registration);
  EXPECT_TRUE(refused.records.empty());
  EXPECT_TRUE(register_broker(c.image(), of_broker(1, 1), broker_epoch(6), true).reply.outcome.ok());
  EXPECT_TRUE(register_broker(c.image(), of_broker(1, 2), broker_epoch(6), false).reply.outcome.ok());
}

TEST(brokers, unfencing_gives_leaders_to_partitions_that_have_none) {
  cluster c;
  c.broker(1, "", true).broker(2);
  const uuid id{9, 1};
  metadata::partition_state of_isr;
  of_isr.replicas = {broker_id(1), broker_id(2)};
  of_isr.isr = {broker_id(1)};
  metadata::partition_state of_elr = of_isr;
  of_elr.isr = {};
  of_elr.elr = {broker_id(1)};
  metadata::partition_state led = of_isr;
  led.isr = {broker_id(2), broker_id(1)};
  led.leader = broker_id(2);
  metadata::partition_state behind = of_isr;
  behind.isr = {broker_id(2)};
  c.apply({metadata::topic_created{"t", id}, metadata::partition_created{id, partition_id(0), of_isr},
           metadata::partition_created{id, partition_id(1), of_elr},
           metadata::partition_created{id, partition_id(2), led},
           metadata::partition_created{id, partition_id(3), behind}});

  const auto d = unfence_broker(c.image(), broker_id(1), broker_epoch(101));
  EXPECT_EQ(text(d.reply), "0");
  metadata::partition_state first = of_isr;
  first.leader = broker_id(1);
  first.leader_epoch = leader_epoch(1);
  first.partition_epoch = metadata::partition_epoch(1);
  metadata::partition_state second = first;
  second.elr = {};
  const std::vector<metadata::record> expected{metadata::broker_changed{broker_id(1), broker_epoch(101), false, false},
                                               metadata::partition_changed{id, partition_id(0), first},
                                               metadata::partition_changed{id, partition_id(1), second}};
  EXPECT_TRUE(d.records == expected);
  c.apply(d.records);
  EXPECT_TRUE(unfence_broker(c.image(), broker_id(1), broker_epoch(101)).records.empty());
}

TEST(brokers, an_old_epoch_changes_nothing) {
  cluster c;
  c.broker(1, "", true);
  const auto d = unfence_broker(c.image(), broker_id(1), broker_epoch(100));
  EXPECT_EQ(text(d.reply), "77: Expected broker epoch 101, but got broker epoch 100.");
  EXPECT_TRUE(d.records.empty());
  EXPECT_EQ(text(unfence_broker(c.image(), broker_id(2), broker_epoch(1)).reply), "102: Broker 2 is not registered.");
}

TEST(producer_ids, come_in_blocks_that_never_overlap) {
  cluster c;
  c.broker(1).broker(2);
  const auto first = allocate_producer_ids(c.image(), broker_id(1), broker_epoch(101));
  EXPECT_EQ(first.reply.first, producer_id(0));
  EXPECT_EQ(first.reply.count, 1000);
  const std::vector<metadata::record> expected{
      metadata::producer_ids_allocated{broker_id(1), broker_epoch(101), producer_id(1000)}};
  EXPECT_TRUE(first.records == expected);
  c.apply(first.records);
  const auto second = allocate_producer_ids(c.image(), broker_id(2), broker_epoch(102));
  EXPECT_EQ(second.reply.first, producer_id(1000));
}

TEST(producer_ids, are_for_registered_brokers_of_the_right_epoch) {
  cluster c;
  c.broker(1);
  EXPECT_EQ(text(allocate_producer_ids(c.image(), broker_id(3), broker_epoch(1)).reply.outcome),
            "102: Broker 3 is not registered.");
  EXPECT_EQ(allocate_producer_ids(c.image(), broker_id(1), broker_epoch(1)).reply.outcome.code,
            protocol::error_code::stale_broker_epoch);
}

TEST(producer_ids, run_out_in_the_end) {
  cluster c;
  c.broker(1);
  c.apply({metadata::producer_ids_allocated{broker_id(1), broker_epoch(101), producer_id(9223372036854774900)}});
  const auto d = allocate_producer_ids(c.image(), broker_id(1), broker_epoch(101));
  EXPECT_EQ(text(d.reply.outcome), "-1: All producer ids have been given out.");
  EXPECT_TRUE(d.records.empty());
}

TEST(unregistering, needs_a_broker_that_is_known_and_does_not_run) {
  cluster c;
  c.brokers(2);
  EXPECT_EQ(text(unregister_broker(c.image(), broker_id(7)).reply.outcome),
            "102: Broker ID 7 is not currently registered");
  EXPECT_EQ(unregister_broker(c.image(), broker_id(2)).reply.outcome.code, protocol::error_code::invalid_request);
  c.broker(2, "", true);
  const auto decided = unregister_broker(c.image(), broker_id(2));
  EXPECT_TRUE(decided.reply.outcome.ok());
  c.apply(decided.records);
  EXPECT_EQ(c.image().find_broker(broker_id(2)), nullptr);
}

TEST(unregistering, hands_its_partitions_to_who_is_in_sync_and_keeps_the_last_copy) {
  cluster c;
  c.brokers(2).topic("both", 1, {broker_id(2), broker_id(1)}).topic("alone", 1, {broker_id(2)}).topic("other");
  c.broker(2, "", true);
  const auto decided = unregister_broker(c.image(), broker_id(2));
  EXPECT_EQ(records_of<metadata::partition_changed>(decided.records).size(), 2U);
  c.apply(decided.records);
  const auto& both = c.image().find_topic("both")->partition(partition_id(0));
  EXPECT_EQ(both.leader, broker_id(1));
  EXPECT_EQ(ids(both.isr), (std::vector{1}));
  EXPECT_EQ(ids(both.replicas), (std::vector{2, 1})) << "it may come back";
  const auto& alone = c.image().find_topic("alone")->partition(partition_id(0));
  EXPECT_EQ(alone.leader, broker_id{});
  EXPECT_EQ(ids(alone.isr), (std::vector{2})) << "nobody else has these records";
}

}  // namespace
}  // namespace jackdaw::controller
