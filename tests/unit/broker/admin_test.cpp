// ElectLeaders, reassignments, feature levels and UnregisterBroker by requests, in every version, on one node.
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/alter_partition_reassignments.hpp"
#include "jackdaw/protocol/messages/api_versions.hpp"
#include "jackdaw/protocol/messages/describe_user_scram_credentials.hpp"
#include "jackdaw/protocol/messages/elect_leaders.hpp"
#include "jackdaw/protocol/messages/list_config_resources.hpp"
#include "jackdaw/protocol/messages/list_partition_reassignments.hpp"
#include "jackdaw/protocol/messages/unregister_broker.hpp"
#include "jackdaw/protocol/messages/update_features.hpp"

namespace jackdaw::testing {
namespace {

class admin : public broker_test {
 protected:
  static protocol::api_versions_response hello(test_broker& b, std::int16_t version = 4) {
    protocol::api_versions_request asked;
    asked.client_software_name = "tester";
    asked.client_software_version = "1";
    return b.call<protocol::api_versions_response>(version, asked);
  }
};

TEST_F(admin, on_one_node_no_election_is_needed) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  for (std::int16_t v = 0; v <= 2; ++v) {
    protocol::elect_leaders_request asked;
    auto& t = asked.topic_partitions->emplace_back();
    t.topic = "t";
    t.partitions = {partition_id{0}, partition_id{9}};
    if (v > 0) asked.election_type = 1;
    const auto some = b.call<protocol::elect_leaders_response>(v, asked);
    EXPECT_EQ(some.error_code, error_code::none);
    ASSERT_EQ(some.replica_election_results.size(), 1U);
    EXPECT_EQ(some.replica_election_results[0].partition_result[0].error_code, error_code::election_not_needed);
    EXPECT_EQ(some.replica_election_results[0].partition_result[1].error_code, error_code::unknown_topic_or_partition);
    asked.topic_partitions.reset();
    const auto all = b.call<protocol::elect_leaders_response>(v, asked);
    ASSERT_EQ(all.replica_election_results.size(), 1U);
    EXPECT_EQ(all.replica_election_results[0].topic, "t");
    EXPECT_TRUE(all.replica_election_results[0].partition_result.empty());
  }
  protocol::elect_leaders_request odd;
  odd.election_type = 5;
  EXPECT_EQ(b.call<protocol::elect_leaders_response>(2, odd).error_code, error_code::invalid_request);
}

TEST_F(admin, a_partition_can_be_reassigned_to_the_node_that_has_it) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  for (std::int16_t v = 0; v <= 1; ++v) {
    protocol::alter_partition_reassignments_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = "t";
    t.partitions.resize(3);
    t.partitions[0].replicas = std::vector{broker_id{1}};
    t.partitions[1].partition_index = partition_id{1};
    t.partitions[1].replicas = std::vector{broker_id{1}, broker_id{2}};
    t.partitions[2].partition_index = partition_id{2};
    if (v == 1) asked.allow_replication_factor_change = false;
    const auto got = b.call<protocol::alter_partition_reassignments_response>(v, asked);
    EXPECT_EQ(got.error_code, error_code::none);
    EXPECT_EQ(got.allow_replication_factor_change, v == 0);
    const auto& rows = got.responses.at(0).partitions;
    EXPECT_EQ(rows.at(0).error_code, error_code::none);
    EXPECT_FALSE(rows.at(0).error_message);
    EXPECT_EQ(rows.at(1).error_code, error_code::invalid_replica_assignment);
    EXPECT_EQ(rows.at(2).error_code, error_code::no_reassignment_in_progress);
  }
  protocol::list_partition_reassignments_request list;
  EXPECT_TRUE(b.call<protocol::list_partition_reassignments_response>(0, list).topics.empty());
  auto& t = list.topics.emplace().emplace_back();
  t.name = "t";
  t.partition_indexes = {partition_id{0}, partition_id{7}};
  list.topics->emplace_back().name = "none";
  const auto got = b.call<protocol::list_partition_reassignments_response>(0, list);
  EXPECT_EQ(got.error_code, error_code::none);
  EXPECT_TRUE(got.topics.empty());
}

