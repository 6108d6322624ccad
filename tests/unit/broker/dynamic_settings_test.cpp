// Broker settings that change while the broker runs, and what follows them.
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/describe_producers.hpp"

namespace jackdaw::testing {
namespace {

class dynamic_settings : public broker_test {
 protected:
  static std::size_t producers_of(test_broker& b, std::string_view topic) {
    protocol::describe_producers_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = topic;
    t.partition_indexes = {partition_id{0}};
    const auto answer = b.call<protocol::describe_producers_response>(0, asked);
    return answer.topics.at(0).partitions.at(0).active_producers.size();
  }
};

TEST_F(dynamic_settings, the_shell_is_told_what_each_change_makes_of_them) {
  test_broker b(2, {"max.connections=50", "max.connections.per.ip=10"});
  EXPECT_TRUE(b.take_settings().empty()) << "it knows the file";
  ASSERT_EQ(alter(b, broker_type, "", "max.connections", "40"), error_code::none);
  auto told = b.take_settings();
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].max_connections, 40);
  EXPECT_EQ(told[0].max_connections_per_ip, 10);
  // One broker's own value is stronger than that of all.
  ASSERT_EQ(alter(b, broker_type, "1", "max.connections", "30"), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "1", "max.connections.per.ip.overrides", "127.0.0.1:5"), error_code::none);
  told = b.take_settings();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1].max_connections, 30);
  EXPECT_EQ(told[1].max_connections_per_ip_overrides,
            (std::vector<std::pair<std::string, std::int32_t>>{{"127.0.0.1", 5}}));
  ASSERT_EQ(alter(b, broker_type, "", "max.connections", "20"), error_code::none);
  EXPECT_TRUE(b.take_settings().empty()) << "nothing changes for this broker";
  ASSERT_EQ(alter(b, broker_type, "1", "max.connections", "", unset), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "", "max.connections", "", unset), error_code::none);
  told = b.take_settings();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].max_connections, 20);
  EXPECT_EQ(told[1].max_connections, 50);
}

TEST_F(dynamic_settings, changes_of_topics_and_of_topic_settings_are_not_told) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(alter(b, topic_type, "t", "retention.ms", "5"), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "", "log.retention.ms", "6"), error_code::none);
  EXPECT_TRUE(b.take_settings().empty());
}

TEST_F(dynamic_settings, what_was_set_before_a_restart_is_told_at_the_start) {
  for (const char* bytes_between_snapshots : {"20971520", "1"}) {
    test_broker b(2, {"max.connections=50",
                      std::string("metadata.log.max.record.bytes.between.snapshots=") + bytes_between_snapshots});
    ASSERT_EQ(alter(b, broker_type, "", "max.connections", "40"), error_code::none);
    ASSERT_EQ(alter(b, broker_type, "1", "max.connection.creation.rate", "7"), error_code::none);
    b.stop();
    static_cast<void>(b.take_settings());
    b.start();
    const auto told = b.take_settings();
    ASSERT_FALSE(told.empty()) << bytes_between_snapshots;
    EXPECT_EQ(told.back().max_connections, 40);
    EXPECT_EQ(told.back().max_connection_creation_rate, 7);
    EXPECT_EQ(told.back().max_connections_per_ip, 2147483647);
  }
}

TEST_F(dynamic_settings, a_shorter_memory_of_producers_counts_at_once_and_after_a_restart) {
  test_broker b(2, {"producer.id.expiration.check.interval.ms=1000", "log.initial.task.delay.ms=0"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"a"}, {producer_id{7}, producer_epoch{0}, 0});
  b.advance(60'000);
  EXPECT_EQ(producers_of(b, "t"), 1U);
  ASSERT_EQ(alter(b, broker_type, "", "producer.id.expiration.ms", "10000"), error_code::none);
  b.advance(1'000);
  EXPECT_EQ(producers_of(b, "t"), 0U);
  b.stop();
  b.start();
  produce(b, "t", 0, {"b"}, {producer_id{8}, producer_epoch{0}, 0});
  b.advance(9'000);
  EXPECT_EQ(producers_of(b, "t"), 1U);
  b.advance(2'000);
  EXPECT_EQ(producers_of(b, "t"), 0U);
  ASSERT_EQ(alter(b, broker_type, "", "producer.id.expiration.ms", "", unset), error_code::none);
  produce(b, "t", 0, {"c"}, {producer_id{9}, producer_epoch{0}, 0});
  b.advance(60'000);
  EXPECT_EQ(producers_of(b, "t"), 1U);
}

TEST_F(dynamic_settings, producers_are_forgotten_within_a_check_interval_also_right_after_a_start) {
  test_broker b(2, {"producer.id.expiration.check.interval.ms=100", "producer.id.expiration.ms=5000"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"a"}, {producer_id{7}, producer_epoch{0}, 0});
  for (int i = 0; i < 49; ++i) b.advance(100);
  EXPECT_EQ(producers_of(b, "t"), 1U);
  for (int i = 0; i < 3; ++i) b.advance(100);
  EXPECT_EQ(producers_of(b, "t"), 0U);
}

}  // namespace
}  // namespace jackdaw::testing
