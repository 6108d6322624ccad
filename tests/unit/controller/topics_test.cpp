// Deleting topics and giving them more partitions.
#include "jackdaw/controller/topics.hpp"

#include "unit/controller/support.hpp"

namespace jackdaw::controller {
namespace {

using protocol::create_partitions_request;
using protocol::delete_topics_request;

delete_topics_request to_delete(const std::vector<std::string_view>& names, const std::vector<uuid>& ids = {}) {
  delete_topics_request out;
  for (const auto name : names) out.topics.emplace_back().name = name;
  for (const auto& id : ids) out.topics.emplace_back().topic_id = id;
  return out;
}

std::vector<std::string> outcomes(const decision<std::vector<deleted_topic>>& d) {
  std::vector<std::string> out;
  for (const auto& row : d.reply) out.push_back(row.name.value_or("-") + " " + text(row.outcome));
  return out;
}

TEST(delete_topics, by_name_and_by_id) {
  cluster c;
  c.brokers(1).topic("a").topic("b").topic("c");
  const auto d = delete_topics(c.image(), to_delete({"a"}, {c.id_of("b")}), {});
  EXPECT_EQ(outcomes(d), (std::vector<std::string>{"a 0", "b 0"}));
  EXPECT_EQ(d.reply[0].id, c.id_of("a"));
  const std::vector<metadata::record> expected{metadata::topic_deleted{c.id_of("a")},
                                               metadata::topic_deleted{c.id_of("b")}};
  EXPECT_TRUE(d.records == expected);
}

TEST(delete_topics, the_old_form_has_names_alone) {
  cluster c;
  c.brokers(1).topic("a");
  delete_topics_request request;
  request.topic_names = {"nope", "nope", "a"};
  const auto d = delete_topics(c.image(), request, {});
  EXPECT_EQ(outcomes(d), (std::vector<std::string>{"nope 42: Duplicate topic name.", "a 0"}));
  EXPECT_EQ(d.records.size(), 1u);
}

TEST(delete_topics, refusals) {
  cluster c;
  c.brokers(1).topic("a");
  const uuid unknown{1, 2};
  EXPECT_EQ(outcomes(delete_topics(c.image(), to_delete({"nope", "b ad", ""}, {unknown}), {})),
            (std::vector<std::string>{"nope 3: This server does not host this topic-partition.",
                                      "b ad 3: This server does not host this topic-partition.",
                                      " 3: This server does not host this topic-partition.",
                                      "- 100: This server does not host this topic ID."}));
  EXPECT_EQ(outcomes(delete_topics(c.image(), to_delete({}, {uuid{}}), {})),
            std::vector<std::string>{"- 42: Neither topic name nor id were specified."});
  EXPECT_EQ(outcomes(delete_topics(c.image(), to_delete({}, {unknown, unknown}), {})),
            std::vector<std::string>{"- 42: Duplicate topic id."});
  auto both = to_delete({"a"});
  both.topics[0].topic_id = c.id_of("a");
  EXPECT_EQ(outcomes(delete_topics(c.image(), both, {})),
            std::vector<std::string>{"a 42: You may not specify both topic name and topic id."});
}

TEST(delete_topics, one_topic_by_name_and_id_is_deleted_once) {
  cluster c;
  c.brokers(1).topic("a");
  const auto d = delete_topics(c.image(), to_delete({"a"}, {c.id_of("a")}), {});
  EXPECT_EQ(outcomes(d), (std::vector<std::string>{
                             "a 0", "a 42: The provided topic name maps to an ID that was already supplied."}));
  EXPECT_EQ(d.records.size(), 1u);
}

TEST(delete_topics, may_be_switched_off) {
  cluster c;
  c.brokers(1).topic("a");
  broker_config config;
  config.delete_topic_enable = false;
  const auto d = delete_topics(c.image(), to_delete({"a"}), config);
  EXPECT_EQ(outcomes(d), std::vector<std::string>{"a 73: Topic deletion is disabled."});
  EXPECT_TRUE(d.records.empty());
}

// ---- CreatePartitions ----

struct growth {
  std::string name;
  std::int32_t count;
  std::optional<std::vector<std::vector<broker_id>>> assignments = std::nullopt;
};

decision<std::vector<grown_topic>> grow(const cluster& c, const std::vector<growth>& topics,
                                        bool validate_only = false) {
  create_partitions_request request;
  request.validate_only = validate_only;
  for (const growth& g : topics) {
    auto& t = request.topics.emplace_back();
    t.name = g.name;
    t.count = g.count;
    t.assignments.reset();
    if (!g.assignments) continue;
    t.assignments.emplace();
    for (const auto& brokers : *g.assignments) t.assignments->emplace_back().broker_ids = brokers;
  }
  random_source random(1);
  return create_partitions(c.image(), request, random);
}

struct growth_case {
  growth wanted;
  std::string outcome;
};

class create_partitions_of_three : public testing::TestWithParam<growth_case> {};

TEST_P(create_partitions_of_three, answers_as_kafka) {
  cluster c;
  c.brokers(1).topic("t", 3);
  const auto d = grow(c, {GetParam().wanted});
  ASSERT_EQ(d.reply.size(), 1u);
  EXPECT_EQ(text(d.reply[0].outcome), GetParam().outcome);
  EXPECT_EQ(d.records.empty(), !d.reply[0].outcome.ok());
}

INSTANTIATE_TEST_SUITE_P(
    cases, create_partitions_of_three,
    testing::Values(
        growth_case{{"t", 4}, "0"}, growth_case{{"t", 4, {{broker_ids({1})}}}, "0"}, growth_case{{"nope", 4}, "3"},
        growth_case{{"t", 3}, "37: Topic already has 3 partition(s)."},
        growth_case{{"t", 2}, "37: The topic t currently has 3 partition(s); 2 would not be an increase."},
        growth_case{{"t", -1}, "37: The topic t currently has 3 partition(s); -1 would not be an increase."},
        growth_case{{"t", 5, {{broker_ids({1})}}},
                    "39: Attempted to add 2 additional partition(s), but only 1 assignment(s) were specified."},
        growth_case{{"t", 4, {{}}},
                    "39: Attempted to add 1 additional partition(s), but only 0 assignment(s) were specified."},
        growth_case{{"t", 4, {{broker_ids({7})}}},
                    "39: The manual partition assignment includes broker 7, but no such broker is registered."},
        growth_case{{"t", 4, {{std::vector<broker_id>{}}}},
                    "39: The manual partition assignment includes an empty replica list."},
        growth_case{{"t", 4, {{broker_ids({1, 1})}}},
                    "39: The manual partition assignment includes the broker 1 more than once."},
        growth_case{{"t", 10004}, "44: Excessively large number of partitions per request."},
        growth_case{{"t", 10003}, "0"}));

TEST(create_partitions, continue_the_numbers_and_keep_the_replication_factor) {
  cluster c;
  c.brokers(3).topic("t", 2, {broker_id(1), broker_id(2)});
  const auto d = grow(c, {{"t", 5}});
  const auto added = records_of<metadata::partition_created>(d.records);
  ASSERT_EQ(added.size(), 3u);
  for (std::int32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(added[static_cast<std::size_t>(i)].partition, partition_id(2 + i));
    EXPECT_EQ(added[static_cast<std::size_t>(i)].state.replicas.size(), 2u);
  }
  c.apply(d.records);
  EXPECT_EQ(c.image().find_topic("t")->partition_count(), 5);
}

TEST(create_partitions, an_assignment_must_have_the_topics_size) {
  cluster c;
  c.brokers(2).topic("t", 1);
  EXPECT_EQ(text(grow(c, {{"t", 2, {{broker_ids({1, 2})}}}}).reply[0].outcome),
            "39: The manual partition assignment includes a partition with 2 replica(s), but this is not consistent "
            "with previous partitions, which have 1 replica(s).");
}

TEST(create_partitions, each_topic_for_itself_and_once) {
  cluster c;
  c.brokers(1).topic("t").topic("u");
  const auto d = grow(c, {{"nope", 2}, {"t", 2}, {"u", 2}, {"t", 3}});
  ASSERT_EQ(d.reply.size(), 3u);
  EXPECT_EQ(text(d.reply[0].outcome), "42: Duplicate topic name.");
  EXPECT_EQ(text(d.reply[1].outcome), "3");
  EXPECT_EQ(text(d.reply[2].outcome), "0");
  EXPECT_EQ(d.records.size(), 1u);
  EXPECT_TRUE(grow(c, {{"u", 2}}, true).records.empty());
}

}  // namespace
}  // namespace jackdaw::controller
