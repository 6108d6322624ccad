// DescribeConfigs, AlterConfigs, IncrementalAlterConfigs: what they say, and that it takes effect on open partitions.
#include <algorithm>

#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/alter_configs.hpp"
#include "jackdaw/protocol/messages/describe_configs.hpp"
#include "jackdaw/protocol/messages/list_config_resources.hpp"

namespace jackdaw::testing {
namespace {

constexpr std::int8_t logger_type = 8;

// Sources as DescribeConfigs numbers them.
constexpr std::int8_t from_topic = 1;
constexpr std::int8_t from_broker_default = 3;
constexpr std::int8_t from_static = 4;
constexpr std::int8_t from_default = 5;

class configs : public broker_test {
 protected:
  using row = protocol::describe_configs_response::describe_configs_resource_result;
  using outcome = protocol::describe_configs_response::describe_configs_result;

  static outcome describe(test_broker& b, std::int8_t type, std::string_view name,
                          std::vector<std::string_view> keys = {}, std::int16_t version = 4) {
    protocol::describe_configs_request asked;
    asked.include_synonyms = true;
    asked.include_documentation = version >= 3;
    auto& r = asked.resources.emplace_back();
    r.resource_type = type;
    r.resource_name = name;
    r.configuration_keys = std::move(keys);
    if (r.configuration_keys->empty()) r.configuration_keys.reset();
    return b.call<protocol::describe_configs_response>(version, asked).results.at(0);
  }
  static row one(test_broker& b, std::int8_t type, std::string_view name, std::string_view key) {
    const auto all = describe(b, type, name, {key});
    EXPECT_EQ(all.error_code, error_code::none);
    EXPECT_EQ(all.configs.size(), 1U) << key;
    return all.configs.empty() ? row{} : all.configs[0];
  }
};

TEST_F(configs, every_version_describes_a_topic_and_says_where_values_come_from) {
  test_broker b(2, {"log.segment.bytes=5000000"});
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.ms", "1234"}}), error_code::none);
  for (std::int16_t v = 1; v <= 4; ++v) {
    const auto all = describe(b, topic_type, "t", {"retention.ms", "segment.bytes", "flush.messages"}, v);
    EXPECT_EQ(all.error_code, error_code::none);
    ASSERT_EQ(all.configs.size(), 3U) << v;
    for (const auto& c : all.configs) {
      const auto source = c.name == "retention.ms"    ? from_topic
                          : c.name == "segment.bytes" ? from_static
                                                      : from_default;
      EXPECT_EQ(c.config_source, source) << c.name;
      EXPECT_FALSE(c.synonyms.empty());
      if (v >= 3) {
        EXPECT_GT(c.documentation.value_or("").size(), 10U);
      }
    }
  }
}

TEST_F(configs, a_resource_named_a_thousand_times_is_described_once) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  protocol::describe_configs_request asked;
  for (int i = 0; i < 1000; ++i) {
    for (const std::string_view name : {"t", "absent"}) {
      auto& r = asked.resources.emplace_back();
      r.resource_type = topic_type;
      r.resource_name = name;
      r.configuration_keys.reset();
    }
  }
  for (std::int16_t v = 1; v <= 4; ++v) {
    const auto answer = b.call<protocol::describe_configs_response>(v, asked);
    ASSERT_EQ(answer.results.size(), 2U) << v;
    EXPECT_FALSE(answer.results[0].configs.empty());
    EXPECT_EQ(answer.results[1].error_code, error_code::unknown_topic_or_partition);
  }
}

TEST_F(configs, synonyms_go_from_the_strongest_to_the_default) {
  test_broker b(1, {"log.retention.hours=2"});
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.ms", "5"}}), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "", "log.retention.ms", "6"), error_code::none);
  const auto c = one(b, topic_type, "t", "retention.ms");
  EXPECT_EQ(c.value, "5");
  std::vector<std::string> synonyms;
  for (const auto& s : c.synonyms)
    synonyms.push_back(std::string(s.name) + '=' + std::string(s.value.value_or("null")));
  ASSERT_GE(synonyms.size(), 3U);
  EXPECT_EQ(synonyms[0], "retention.ms=5");
  EXPECT_EQ(synonyms[1], "log.retention.ms=6");
  EXPECT_EQ(std::count(synonyms.begin(), synonyms.end(), "log.retention.hours=2"), 1);
}

TEST_F(configs, resources_that_are_not_there_are_named) {
  test_broker b;
  EXPECT_EQ(describe(b, topic_type, "none").error_code, error_code::unknown_topic_or_partition);
  EXPECT_EQ(describe(b, broker_type, "77").error_code, error_code::invalid_request);
  EXPECT_EQ(describe(b, broker_type, "x").error_code, error_code::invalid_request);
  EXPECT_EQ(describe(b, 77, "x").error_code, error_code::invalid_request);
  EXPECT_EQ(alter(b, topic_type, "none", "retention.ms", "1"), error_code::unknown_topic_or_partition);
}

TEST_F(configs, a_topic_name_that_cannot_be_is_called_invalid) {
  test_broker b;
  const std::string long_name(250, 'x');
  for (const std::string_view name : {std::string_view(""), std::string_view("."), std::string_view(".."),
                                      std::string_view("a b"), std::string_view(long_name)}) {
    for (std::int16_t v = 1; v <= 4; ++v) {
      const auto answer = describe(b, topic_type, name, {}, v);
      EXPECT_EQ(answer.error_code, error_code::invalid_topic_exception) << name;
      EXPECT_TRUE(answer.error_message.value_or("").starts_with("Topic name is invalid: ")) << name;
    }
  }
}

TEST_F(configs, settings_of_one_listener_are_shown_and_secrets_among_them_hidden) {
  constexpr std::int8_t from_broker = 2;
  test_broker b;
  ASSERT_EQ(alter(b, broker_type, "1", "listener.name.plaintext.ssl.keystore.location", "/a"), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "1", "listener.name.plaintext.ssl.keystore.password", "hunter2"), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "1", "listener.name.plaintext.plain.sasl.jaas.config", "hunter2"), error_code::none);
  ASSERT_EQ(alter(b, broker_type, "1", "listener.name.other.max.connections", "10"), error_code::none);
  std::vector<row> shown;
  for (const auto& c : describe(b, broker_type, "1").configs) {
    if (c.name.starts_with("listener.name.")) shown.push_back(c);
  }
  ASSERT_EQ(shown.size(), 4U);
  for (const auto& c : shown) {
    EXPECT_EQ(c.config_source, from_broker) << c.name;
    EXPECT_TRUE(c.read_only) << c.name;
    const bool is_secret = c.name.ends_with("password") || c.name.ends_with("jaas.config");
    EXPECT_EQ(c.is_sensitive, is_secret) << c.name;
    EXPECT_EQ(c.value.has_value(), !is_secret) << c.name;
  }
  const auto limit = one(b, broker_type, "1", "listener.name.other.max.connections");
  EXPECT_EQ(limit.value, "10");
  EXPECT_EQ(limit.config_type, 3) << "a whole number, as the key without its listener";
  ASSERT_EQ(limit.synonyms.size(), 2U);
  EXPECT_EQ(limit.synonyms[1].name, "max.connections");
  EXPECT_EQ(limit.synonyms[1].source, from_default);
  ASSERT_EQ(alter(b, broker_type, "1", "listener.name.other.max.connections", "", unset), error_code::none);
  EXPECT_TRUE(describe(b, broker_type, "1", {"listener.name.other.max.connections"}).configs.empty());
}

