#include <set>

#include "jackdaw/controller/topics.hpp"
#include "unit/controller/support.hpp"

namespace jackdaw::controller {
namespace {

using protocol::create_topics_request;
using creatable = create_topics_request::creatable_topic;

struct wanted {
  std::string name;
  std::int32_t partitions = 1;
  std::int16_t replication_factor = 1;
  std::vector<std::pair<std::int32_t, std::vector<broker_id>>> assignments = {};
  std::vector<std::pair<std::string, std::optional<std::string>>> configs = {};
};

// Views into `topics`, which must outlive it.
create_topics_request request_for(const std::vector<wanted>& topics, bool validate_only = false) {
  create_topics_request out;
  out.validate_only = validate_only;
  for (const wanted& w : topics) {
    creatable& t = out.topics.emplace_back();
    t.name = w.name;
    t.num_partitions = w.partitions;
    t.replication_factor = w.replication_factor;
    for (const auto& [p, brokers] : w.assignments) {
      auto& a = t.assignments.emplace_back();
      a.partition_index = partition_id(p);
      a.broker_ids = brokers;
    }
    for (const auto& [key, value] : w.configs) {
      auto& c = t.configs.emplace_back();
      c.name = key;
      c.value = value ? std::optional<std::string_view>(*value) : std::nullopt;
    }
  }
  return out;
}

decision<std::vector<created_topic>> decide(const cluster& c, const std::vector<wanted>& topics,
                                            const broker_config& config = {}, bool validate_only = false) {
  random_source random(1);
  return create_topics(c.image(), request_for(topics, validate_only), config, random);
}

std::string outcome(const cluster& c, const wanted& topic) {
  const auto d = decide(c, {topic});
  EXPECT_EQ(d.reply.size(), 1u);
  const auto& row = d.reply.front();
  EXPECT_EQ(row.outcome.ok(), !d.records.empty());
  EXPECT_EQ(row.outcome.ok(), !row.id.is_zero());
  return text(row.outcome);
}

TEST(create_topics, yields_topic_settings_and_partitions_in_order) {
  const auto d = decide(cluster().brokers(1), {{"t", 2, 1, {}, {{"retention.ms", "5"}, {"cleanup.policy", "delete"}}}});
  ASSERT_EQ(d.reply.size(), 1u);
  const auto& row = d.reply[0];
  EXPECT_EQ(text(row.outcome), "0");
  EXPECT_EQ(row.partition_count, 2);
  EXPECT_EQ(row.replication_factor, 1);
  EXPECT_EQ(row.configs, (config_map{{"cleanup.policy", "delete"}, {"retention.ms", "5"}}));
  metadata::partition_state state;
  state.replicas = state.isr = {broker_id(1)};
  state.leader = broker_id(1);
  const std::vector<metadata::record> expected{
      metadata::topic_created{"t", row.id},
      metadata::config_changed{metadata::config_resource::topic, "t", "cleanup.policy", "delete"},
      metadata::config_changed{metadata::config_resource::topic, "t", "retention.ms", "5"},
      metadata::partition_created{row.id, partition_id(0), state},
      metadata::partition_created{row.id, partition_id(1), state}};
  EXPECT_TRUE(d.records == expected);
}

TEST(create_topics, validate_only_answers_and_changes_nothing) {
  const auto d = decide(cluster().brokers(1), {{"t", 3}}, {}, true);
  EXPECT_TRUE(d.records.empty());
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_EQ(d.reply[0].partition_count, 3);
  EXPECT_FALSE(d.reply[0].id.is_zero());
}

TEST(create_topics, minus_one_is_the_brokers_default) {
  broker_config config;
  config.num_partitions = 4;
  config.default_replication_factor = 2;
  const auto d = decide(cluster().brokers(3), {{"t", -1, -1}}, config);
  EXPECT_EQ(d.reply[0].partition_count, 4);
  EXPECT_EQ(d.reply[0].replication_factor, 2);
  for (const auto& p : records_of<metadata::partition_created>(d.records)) EXPECT_EQ(p.state.replicas.size(), 2u);
}

struct refusal {
  wanted topic;
  std::string outcome;
};

class create_topics_refused : public testing::TestWithParam<refusal> {};

TEST_P(create_topics_refused, with_kafkas_code_and_sentence) {
  cluster c;
  c.brokers(1).topic("real.topic");
  EXPECT_EQ(outcome(c, GetParam().topic), GetParam().outcome);
}

INSTANTIATE_TEST_SUITE_P(
    names, create_topics_refused,
    testing::Values(
        refusal{{""}, "17: Topic name is invalid: the empty string is not allowed"},
        refusal{{"."}, "17: Topic name is invalid: '.' is not allowed"},
        refusal{{".."}, "17: Topic name is invalid: '..' is not allowed"},
        refusal{{"a b"},
                "17: Topic name is invalid: 'a b' contains one or more characters other than ASCII alphanumerics, '.', "
                "'_' and '-'"},
        refusal{{"bad name", 0},
                "17: Topic name is invalid: 'bad name' contains one or more characters other than ASCII "
                "alphanumerics, '.', '_' and '-'"},
        refusal{{std::string(250, 'x')},
                "17: Topic name is invalid: the length of '" + std::string(250, 'x') +
                    "' is longer than the max allowed length 249"},
        refusal{{"real.topic"}, "36: Topic 'real.topic' already exists."},
        refusal{{"real_topic"}, "17: Topic 'real_topic' collides with existing topic: real.topic"},
        refusal{{"__cluster_metadata"}, "42: Creation of internal topic __cluster_metadata is prohibited."}));

INSTANTIATE_TEST_SUITE_P(
    counts, create_topics_refused,
    testing::Values(
        refusal{{"t", 0}, "37: Number of partitions was set to an invalid non-positive value."},
        refusal{{"t", -2}, "37: Number of partitions was set to an invalid non-positive value."},
        refusal{{"t", 1, 0}, "38: Replication factor must be larger than 0, or -1 to use the default value."},
        refusal{{"t", 0, -2}, "38: Replication factor must be larger than 0, or -1 to use the default value."},
        refusal{{"t", 1, 3},
                "38: Unable to replicate the partition 3 time(s): The target replication factor of 3 "
                "cannot be reached because only 1 broker(s) are registered."},
        refusal{{"t", 10001}, "44: Excessively large number of partitions per request."}));

INSTANTIATE_TEST_SUITE_P(
    assignments, create_topics_refused,
    testing::Values(
        refusal{{"t", 1, -1, {{0, broker_ids({1})}}},
                "42: A manual partition assignment was specified, but numPartitions was not set to -1."},
        refusal{{"t", -1, 1, {{0, broker_ids({1})}}},
                "42: A manual partition assignment was specified, but replication factor was not set to -1."},
        refusal{{"t", -1, -1, {{1, broker_ids({1})}}},
                "39: partitions should be a consecutive 0-based integer sequence"},
        refusal{{"t", -1, -1, {{0, broker_ids({1})}, {2, broker_ids({1})}}},
                "39: partitions should be a consecutive 0-based integer sequence"},
        refusal{{"t", -1, -1, {{0, broker_ids({1})}, {0, broker_ids({1})}}},
                "39: Found multiple manual partition assignments for partition 0"},
        refusal{{"t", -1, -1, {{0, broker_ids({1, 1})}}},
                "39: The manual partition assignment includes the broker 1 more than once."},
        refusal{{"t", -1, -1, {{0, broker_ids({2})}}},
                "39: The manual partition assignment includes broker 2, but no such broker is registered."},
        refusal{{"t", -1, -1, {{0, broker_ids({1, -1})}}},
                "39: The manual partition assignment includes broker -1, but no such broker is registered."},
        refusal{{"t", -1, -1, {{0, broker_ids({1})}, {1, {}}}},
                "39: The manual partition assignment includes an empty replica list."}));

INSTANTIATE_TEST_SUITE_P(
    configs, create_topics_refused,
    testing::Values(
        refusal{{"t", 0, 1, {}, {{"bad", "1"}}}, "40: Unknown topic config name: bad"},
        refusal{{"t", 1, 1, {}, {{"segment.bytes", "-1"}}},
                "40: Invalid value -1 for configuration segment.bytes: Value must be at least 1048576"},
        refusal{{"t", 1, 1, {}, {{"segment.bytes", std::nullopt}, {"flush.ms", std::nullopt}}},
                "40: Null value not supported for topic configs: segment.bytes,flush.ms"},
        refusal{{"t", 1, 1, {}, {{"min.compaction.lag.ms", "100"}, {"max.compaction.lag.ms", "50"}}},
                "40: conflict topic config setting min.compaction.lag.ms (100) > max.compaction.lag.ms (50)"},
        refusal{{"t", 1, 1, {}, {{"remote.storage.enable", "true"}}},
                "40: Tiered Storage functionality is disabled in the broker. Topic cannot be configured with remote "
                "log storage."}));

TEST(create_topics, the_longest_name_is_fine_and_those_that_brokers_keep_for_themselves_are_not) {
  const cluster c = cluster().brokers(1);
  EXPECT_EQ(outcome(c, {std::string(249, 'x')}), "0");
  for (const char* name : {"__consumer_offsets", "__transaction_state", "__share_group_state"}) {
    EXPECT_EQ(outcome(c, {name}), "17: Creation of internal topic " + std::string(name) + " is prohibited.");
  }
}

TEST(create_topics, a_name_twice_in_one_request_is_refused_once_after_all_others) {
  const auto d = decide(cluster().brokers(1), {{"d"}, {"e"}, {"d"}});
  ASSERT_EQ(d.reply.size(), 2u);
  EXPECT_EQ(d.reply[1].name, "d");
  EXPECT_EQ(text(d.reply[1].outcome), "42: Duplicate topic name.");
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_EQ(records_of<metadata::topic_created>(d.records).size(), 1u);
}

TEST(create_topics, the_metadata_log_is_refused_last) {
  const auto d = decide(cluster().brokers(1), {{"__cluster_metadata"}, {"d"}, {"a"}, {"d"}});
  std::vector<std::string> names;
  for (const auto& row : d.reply) names.push_back(row.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a", "d", "__cluster_metadata"}));
}

TEST(create_topics, names_of_one_request_may_not_collide_either) {
  const auto d = decide(cluster().brokers(1), {{"a.b"}, {"a_b"}, {"A.b"}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_EQ(text(d.reply[1].outcome), "17: Topic 'a_b' collides with existing topic: a.b");
  EXPECT_EQ(text(d.reply[2].outcome), "0");
}

TEST(create_topics, a_setting_written_twice_has_its_last_value) {
  const auto d = decide(cluster().brokers(1), {{"t", 1, 1, {}, {{"retention.ms", "1"}, {"retention.ms", "2"}}}});
  EXPECT_EQ(d.reply[0].configs, (config_map{{"retention.ms", "2"}}));
}

TEST(create_topics, too_many_partitions_are_counted_over_the_whole_request) {
  const auto d = decide(cluster().brokers(1), {{"x", 6000}, {"y", 6000}, {"bad name"}});
  for (const auto& row : d.reply)
    EXPECT_EQ(text(row.outcome), "44: Excessively large number of partitions per request.");
  EXPECT_EQ(outcome(cluster().brokers(1), {"big", 10000}), "0");
}

TEST(create_topics, an_assignment_is_taken_as_it_is) {
  const auto d = decide(cluster().brokers(3), {{"t", -1, -1, {{1, broker_ids({2, 3})}, {0, broker_ids({3, 1})}}}});
  EXPECT_EQ(text(d.reply[0].outcome), "0");
  EXPECT_EQ(d.reply[0].partition_count, 2);
  EXPECT_EQ(d.reply[0].replication_factor, 2);
  const auto partitions = records_of<metadata::partition_created>(d.records);
  ASSERT_EQ(partitions.size(), 2u);
  EXPECT_EQ(partitions[0].partition, partition_id(0));
  EXPECT_EQ(ids(partitions[0].state.replicas), (std::vector<std::int32_t>{3, 1}));
  EXPECT_EQ(partitions[0].state.leader, broker_id(3));
  EXPECT_EQ(ids(partitions[1].state.replicas), (std::vector<std::int32_t>{2, 3}));
}

TEST(create_topics, assignments_must_be_of_one_size) {
  EXPECT_EQ(outcome(cluster().brokers(2), {"t", -1, -1, {{0, broker_ids({1})}, {1, broker_ids({1, 2})}}}),
            "39: The manual partition assignment includes a partition with 2 replica(s), but this is not consistent "
            "with previous partitions, which have 1 replica(s).");
}

TEST(create_topics, a_fenced_broker_neither_leads_nor_is_in_sync) {
  cluster c;
  c.broker(1, "", true).broker(2);
  const auto d = decide(c, {{"t", -1, -1, {{0, broker_ids({1, 2})}}}});
  const auto partitions = records_of<metadata::partition_created>(d.records);
  ASSERT_EQ(partitions.size(), 1u);
  EXPECT_EQ(partitions[0].state.leader, broker_id(2));
  EXPECT_EQ(ids(partitions[0].state.isr), (std::vector<std::int32_t>{2}));
  EXPECT_EQ(outcome(c, {"t", -1, -1, {{0, broker_ids({1})}}}),
            "39: All brokers specified in the manual partition assignment for partition 0 are fenced or in controlled "
            "shutdown.");
}

TEST(create_topics, ids_differ_and_follow_from_the_seed) {
  const auto a = decide(cluster().brokers(1), {{"a"}, {"b"}});
  const auto b = decide(cluster().brokers(1), {{"a"}, {"b"}});
  EXPECT_NE(a.reply[0].id, a.reply[1].id);
  EXPECT_EQ(a.reply[0].id, b.reply[0].id);
}

TEST(create_topics, settings_without_effect_are_noted) {
  const auto d =
      decide(cluster().brokers(1), {{"t", 1, 1, {}, {{"min.cleanable.dirty.ratio", "0.1"}, {"flush.ms", "5"}}}});
  EXPECT_EQ(d.reply[0].notes,
            std::vector<std::string>{"min.cleanable.dirty.ratio has no effect: logs are not compacted yet"});
}

TEST(create_topics, the_decision_applies) {
  cluster c;
  c.brokers(3);
  c.apply(decide(c, {{"t", 6, 3, {}, {{"retention.ms", "5"}}}}).records);
  EXPECT_EQ(c.image().find_topic("t")->partition_count(), 6);
  EXPECT_EQ(c.image().configs(metadata::config_resource::topic, "t").at("retention.ms"), "5");
}

TEST(colliding_topic, finds_every_variant_and_never_itself) {
  cluster c;
  c.topic("a.b_c").topic("x").topic("a-b.c").topic("p__q");
  for (const char* name : {"a.b.c", "a_b.c", "a_b_c"}) EXPECT_EQ(colliding_topic(c.image(), name), "a.b_c") << name;
  EXPECT_EQ(colliding_topic(c.image(), "p._q"), "p__q");
  for (const char* name : {"a.b_c", "a.b", "a.b_cd", "a-b-c", "x", "y", "a.b_c."})
    EXPECT_EQ(colliding_topic(c.image(), name), std::nullopt) << name;
}

}  // namespace
}  // namespace jackdaw::controller
