// Metadata in all its versions.
#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

using protocol::metadata_response;

class metadata_request : public broker_test {
 protected:
  static protocol::metadata_request named(std::initializer_list<std::string_view> names, bool create = false) {
    protocol::metadata_request asked;
    asked.allow_auto_topic_creation = create;
    for (const auto name : names) asked.topics->emplace_back().name = name;
    return asked;
  }
  static constexpr std::int16_t last = 13;
};

TEST_F(metadata_request, every_version_tells_brokers_and_partitions) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 5), error_code::none);
  for (std::int16_t v = 0; v <= last; ++v) {
    auto asked = named({"t"});
    if (v < 4) asked.allow_auto_topic_creation = true;
    const auto m = b.call<metadata_response>(v, asked);
    ASSERT_EQ(m.brokers.size(), 1U) << v;
    EXPECT_EQ(m.brokers[0].host, "localhost");
    EXPECT_EQ(m.brokers[0].port, 9092);
    if (v >= 1) {
      EXPECT_EQ(m.controller_id, m.brokers[0].node_id);
    }
    if (v >= 2) {
      EXPECT_EQ(m.cluster_id, b.server().cluster_id);
    }
    ASSERT_EQ(m.topics.size(), 1U);
    EXPECT_EQ(m.topics[0].name, "t");
    EXPECT_EQ(m.topics[0].topic_id.is_zero(), v < 10);
    ASSERT_EQ(m.topics[0].partitions.size(), 5U);
    for (const auto& p : m.topics[0].partitions) {
      EXPECT_EQ(p.error_code, error_code::none);
      EXPECT_EQ(p.leader_id, m.brokers[0].node_id);
      EXPECT_EQ(p.replica_nodes, std::vector<broker_id>{p.leader_id});
      EXPECT_EQ(p.isr_nodes, p.replica_nodes);
    }
  }
}

TEST_F(metadata_request, no_list_means_all_topics_and_an_empty_one_none_but_in_version_0) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "a"), error_code::none);
  ASSERT_EQ(create_topic(b, "b"), error_code::none);
  for (std::int16_t v = 0; v <= last; ++v) {
    protocol::metadata_request none;
    EXPECT_EQ(b.call<metadata_response>(v, none).topics.size(), v == 0 ? 2U : 0U) << v;
    if (v == 0) continue;
    none.topics.reset();
    EXPECT_EQ(b.call<metadata_response>(v, none).topics.size(), 2U) << v;
  }
}

TEST_F(metadata_request, a_topic_named_a_thousand_times_is_told_once) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 100), error_code::none);
  auto asked = named({"t", "other"});
  asked.topics->resize(1000, asked.topics->front());
  for (std::int16_t v = 4; v <= last; ++v) {
    const auto m = b.call<metadata_response>(v, asked);
    ASSERT_EQ(m.topics.size(), 2U) << v;
    EXPECT_EQ(m.topics[0].partitions.size(), 100U);
    EXPECT_EQ(m.topics[1].error_code, error_code::unknown_topic_or_partition);
  }
}

TEST_F(metadata_request, a_topic_is_found_by_its_id_and_an_unknown_id_is_named) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (std::int16_t v = 12; v <= last; ++v) {
    protocol::metadata_request asked;
    auto& known = asked.topics->emplace_back();
    known.name.reset();
    known.topic_id = topic_id_of(b, "t");
    auto& unknown = asked.topics->emplace_back();
    unknown.name.reset();
    unknown.topic_id = uuid{3, 4};
    const auto m = b.call<metadata_response>(v, asked);
    ASSERT_EQ(m.topics.size(), 2U);
    EXPECT_EQ(m.topics[0].name, "t");
    EXPECT_EQ(m.topics[1].error_code, error_code::unknown_topic_id);
    EXPECT_EQ(m.topics[1].topic_id, (uuid{3, 4}));
    EXPECT_FALSE(m.topics[1].name);
  }
}