TEST_F(configs, a_key_of_a_feature_that_is_not_there_is_not_shown) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_TRUE(describe(b, topic_type, "t", {"errors.deadletterqueue.group.enable"}).configs.empty());
}

TEST_F(configs, a_smaller_max_message_bytes_takes_effect_on_an_open_partition_and_goes_when_unset) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  for (int p = 0; p < 3; ++p) EXPECT_EQ(produce(b, "t", p, {std::string(500, 'x')}).error_code, error_code::none);
  for (std::int16_t v = 0; v <= 1; ++v) {
    ASSERT_EQ(alter(b, topic_type, "t", "max.message.bytes", "300", set, v), error_code::none);
    for (int p = 0; p < 3; ++p)
      EXPECT_EQ(produce(b, "t", p, {std::string(500, 'x')}).error_code, error_code::message_too_large);
    ASSERT_EQ(alter(b, topic_type, "t", "max.message.bytes", "", unset, v), error_code::none);
    EXPECT_EQ(produce(b, "t", 0, {std::string(500, 'x')}).error_code, error_code::none);
  }
}

TEST_F(configs, a_dynamic_default_of_all_brokers_reaches_topics_and_their_own_value_is_stronger) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "plain", 3), error_code::none);
  ASSERT_EQ(create_topic(b, "own", 1, {{"max.message.bytes", "100000"}}), error_code::none);
  for (int p = 0; p < 3; ++p) produce(b, "plain", p, {"open"});
  produce(b, "own", 0, {"open"});
  ASSERT_EQ(alter(b, broker_type, "", "message.max.bytes", "300"), error_code::none);
  for (int p = 0; p < 3; ++p)
    EXPECT_EQ(produce(b, "plain", p, {std::string(500, 'x')}).error_code, error_code::message_too_large);
  EXPECT_EQ(produce(b, "own", 0, {std::string(500, 'x')}).error_code, error_code::none);
  const auto c = one(b, topic_type, "plain", "max.message.bytes");
  EXPECT_EQ(c.value, "300");
  EXPECT_EQ(c.config_source, from_broker_default);
  ASSERT_EQ(alter(b, broker_type, "", "message.max.bytes", "", unset), error_code::none);
  EXPECT_EQ(produce(b, "plain", 0, {std::string(500, 'x')}).error_code, error_code::none);
}

TEST_F(configs, a_topic_can_begin_to_stamp_its_records_itself) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"x"}).log_append_time_ms, -1);
  ASSERT_EQ(alter(b, topic_type, "t", "message.timestamp.type", "LogAppendTime"), error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"x"}).log_append_time_ms, b.now().wall.value);
}

