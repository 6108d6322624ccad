#include <gtest/gtest.h>

#include "jackdaw/base/config.hpp"

namespace jackdaw {
namespace {

struct refusal {
  config_scope scope;
  const char* key;
  const char* value;
  const char* sentence;  // as Apache Kafka 4.3 says it
};

class config_refused : public testing::TestWithParam<refusal> {};

TEST_P(config_refused, with_kafkas_sentence) {
  const refusal& c = GetParam();
  const config_key* key = find_key(c.scope, c.key);
  ASSERT_NE(key, nullptr);
  const auto value = parse(*key, c.value);
  ASSERT_FALSE(value.has_value());
  EXPECT_EQ(value.error().code, errc::invalid_argument);
  EXPECT_EQ(value.error().detail, c.sentence);
}

constexpr auto topic = config_scope::topic;
constexpr auto broker = config_scope::broker;
constexpr auto group = config_scope::group;

INSTANTIATE_TEST_SUITE_P(
    values, config_refused,
    testing::Values(
        refusal{topic, "segment.bytes", "-1",
                "Invalid value -1 for configuration segment.bytes: Value must be at least 1048576"},
        refusal{topic, "segment.bytes", "abc",
                "Invalid value abc for configuration segment.bytes: Not a number of type INT"},
        refusal{topic, "segment.bytes", "1e3",
                "Invalid value 1e3 for configuration segment.bytes: Not a number of type INT"},
        refusal{topic, "segment.bytes", "99999999999",
                "Invalid value 99999999999 for configuration segment.bytes: Not a number of type INT"},
        refusal{topic, "segment.bytes", "", "Invalid value  for configuration segment.bytes: Not a number of type INT"},
        refusal{topic, "segment.bytes", "+-1048576",
                "Invalid value +-1048576 for configuration segment.bytes: Not a number of type INT"},
        refusal{topic, "retention.ms", "99999999999999999999",
                "Invalid value 99999999999999999999 for configuration retention.ms: Not a number of type LONG"},
        refusal{broker, "offsets.topic.replication.factor", "40000",
                "Invalid value 40000 for configuration offsets.topic.replication.factor: Not a number of type SHORT"},
        refusal{topic, "compression.zstd.level", "23",
                "Invalid value 23 for configuration compression.zstd.level: Value must be no more than 22"},
        refusal{topic, "compression.gzip.level", "0",
                "Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to "
                "-1"},
        refusal{topic, "cleanup.policy", "foo",
                "Invalid value foo for configuration cleanup.policy: String must be one of: compact, delete"},
        refusal{topic, "cleanup.policy", "COMPACT",
                "Invalid value COMPACT for configuration cleanup.policy: String must be one of: compact, delete"},
        refusal{topic, "cleanup.policy", "compact,", "Configuration 'cleanup.policy' values must not be empty."},
        refusal{topic, "compression.type", "GZIP",
                "Invalid value GZIP for configuration compression.type: String must be one of: uncompressed, zstd, "
                "lz4, snappy, gzip, producer"},
        refusal{topic, "min.cleanable.dirty.ratio", "1.5",
                "Invalid value 1.5 for configuration min.cleanable.dirty.ratio: Value must be no more than 1"},
        refusal{topic, "min.cleanable.dirty.ratio", "-0.1",
                "Invalid value -0.1 for configuration min.cleanable.dirty.ratio: Value must be at least 0"},
        refusal{topic, "min.cleanable.dirty.ratio", "x",
                "Invalid value x for configuration min.cleanable.dirty.ratio: Not a number of type DOUBLE"},
        refusal{topic, "preallocate", "yes",
                "Invalid value yes for configuration preallocate: Expected value to be either true or false"},
        refusal{topic, "follower.replication.throttled.replicas", "*,0:1",
                "Invalid value [*, 0:1] for configuration follower.replication.throttled.replicas: "
                "follower.replication.throttled.replicas must be the literal '*' or a list of replicas in the "
                "following format: [partitionId]:[brokerId],[partitionId]:[brokerId],..."},
        refusal{group, "share.isolation.level", "READ_COMMITTED",
                "Invalid value READ_COMMITTED for configuration share.isolation.level: String must be one of: "
                "read_committed, read_uncommitted"},
        refusal{broker, "group.consumer.migration.policy", "x",
                "Invalid value x for configuration group.consumer.migration.policy: String must be one of (case "
                "insensitive): BIDIRECTIONAL, DISABLED, DOWNGRADE, UPGRADE"},
        refusal{broker, "remote.log.storage.manager.impl.prefix", " ",
                "Invalid value  for configuration remote.log.storage.manager.impl.prefix: String must be non-empty"},
        refusal{broker, "controller.quorum.voters", "1@h",
                "Invalid value 1@h for configuration controller.quorum.voters: a voter is written as ID@HOST:PORT"},
        refusal{broker, "log.dirs", "", "Configuration 'log.dirs' must not be empty."}));

const config_key& key(config_scope scope, const char* name) { return *find_key(scope, name); }

TEST(config_value, numbers_take_blanks_and_a_plus) {
  EXPECT_EQ(parse(key(topic, "segment.bytes"), " 1048576 ")->integer(), 1048576);
  EXPECT_EQ(parse(key(topic, "segment.bytes"), "+1048576")->integer(), 1048576);
  EXPECT_EQ(parse(key(topic, "retention.ms"), "-1")->integer(), -1);
  EXPECT_EQ(parse(key(topic, "retention.ms"), "9223372036854775807")->integer(), 9223372036854775807);
  EXPECT_DOUBLE_EQ(parse(key(topic, "min.cleanable.dirty.ratio"), "1e-1")->real(), 0.1);
}

TEST(config_value, booleans_in_any_case) {
  EXPECT_TRUE(parse(key(topic, "preallocate"), "TRUE")->boolean());
  EXPECT_FALSE(parse(key(topic, "preallocate"), " False ")->boolean());
}

TEST(config_value, lists_are_split_and_trimmed) {
  EXPECT_EQ(parse(key(topic, "cleanup.policy"), " compact , delete ")->list(), (config_list{"compact", "delete"}));
  EXPECT_EQ(parse(key(topic, "cleanup.policy"), "")->list(), config_list{});
  EXPECT_EQ(parse(key(topic, "cleanup.policy"), "delete,delete")->list(), (config_list{"delete", "delete"}));
  EXPECT_EQ(parse(key(broker, "advertised.listeners"), "PLAINTEXT://h:1,")->list(), config_list{"PLAINTEXT://h:1"});
}

TEST(config_value, throttled_replicas_are_pairs_or_a_star) {
  for (const char* good : {"", "*", "0:1", "0:1,1:2"})
    EXPECT_TRUE(parse(key(topic, "leader.replication.throttled.replicas"), good).has_value()) << good;
  for (const char* bad : {"none", "0", "0:", ":1", "0:x", "0:1,"})
    EXPECT_FALSE(parse(key(topic, "leader.replication.throttled.replicas"), bad).has_value()) << bad;
}

TEST(config_value, offset_reset_takes_positive_durations) {
  for (const char* good : {"earliest", "latest", "by_duration:PT1H", "by_duration:P1D", "by_duration:P1DT2H3M4.5S"})
    EXPECT_TRUE(parse(key(group, "share.auto.offset.reset"), good).has_value()) << good;
  for (const char* bad : {"", "foo", "by_duration:", "by_duration:1h", "by_duration:-PT1H", "by_duration:PT0S",
                          "by_duration:P1H", "by_duration:PT", "by_duration:PT1H2D", "by_duration:PT1.5H"})
    EXPECT_FALSE(parse(key(group, "share.auto.offset.reset"), bad).has_value()) << bad;
}

TEST(config_value, a_password_is_never_shown) {
  const config_key& password = key(broker, "ssl.keystore.password");
  EXPECT_TRUE(password.is_sensitive());
  EXPECT_EQ(parse(password, "secret")->text(), "secret");
}

TEST(config_value, canonical_text_is_what_is_shown) {
  EXPECT_EQ(canonical(key(topic, "segment.bytes"), " +1048576"), "1048576");
  EXPECT_EQ(canonical(key(topic, "preallocate"), "TRUE"), "true");
  EXPECT_EQ(canonical(key(topic, "cleanup.policy"), "compact, delete"), "compact,delete");
  EXPECT_EQ(canonical(key(topic, "min.cleanable.dirty.ratio"), " 0.50"), "0.50");
}

TEST(config_value, allowed_values_in_words) {
  EXPECT_EQ(allowed_values(key(topic, "segment.bytes")), "a whole number of at least 1048576");
  EXPECT_EQ(allowed_values(key(topic, "compression.lz4.level")), "a whole number from 1 to 17");
  EXPECT_EQ(allowed_values(key(topic, "preallocate")), "true or false");
  EXPECT_EQ(allowed_values(key(topic, "cleanup.policy")), "a comma-separated list of compact, delete");
  EXPECT_EQ(allowed_values(key(topic, "message.timestamp.type")), "one of CreateTime, LogAppendTime");
}

}  // namespace
}  // namespace jackdaw