TEST_F(metadata_request, a_topic_named_by_id_twice_is_told_once_and_names_beside_ids_do_not_count) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto asked = named({"t", "other"});
  for (int i = 0; i < 2; ++i) {
    auto& t = asked.topics->emplace_back();
    t.name.reset();
    t.topic_id = topic_id_of(b, "t");
  }
  const auto m = b.call<metadata_response>(last, asked);
  ASSERT_EQ(m.topics.size(), 1U);
  EXPECT_EQ(m.topics[0].name, "t");
}

TEST_F(metadata_request, a_topic_with_neither_name_nor_id_is_refused_and_an_id_where_only_answers_have_them) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (std::int16_t v = 10; v <= last; ++v) {
    auto nameless = named({"t"});
    nameless.topics->emplace_back().name.reset();
    const auto m = b.call<metadata_response>(v, nameless);
    ASSERT_EQ(m.topics.size(), 2U) << v;
    EXPECT_EQ(m.topics[0].error_code, error_code::invalid_request);
    EXPECT_EQ(m.topics[1].error_code, error_code::invalid_request);
    EXPECT_EQ(m.topics[1].name, "");
    if (v >= 12) continue;
    auto by_id = named({"t"});
    by_id.topics->front().topic_id = topic_id_of(b, "t");
    EXPECT_EQ(b.call<metadata_response>(v, by_id).topics.at(0).error_code, error_code::invalid_request);
  }
}

TEST_F(metadata_request, brokers_own_topics_are_not_made_by_asking_for_them) {
  test_broker b;
  for (const std::string_view name : {"__consumer_offsets", "__transaction_state", "__share_group_state"}) {
    const auto m = b.call<metadata_response>(last, named({name}, true));
    EXPECT_EQ(m.topics.at(0).error_code, error_code::unknown_topic_or_partition) << name;
    EXPECT_TRUE(m.topics[0].is_internal);
  }
  protocol::metadata_request all;
  all.topics.reset();
  EXPECT_TRUE(b.call<metadata_response>(last, all).topics.empty());
}

TEST_F(metadata_request, an_unknown_topic_is_created_when_client_and_broker_allow_it) {
  test_broker b(3, {"num.partitions=3"});
  EXPECT_EQ(b.call<metadata_response>(last, named({"t"})).topics.at(0).error_code,
            error_code::unknown_topic_or_partition);
  // As Kafka: the topic is made behind an answer that doesn't know it yet.
  EXPECT_EQ(b.call<metadata_response>(last, named({"t"}, true)).topics.at(0).error_code,
            error_code::unknown_topic_or_partition);
  const auto made = b.call<metadata_response>(last, named({"t"}));
  EXPECT_EQ(made.topics.at(0).error_code, error_code::none);
  EXPECT_EQ(made.topics.at(0).partitions.size(), 3U);
  EXPECT_EQ(produce(b, "t", 2, {"x"}).error_code, error_code::none);
  test_broker strict(2, {"auto.create.topics.enable=false"});
  EXPECT_EQ(strict.call<metadata_response>(last, named({"t"}, true)).topics.at(0).error_code,
            error_code::unknown_topic_or_partition);
}

TEST_F(metadata_request, a_name_that_no_topic_can_have_is_invalid_and_never_created) {
  test_broker b;
  const std::string long_name(250, 'x');
  for (const std::string_view name : std::vector<std::string_view>{"a b", "..", "", "t/1", long_name}) {
    const auto m = b.call<metadata_response>(last, named({name}, true));
    EXPECT_EQ(m.topics.at(0).error_code, error_code::invalid_topic_exception) << name;
    EXPECT_EQ(m.topics.at(0).name, name);
  }
}

TEST_F(metadata_request, authorized_operations_come_only_when_asked_for) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto asked = named({"t"});
  EXPECT_EQ(b.call<metadata_response>(last, asked).topics.at(0).topic_authorized_operations, INT32_MIN);
  asked.include_topic_authorized_operations = true;
  EXPECT_NE(b.call<metadata_response>(last, asked).topics.at(0).topic_authorized_operations, INT32_MIN);
  asked.include_cluster_authorized_operations = true;
  EXPECT_NE(b.call<metadata_response>(9, asked).cluster_authorized_operations, INT32_MIN);
}

}  // namespace
}  // namespace jackdaw::testing
