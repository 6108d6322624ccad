#include "jackdaw/cli/top_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace jackdaw::cli {
namespace {

partition_key key(const char* topic, std::int32_t p) { return {topic, partition_id{p}}; }

// Two topics on two brokers, one group that reads both.
top_sample sample(std::int64_t at_ms, std::int64_t a0, std::int64_t a1, std::int64_t b0) {
  top_sample s;
  s.at_ms = at_ms;
  s.cluster_id = "c";
  s.brokers = {{broker_id{1}, "one:9092", true}, {broker_id{2}, "two:9092", false}};
  s.partitions[key("a", 0)] = {a0, broker_id{1}};
  s.partitions[key("a", 1)] = {a1, broker_id{2}};
  s.partitions[key("b", 0)] = {b0, broker_id{1}};
  s.groups["g"].state = "Stable";
  return s;
}

TEST(top_view, rates_are_what_came_between_two_looks) {
  const auto before = sample(1000, 100, 200, 300);
  const auto view = look(&before, sample(3000, 140, 220, 300));
  EXPECT_EQ(view.produced, 30);
  ASSERT_EQ(view.topics.size(), 2u);
  EXPECT_EQ(view.topics[0].name, "a");
  EXPECT_EQ(view.topics[0].produced, 30);
  EXPECT_EQ(view.topics[0].busiest, partition_id{0});
  EXPECT_EQ(view.topics[0].busiest_produced, 20);
  EXPECT_EQ(view.topics[1].produced, 0);
  EXPECT_EQ(view.partitions[0].produced, 20);
  EXPECT_EQ(view.brokers[0].leads, 2);
  EXPECT_EQ(view.brokers[0].produced, 20);
  EXPECT_EQ(view.brokers[1].produced, 10);
}

TEST(top_view, the_first_look_knows_lags_but_no_rates) {
  auto now = sample(1000, 100, 200, 300);
  now.groups["g"].committed[key("a", 0)] = offset{60};
  const auto view = look(nullptr, now);
  EXPECT_FALSE(view.produced.has_value());
  EXPECT_FALSE(view.groups[0].trend.has_value());
  EXPECT_EQ(view.groups[0].lag, 40);
}

TEST(top_view, a_topic_that_was_made_anew_has_no_rate_yet) {
  const auto before = sample(1000, 100, 200, 300);
  const auto view = look(&before, sample(2000, 100, 200, 5));
  EXPECT_FALSE(view.topics[1].produced.has_value());
  EXPECT_EQ(view.produced, 0);
}

TEST(top_view, lags_have_a_trend_and_the_largest_come_first) {
  auto before = sample(1000, 100, 200, 300);
  before.groups["g"].committed = {{key("a", 0), offset{90}}, {key("a", 1), offset{200}}};
  auto now = sample(2000, 200, 200, 300);
  now.groups["g"].committed = {{key("a", 0), offset{120}}, {key("a", 1), offset{200}}, {key("gone", 0), offset{7}}};
  now.groups["h"].committed = {{key("b", 0), offset{0}}};
  const auto view = look(&before, now);
  ASSERT_EQ(view.groups.size(), 2u);
  EXPECT_EQ(view.groups[0].name, "h");
  EXPECT_EQ(view.groups[0].lag, 300);
  EXPECT_FALSE(view.groups[0].trend.has_value()) << "it is new";
  EXPECT_EQ(view.groups[1].lag, 80);
  EXPECT_EQ(view.groups[1].trend, 70);
  EXPECT_EQ(view.groups[1].consumed, 30);
  ASSERT_EQ(view.lags.size(), 2u) << "none without lag, none of topics that are gone";
  EXPECT_EQ(view.lags[0].group, "h");
  EXPECT_EQ(view.lags[1].records, 80);
}

TEST(top_view, a_screen_fits_its_terminal) {
  auto now = sample(1000, 100, 200, 300);
  for (int i = 0; i < 60; ++i) {
    now.partitions[{"topic-with-a-long-name-" + std::to_string(i), partition_id{0}}] = {10, broker_id{1}};
    now.groups["g" + std::to_string(i)].committed[key("a", 0)] = offset{0};
  }
  const auto view = look(nullptr, now);
  for (const bool with_partitions : {false, true}) {
    for (std::size_t height = 1; height < 80; height += 3) {
      const auto text = to_screen(view, "12:00:00Z", with_partitions, 60, height);
      EXPECT_LE(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(height)) << text;
      if (height < 25) continue;
      for (const auto* part : {"BROKER", "TOPIC", "GROUP", "LARGEST LAGS OF"}) {
        EXPECT_NE(text.find(part), std::string::npos) << height << '\n' << text;
      }
    }
  }
}

TEST(top_view, a_screen_tells_rates_with_their_sign) {
  auto before = sample(1000, 100, 200, 300);
  before.groups["g"].committed[key("a", 0)] = offset{90};
  auto now = sample(2000, 15'100, 200, 300);
  now.groups["g"].committed[key("a", 0)] = offset{100};
  const auto text = to_screen(look(&before, now), "", false, 0, 0);
  EXPECT_NE(text.find("produced/s 15.00k"), std::string::npos) << text;
  EXPECT_NE(text.find("+14.99k"), std::string::npos) << text;
}

TEST(top_view, scripts_get_numbers) {
  protocol::json_printer json;
  print(json, look(nullptr, sample(1000, 1, 2, 3)));
  EXPECT_NE(json.text().find(R"("groups":[{"group":"g","state":"Stable","lag":0,"lag_change_per_s":null)"),
            std::string::npos)
      << json.text();
  EXPECT_NE(json.text().find(R"({"topic":"b","partition":0,"leader":1,"log_end":3,"produced_per_s":null})"),
            std::string::npos)
      << json.text();
}

}  // namespace
}  // namespace jackdaw::cli
