#include "jackdaw/controller/configs.hpp"

#include "unit/controller/support.hpp"

namespace jackdaw::controller {
namespace {

using metadata::config_changed;
using metadata::config_resource;
using protocol::alter_configs_request;
using protocol::incremental_alter_configs_request;

constexpr std::int8_t SET = 0, DEL = 1, APPEND = 2, SUBTRACT = 3;
constexpr std::int8_t TOPIC = 2, BROKER = 4, LOGGER = 8, METRICS = 16, GROUP = 32;

struct edit {
  std::string key;
  std::int8_t operation;
  std::optional<std::string> value = std::nullopt;
};

struct change {
  std::int8_t type;
  std::string name;
  std::vector<edit> edits;
};

std::optional<std::string_view> view(const std::optional<std::string>& s) {
  return s ? std::optional<std::string_view>(*s) : std::nullopt;
}

decision<std::vector<altered_resource>> incremental(const cluster& c, const std::vector<change>& changes,
                                                    bool validate_only = false) {
  incremental_alter_configs_request request;
  request.validate_only = validate_only;
  for (const change& ch : changes) {
    auto& r = request.resources.emplace_back();
    r.resource_type = ch.type;
    r.resource_name = ch.name;
    for (const edit& e : ch.edits) {
      auto& out = r.configs.emplace_back();
      out.name = e.key;
      out.config_operation = e.operation;
      out.value = view(e.value);
    }
  }
  return incremental_alter_configs(c.image(), request, {});
}

decision<std::vector<altered_resource>> full(const cluster& c, const std::vector<change>& changes,
                                             bool validate_only = false) {
  alter_configs_request request;
  request.validate_only = validate_only;
  for (const change& ch : changes) {
    auto& r = request.resources.emplace_back();
    r.resource_type = ch.type;
    r.resource_name = ch.name;
    for (const edit& e : ch.edits) {
      auto& out = r.configs.emplace_back();
      out.name = e.key;
      out.value = view(e.value);
    }
  }
  return alter_configs(c.image(), request, {});
}

cluster with_topic() {
  cluster c;
  c.brokers(1).topic("t");
  return c;
}

using records = std::vector<metadata::record>;

config_changed topic_key(const char* key, std::optional<std::string> value) {
  return {config_resource::topic, "t", key, std::move(value)};
}

TEST(incremental_alter_configs, sets_and_deletes) {
  cluster c = with_topic();
  auto d = incremental(c, {{TOPIC, "t", {{"retention.ms", SET, "5"}, {"flush.ms", SET, "7"}}}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_TRUE(d.records == (records{topic_key("flush.ms", "7"), topic_key("retention.ms", "5")}));
  c.apply(d.records);
  d = incremental(c, {{TOPIC, "t", {{"retention.ms", DEL}, {"flush.ms", SET, "7"}}}});
  EXPECT_TRUE(d.records == (records{topic_key("retention.ms", std::nullopt)}));
  c.apply(d.records);
  EXPECT_TRUE(incremental(c, {{TOPIC, "t", {{"retention.ms", DEL, "9"}, {"nope.key", DEL}}}}).records.empty());
}

TEST(incremental_alter_configs, validate_only_changes_nothing) {
  const auto d = incremental(with_topic(), {{TOPIC, "t", {{"retention.ms", SET, "5"}}}}, true);
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_TRUE(d.records.empty());
}

struct list_case {
  std::optional<std::string> before;
  std::int8_t operation;
  std::string value;
  std::optional<std::string> after;  // nothing: no record
};

class list_edits : public testing::TestWithParam<list_case> {};

TEST_P(list_edits, of_cleanup_policy) {
  cluster c = with_topic();
  if (GetParam().before) c.config(config_resource::topic, "t", "cleanup.policy", *GetParam().before);
  const auto d = incremental(c, {{TOPIC, "t", {{"cleanup.policy", GetParam().operation, GetParam().value}}}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  records expected;
  if (GetParam().after) expected.push_back(topic_key("cleanup.policy", GetParam().after));
  EXPECT_TRUE(d.records == expected);
}

INSTANTIATE_TEST_SUITE_P(cases, list_edits,
                         testing::Values(list_case{"compact", APPEND, "delete", "compact,delete"},
                                         list_case{"compact,delete", APPEND, "delete", std::nullopt},
                                         list_case{"compact,delete", SUBTRACT, "compact", "delete"},
                                         list_case{"delete", SUBTRACT, "zzz", std::nullopt},
                                         list_case{"delete", SUBTRACT, "delete", ""},
                                         list_case{"", SUBTRACT, "compact,delete", std::nullopt},
                                         list_case{"", APPEND, "", std::nullopt},
                                         list_case{std::nullopt, APPEND, "compact, compact", "delete,compact"},
                                         list_case{std::nullopt, APPEND, "delete", std::nullopt},
                                         list_case{std::nullopt, SUBTRACT, "compact", std::nullopt}));

TEST(incremental_alter_configs, a_list_that_is_not_set_begins_with_the_brokers) {
  cluster c = with_topic();
  c.config(config_resource::broker, "", "log.cleanup.policy", "compact");
  const auto d = incremental(c, {{TOPIC, "t", {{"cleanup.policy", APPEND, "delete"}}}});
  EXPECT_TRUE(d.records == (records{topic_key("cleanup.policy", "compact,delete")}));
}

TEST(incremental_alter_configs, pairs_are_appended_without_doubles_and_blanks) {
  cluster c = with_topic();
  c.config(config_resource::topic, "t", "leader.replication.throttled.replicas", "0:1");
  const auto d = incremental(c, {{TOPIC, "t", {{"leader.replication.throttled.replicas", APPEND, " 0:2 , 0:1"}}}});
  EXPECT_TRUE(d.records == (records{topic_key("leader.replication.throttled.replicas", "0:1,0:2")}));
}

// Only what lies in key and trust stores is of one listener each (refused below).
TEST(incremental_alter_configs, one_broker_takes_security_settings_for_all_its_listeners) {
  const std::vector<edit> edits{{"sasl.enabled.mechanisms", SET, "PLAIN"},
                                {"sasl.jaas.config", SET, "secret"},
                                {"sasl.kerberos.service.name", SET, "kafka"},
                                {"sasl.login.refresh.buffer.seconds", SET, "60"},
                                {"ssl.cipher.suites", SET, "TLS_AES_128_GCM_SHA256"},
                                {"ssl.client.auth", SET, "required"},
                                {"ssl.enabled.protocols", SET, "TLSv1.3"},
                                {"ssl.provider", SET, "any"}};
  const auto d = incremental(with_topic(), {{BROKER, "1", edits}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_EQ(d.records.size(), edits.size());
  EXPECT_EQ(d.reply[0].notes.size(), edits.size()) << "and says that they have no effect";
}

TEST(incremental_alter_configs, a_setting_of_one_listener_is_kept_and_said_to_have_no_effect) {
  const std::string key = "listener.name.plaintext.ssl.keystore.location";
  const auto d = incremental(with_topic(), {{BROKER, "1", {{key, SET, "/a"}}}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_TRUE(d.records == (records{config_changed{config_resource::broker, "1", key, "/a"}}));
  EXPECT_EQ(d.reply[0].notes,
            std::vector<std::string>{key + " has no effect: settings of single listeners have none yet"});
}

struct refused_change {
  change wanted;
  std::string outcome;
};

class configs_refused : public testing::TestWithParam<refused_change> {};

TEST_P(configs_refused, with_kafkas_code_and_sentence) {
  const auto d = incremental(with_topic(), {GetParam().wanted});
  ASSERT_EQ(d.reply.size(), 1u);
  EXPECT_EQ(d.reply[0].type, GetParam().wanted.type);
  EXPECT_EQ(d.reply[0].name, GetParam().wanted.name);
  EXPECT_EQ(text(d.reply[0].outcome), GetParam().outcome);
  EXPECT_TRUE(d.records.empty());
}

INSTANTIATE_TEST_SUITE_P(
    topics, configs_refused,
    testing::Values(
        refused_change{{TOPIC, "", {{"retention.ms", SET, "1"}}}, "42: Default topic resources are not allowed."},
        refused_change{{TOPIC, "nope", {{"retention.ms", SET, "1"}}}, "3: The topic 'nope' does not exist."},
        refused_change{
            {TOPIC, "b ad", {{"retention.ms", SET, "1"}}},
            "17: Topic name is invalid: 'b ad' contains one or more characters other than ASCII alphanumerics, "
            "'.', '_' and '-'"},
        refused_change{{TOPIC, "t", {{"nope.key", SET, "1"}}}, "40: Unknown topic config name: nope.key"},
        refused_change{{TOPIC, "t", {{"", SET, "1"}}}, "40: Unknown topic config name: "},
        refused_change{{TOPIC, "t", {{"retention.ms", SET}}}, "42: Null value not supported for : retention.ms"},
        refused_change{{TOPIC, "t", {{"cleanup.policy", APPEND}}}, "42: Null value not supported for : cleanup.policy"},
        refused_change{{TOPIC, "t", {{"retention.ms", APPEND, "1"}}},
                       "40: Can't APPEND to key retention.ms because its type is not LIST."},
        refused_change{{TOPIC, "t", {{"retention.ms", SUBTRACT, "1"}}},
                       "40: Can't SUBTRACT to key retention.ms because its type is not LIST."},
        refused_change{{TOPIC, "t", {{"unknown.k", APPEND, "1"}}},
                       "40: Can't APPEND to key unknown.k because its type is not LIST."},
        refused_change{
            {TOPIC, "t", {{"cleanup.policy", APPEND, "foo"}}},
            "40: Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete"},
        refused_change{{TOPIC, "t", {{"retention.ms", 7, "1"}}},
                       "42: Unknown config operation 7: allowed are 0 (set), 1 (delete), 2 (append), 3 (subtract)"},
        refused_change{{TOPIC, "t", {{"retention.ms", SET, "1"}, {"retention.ms", DEL}}},
                       "42: Error due to duplicate config keys"},
        refused_change{{TOPIC, "t", {{"flush.ms", SET, "9"}, {"segment.bytes", SET, "-1"}}},
                       "40: Invalid value -1 for configuration segment.bytes: Value must be at least 1048576"},
        refused_change{{TOPIC, "t", {{"min.compaction.lag.ms", SET, "100"}, {"max.compaction.lag.ms", SET, "50"}}},
                       "40: conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)"},
        refused_change{{77, "x", {{"a", SET, "1"}}}, "42: Unknown resource type 77"},
        refused_change{{0, "x", {}}, "42: Unknown resource type 0"}));

INSTANTIATE_TEST_SUITE_P(
    brokers, configs_refused,
    testing::Values(
        refused_change{{BROKER, "2", {{"log.retention.ms", SET, "1"}}},
                       "42: Unexpected broker id, expected 1, but received 2"},
        refused_change{{BROKER, "x", {{"log.retention.ms", SET, "1"}}}, "42: Node id must be an integer, but it is: x"},
        refused_change{{BROKER, "1", {{"node.id", SET, "3"}, {"broker.id", SET, "3"}}},
                       "42: Cannot update these configs dynamically: [broker.id, node.id]"},
        refused_change{{BROKER, "", {{"log.retention.hours", SET, "3"}}},
                       "42: Cannot update these configs dynamically: [log.retention.hours]"},
        refused_change{
            {BROKER, "1", {{"ssl.keystore.password", SET, "x"}}},
            "42: These security configs can be dynamically updated only per-listener using the listener prefix: "
            "[ssl.keystore.password]"},
        refused_change{
            {BROKER, "1", {{"ssl.key.password", SET, "x"}, {"ssl.truststore.location", SET, "x"}}},
            "42: These security configs can be dynamically updated only per-listener using the listener prefix: "
            "[ssl.key.password, ssl.truststore.location]"},
        refused_change{{BROKER, "", {{"ssl.client.auth", SET, "none"}}},
                       "42: Cannot update these configs at default cluster level, broker id must be specified: "
                       "[ssl.client.auth]"},
        refused_change{{BROKER, "", {{"listener.name.plaintext.ssl.keystore.type", SET, "JKS"}}},
                       "42: Cannot update these configs at default cluster level, broker id must be specified: "
                       "[listener.name.plaintext.ssl.keystore.type]"},
        refused_change{{BROKER, "1", {{"log.segment.bytes", SET, "3"}}},
                       "42: Invalid value 3 for configuration log.segment.bytes: Value must be at least 1048576"},
        refused_change{{BROKER, "1", {{"listener.name.plaintext.max.connections", SET, "-5"}}},
                       "42: Invalid value -5 for configuration max.connections: Value must be at least 0"},
        refused_change{
            {BROKER, "1", {{"log.retention.ms", SET, "0"}}},
            "42: requirement failed: log.retention.ms must be unlimited (-1) or, greater than or equal to 1"},
        refused_change{{BROKER, "1", {{"log.retention.ms", APPEND, "1"}}},
                       "40: Config value append is not allowed for config key: log.retention.ms"},
        refused_change{{BROKER, "1", {{"max.connections.per.ip.overrides", SET, "127.0.0.1:3,foo"}}},
                       "42: Error parsing configuration property 'max.connections.per.ip.overrides': allowed is a "
                       "comma-separated list of HOST:COUNT, not foo"},
        refused_change{{BROKER, "1", {{"log.retension.ms", SET, "1"}}},
                       "40: Unknown broker config name: log.retension.ms; did you mean log.retention.ms?"}));

INSTANTIATE_TEST_SUITE_P(
    groups, configs_refused,
    testing::Values(
        refused_change{{GROUP, "", {{"consumer.session.timeout.ms", SET, "45000"}}},
                       "42: Default group resources are not allowed."},
        refused_change{{GROUP, "g", {{"nope", SET, "1"}}}, "40: Unknown group config name: nope"},
        refused_change{{GROUP, "g", {{"consumer.session.timeout.ms", SET, "1"}}},
                       "40: consumer.session.timeout.ms must be greater than or equal to "
                       "group.consumer.min.session.timeout.ms"},
        refused_change{{GROUP, "g", {{"consumer.heartbeat.interval.ms", SET, "100000"}}},
                       "40: consumer.heartbeat.interval.ms must be less than or equal to "
                       "group.consumer.max.heartbeat.interval.ms"},
        refused_change{
            {GROUP, "g", {{"streams.num.standby.replicas", SET, "9"}}},
            "40: streams.num.standby.replicas must be less than or equal to group.streams.max.standby.replicas"},
        refused_change{
            {GROUP, "g", {{"share.record.lock.duration.ms", SET, "5"}}},
            "40: Invalid value 5 for configuration share.record.lock.duration.ms: Value must be at least 1000"}));

INSTANTIATE_TEST_SUITE_P(
    client_metrics, configs_refused,
    testing::Values(
        refused_change{{METRICS, "", {{"interval.ms", SET, "1000"}}}, "42: Subscription name can't be empty"},
        refused_change{{METRICS, "m", {{"nope", SET, "1"}}}, "42: Unknown client metrics configuration: nope"},
        refused_change{{METRICS, "m", {{"interval.ms", SET, "x"}}},
                       "40: Invalid value x for configuration interval.ms: Not a number of type INT"},
        refused_change{{METRICS, "m", {{"interval.ms", SET, "50"}}},
                       "42: Invalid value 50 for interval.ms, interval must be between 100 and 3600000 (1 hour)"},
        refused_change{{METRICS, "m", {{"match", SET, "foo=a"}}}, "40: Illegal client matching pattern: foo=a"},
        refused_change{{METRICS, "m", {{"match", SET, "client_id"}}}, "40: Illegal client matching pattern: client_id"},
        refused_change{{METRICS, "m", {{"match", SET, "client_id=a=b"}}},
                       "40: Illegal client matching pattern: client_id=a=b"}));

TEST(incremental_alter_configs, brokers_one_and_all) {
  const auto d = incremental(with_topic(), {{BROKER, "1", {{"log.retention.ms", SET, "700"}}},
                                            {BROKER, "", {{"log.retention.ms", SET, "800"}}}});
  const records expected{config_changed{config_resource::broker, "1", "log.retention.ms", "700"},
                         config_changed{config_resource::broker, "", "log.retention.ms", "800"}};
  EXPECT_TRUE(d.records == expected);
}

TEST(incremental_alter_configs, groups_and_subscriptions) {
  const auto d = incremental(with_topic(), {{GROUP, "g", {{"consumer.session.timeout.ms", SET, "46000"}}},
                                            {METRICS, "m", {{"match", SET, "client_id=a.*"}, {"metrics", SET, "*"}}}});
  for (const auto& row : d.reply) EXPECT_EQ(text(row.outcome), "0");
  EXPECT_EQ(d.records.size(), 3u);
  EXPECT_EQ(
      d.reply[0].notes,
      std::vector<std::string>{
          "consumer.session.timeout.ms has no effect: groups of the consumer protocol (KIP-848) are not served yet"});
}

TEST(incremental_alter_configs, loggers_are_left_to_their_broker) {
  const auto d = incremental(with_topic(), {{LOGGER, "1", {{"root", SET, "DEBUG"}}}});
  EXPECT_TRUE(d.reply.empty());
  EXPECT_TRUE(d.records.empty());
}

TEST(incremental_alter_configs, one_bad_resource_does_not_hurt_the_others) {
  const auto d = incremental(
      with_topic(), {{TOPIC, "nope", {{"retention.ms", SET, "5"}}}, {TOPIC, "t", {{"retention.ms", SET, "5"}}}});
  EXPECT_EQ(text(d.reply[0].outcome), "3: The topic 'nope' does not exist.");
  EXPECT_EQ(text(d.reply[1].outcome), "0");
  EXPECT_TRUE(d.records == (records{topic_key("retention.ms", "5")}));
}

TEST(incremental_alter_configs, a_resource_may_appear_once) {
  for (const auto& d :
       {incremental(with_topic(), {{TOPIC, "t", {{"retention.ms", SET, "1"}}}, {TOPIC, "t", {{"flush.ms", SET, "1"}}}}),
        full(with_topic(), {{TOPIC, "t", {{"retention.ms", SET, "1"}}}, {TOPIC, "t", {{"flush.ms", SET, "1"}}}})}) {
    ASSERT_EQ(d.reply.size(), 2u);
    for (const auto& row : d.reply) EXPECT_EQ(text(row.outcome), "42: Each resource must appear at most once.");
    EXPECT_TRUE(d.records.empty());
  }
}

TEST(alter_configs, replaces_everything) {
  cluster c = with_topic();
  c.config(config_resource::topic, "t", "flush.ms", "7").config(config_resource::topic, "t", "retention.ms", "5");
  const auto d = full(c, {{TOPIC, "t", {{"retention.ms", SET, "5"}, {"segment.ms", SET, "9"}}}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_TRUE(d.records == (records{topic_key("flush.ms", std::nullopt), topic_key("segment.ms", "9")}));
  EXPECT_TRUE(full(c, {{TOPIC, "t", {}}}, true).records.empty());
}

TEST(alter_configs, refusals) {
  EXPECT_EQ(text(full(with_topic(), {{LOGGER, "1", {{"root", SET, "DEBUG"}}}}).reply[0].outcome),
            "42: Unknown resource type 8");
  EXPECT_EQ(text(full(with_topic(), {{TOPIC, "t", {{"retention.ms", SET}}}}).reply[0].outcome),
            "42: Null value not supported for : retention.ms");
}

}  // namespace
}  // namespace jackdaw::controller