TEST_F(admin, only_features_that_are_there_are_offered) {
  test_broker b;
  for (std::int16_t v = 3; v <= 4; ++v) {
    const auto got = hello(b, v);
    ASSERT_EQ(got.supported_features.size(), 1U);
    EXPECT_EQ(got.supported_features[0].name, "metadata.version");
    EXPECT_EQ(got.supported_features[0].min_version, 7);
    ASSERT_EQ(got.finalized_features.size(), 1U);
    EXPECT_EQ(got.finalized_features[0].max_version_level, 30);
    EXPECT_GT(got.finalized_features_epoch, 0);
  }
}

TEST_F(admin, features_are_updated_in_every_version) {
  test_broker b;
  for (std::int16_t v = 0; v <= 2; ++v) {
    protocol::update_features_request asked;
    auto& f = asked.feature_updates.emplace_back();
    f.feature = "metadata.version";
    f.max_version_level = 30;
    const auto same = b.call<protocol::update_features_response>(v, asked);
    EXPECT_EQ(same.error_code, error_code::none);
    EXPECT_EQ(same.results.size(), v < 2 ? 1U : 0U);
    asked.feature_updates[0].max_version_level = 29;
    const auto down = b.call<protocol::update_features_response>(v, asked);
    EXPECT_EQ(down.error_code, error_code::invalid_update_version);
    EXPECT_TRUE(down.error_message);
    EXPECT_TRUE(down.results.empty());
    asked.feature_updates[0].feature = "group.version";
    EXPECT_EQ(b.call<protocol::update_features_response>(v, asked).error_code, error_code::invalid_update_version);
  }
  EXPECT_EQ(hello(b).finalized_features.at(0).max_version_level, 30);
}

TEST_F(admin, this_node_can_not_be_unregistered_while_it_runs) {
  test_broker b;
  protocol::unregister_broker_request asked;
  asked.broker_id = broker_id{1};
  EXPECT_EQ(b.call<protocol::unregister_broker_response>(0, asked).error_code, error_code::invalid_request);
  asked.broker_id = broker_id{5};
  const auto got = b.call<protocol::unregister_broker_response>(0, asked);
  EXPECT_EQ(got.error_code, error_code::broker_id_not_registered);
  EXPECT_EQ(got.error_message, "Broker ID 5 is not currently registered");
  EXPECT_EQ(create_topic(b, "t"), error_code::none);
}

TEST_F(admin, a_list_of_an_unknown_kind_of_resource_is_empty) {
  test_broker b;
  ASSERT_EQ(alter(b, 32, "g", "consumer.session.timeout.ms", "50000"), error_code::none);
  protocol::list_config_resources_request asked;
  asked.resource_types = {32};
  EXPECT_EQ(b.call<protocol::list_config_resources_response>(1, asked).config_resources.size(), 1U);
  asked.resource_types = {32, 77};
  const auto got = b.call<protocol::list_config_resources_response>(1, asked);
  EXPECT_EQ(got.error_code, error_code::unsupported_version);
  EXPECT_TRUE(got.config_resources.empty());
}

// kafka-configs asks for them together with a user's quotas.
TEST_F(admin, nobody_has_scram_credentials) {
  test_broker b;
  protocol::describe_user_scram_credentials_request asked;
  asked.users.reset();
  const auto all = b.call<protocol::describe_user_scram_credentials_response>(0, asked);
  EXPECT_EQ(all.error_code, error_code::none);
  EXPECT_TRUE(all.results.empty());
  asked.users.emplace();
  for (const auto* name : {"a", "b", "a"}) asked.users->emplace_back().name = name;
  const auto some = b.call<protocol::describe_user_scram_credentials_response>(0, asked);
  EXPECT_EQ(some.error_code, error_code::none);
  ASSERT_EQ(some.results.size(), 2U);
  EXPECT_EQ(some.results[0].user, "a");
  EXPECT_EQ(some.results[0].error_code, error_code::duplicate_resource);
  EXPECT_EQ(some.results[1].user, "b");
  EXPECT_EQ(some.results[1].error_code, error_code::resource_not_found);
}

}  // namespace
}  // namespace jackdaw::testing