TEST_F(configs, a_topic_can_begin_to_flush_before_it_acknowledges) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(alter(b, topic_type, "t", "flush.messages", "1"), error_code::none);
  produce(b, "t", 0, {"x"});
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0).size(), 1U);
}

TEST_F(configs, lists_take_appends_and_subtractions) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(alter(b, topic_type, "t", "cleanup.policy", "compact", append), error_code::none);
  EXPECT_EQ(one(b, topic_type, "t", "cleanup.policy").value, "delete,compact");
  ASSERT_EQ(alter(b, topic_type, "t", "cleanup.policy", "delete", subtract), error_code::none);
  EXPECT_EQ(one(b, topic_type, "t", "cleanup.policy").value, "compact");
  EXPECT_EQ(alter(b, topic_type, "t", "retention.ms", "1", append), error_code::invalid_config);
}

TEST_F(configs, bad_values_and_unknown_keys_change_nothing) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(alter(b, topic_type, "t", "retention.ms", "soon"), error_code::invalid_config);
  EXPECT_EQ(alter(b, topic_type, "t", "retention.mss", "1"), error_code::invalid_config);
  EXPECT_EQ(one(b, topic_type, "t", "retention.ms").config_source, from_default);
}

TEST_F(configs, alter_configs_replaces_all_that_was_set_in_every_version) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.ms", "5"}, {"segment.bytes", "2000000"}}), error_code::none);
  for (std::int16_t v = 0; v <= 2; ++v) {
    protocol::alter_configs_request asked;
    auto& r = asked.resources.emplace_back();
    r.resource_type = topic_type;
    r.resource_name = "t";
    auto& c = r.configs.emplace_back();
    c.name = "retention.ms";
    const auto value = std::to_string(100 + v);
    c.value = value;
    EXPECT_EQ(b.call<protocol::alter_configs_response>(v, asked).responses.at(0).error_code, error_code::none);
    EXPECT_EQ(one(b, topic_type, "t", "retention.ms").value, value);
    EXPECT_EQ(one(b, topic_type, "t", "segment.bytes").config_source, from_default);
  }
}

TEST_F(configs, settings_outlive_a_power_cut) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(alter(b, topic_type, "t", "max.message.bytes", "300"), error_code::none);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(one(b, topic_type, "t", "max.message.bytes").value, "300");
  EXPECT_EQ(produce(b, "t", 0, {std::string(500, 'x')}).error_code, error_code::message_too_large);
}

TEST_F(configs, more_insync_replicas_than_there_are_hold_back_nobody_on_one_node) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"min.insync.replicas", "2"}}), error_code::none);
  // One replica is all that the topic has, and the rule is held to that number.
  EXPECT_EQ(produce(b, "t", 0, {"x"}).error_code, error_code::none);
}

TEST_F(configs, resources_are_listed_in_each_version) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  protocol::list_config_resources_request asked;
  EXPECT_TRUE(b.call<protocol::list_config_resources_response>(0, asked).config_resources.empty());
  const auto all = b.call<protocol::list_config_resources_response>(1, asked);
  const auto has = [&all](std::int8_t type, std::string_view name) {
    return std::any_of(all.config_resources.begin(), all.config_resources.end(),
                       [&](const auto& r) { return r.resource_type == type && r.resource_name == name; });
  };
  EXPECT_TRUE(has(topic_type, "t"));
  EXPECT_TRUE(has(broker_type, "1")) << "the node's id";
  asked.resource_types = {99};
  EXPECT_EQ(b.call<protocol::list_config_resources_response>(1, asked).error_code, error_code::unsupported_version);
}

// ---- loggers

struct fake_loggers final : broker::logger_control {
  std::vector<logger> loggers() const override { return {{"root", root}, {"net", net}}; }
  bool set_level(std::string_view name, std::string_view level) override {
    (name == "root" ? root : net) = level;
    return true;
  }
  bool unset_level(std::string_view) override {
    net = "INFO";
    return true;
  }
  std::string root = "INFO";
  std::string net = "INFO";
};

TEST_F(configs, loggers_are_described_set_and_reset) {
  test_broker b;
  auto control = std::make_shared<fake_loggers>();
  b.set_loggers(control);
  const auto id = std::to_string(b.server().config.node_id.value());
  EXPECT_EQ(alter(b, logger_type, id, "net", "DEBUG"), error_code::none);
  EXPECT_EQ(one(b, logger_type, id, "net").value, "DEBUG");
  EXPECT_EQ(alter(b, logger_type, id, "net", "", unset), error_code::none);
  EXPECT_EQ(control->net, "INFO");
  EXPECT_EQ(alter(b, logger_type, id, "root", "", unset), error_code::invalid_request);
  EXPECT_EQ(alter(b, logger_type, id, "net", "LOUD"), error_code::invalid_config);
  EXPECT_EQ(alter(b, logger_type, id, "none", "DEBUG"), error_code::invalid_config);
  EXPECT_EQ(alter(b, logger_type, id, "net", "DEBUG", append), error_code::invalid_request);
  EXPECT_EQ(alter(b, logger_type, "99", "net", "DEBUG"), error_code::invalid_request);
}

}  // namespace
}  // namespace jackdaw::testing
