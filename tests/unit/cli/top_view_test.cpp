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
      const auto text = to_screen(view, "12:00:00Z", with_partitions, 80, height);
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

constexpr std::int16_t produce_key = 0;
constexpr std::int16_t fetch_key = 1;

broker_activity activity(std::int64_t at_ms, std::int64_t produces, std::int64_t fetches, std::int64_t bytes) {
  broker_activity a;
  a.at_ms = at_ms;
  a.connections = 12;
  a.accepted = 30;
  a.received_bytes = bytes;
  a.sent_bytes = 10 * bytes;
  a.answered = {{produce_key, produces}, {fetch_key, fetches}};
  a.memory = {{"connections", 10, 1000, 0}, {"groups", 2048, 4096, 0}};
  return a;
}

// The second broker is none of ours.
struct two_looks {
  top_sample before = sample(1000, 1, 2, 3);
  top_sample now = sample(3000, 1, 2, 3);
  two_looks() {
    before.brokers[0].activity = activity(1100, 100, 50, 10'000);
    now.brokers[0].activity = activity(3100, 120, 350, 30'480);
  }
  top_view view() const { return look(&before, now); }
};

TEST(top_view, brokers_tell_requests_and_bytes) {
  const auto view = two_looks().view();
  ASSERT_TRUE(view.brokers[0].activity);
  EXPECT_EQ(view.brokers[0].requests, 160);
  EXPECT_EQ(view.brokers[0].received_bytes, 10'240);
  EXPECT_EQ(view.brokers[0].sent_bytes, 102'400);
  ASSERT_EQ(view.apis.size(), 2u);
  EXPECT_EQ(view.apis[0].name, "Fetch");
  EXPECT_EQ(view.apis[0].answered, 350);
  EXPECT_EQ(view.apis[0].requests, 150);
  EXPECT_EQ(view.apis[1].requests, 10);
  EXPECT_FALSE(view.brokers[1].activity);
  EXPECT_FALSE(view.brokers[1].requests);
}

TEST(top_view, an_api_that_nobody_used_before_counts_from_zero) {
  two_looks t;
  t.before.brokers[0].activity->answered.erase(fetch_key);
  EXPECT_EQ(t.view().brokers[0].requests, 185);
}

TEST(top_view, a_broker_that_was_restarted_has_no_rates_yet) {
  for (auto fallen : {&broker_activity::accepted, &broker_activity::received_bytes, &broker_activity::sent_bytes}) {
    two_looks t;
    (*t.now.brokers[0].activity).*fallen = 1;
    EXPECT_FALSE(t.view().brokers[0].requests);
    EXPECT_EQ(t.view().brokers[0].activity->connections, 12);
  }
  two_looks t;
  t.now.brokers[0].activity->answered.erase(produce_key);
  EXPECT_FALSE(t.view().brokers[0].requests);
  EXPECT_FALSE(look(nullptr, t.now).brokers[0].received_bytes);
}

TEST(top_view, the_slowest_requests_of_all_brokers_come_first) {
  two_looks t;
  t.now.brokers[1].activity = activity(3100, 1, 1, 1);
  t.now.brokers[0].activity->slowest = {{1'700'000'000'000, 5'000'000, produce_key, 13, "loader", "10.0.0.1:5", 8, 9},
                                        {1'700'000'000'000, 2'000, 999, 0, "", "10.0.0.2:6", 8, 9}};
  t.now.brokers[1].activity->slowest = {{1'700'000'001'000, 40'500, fetch_key, 17, "reader", "[::1]:7", 8, 9}};
  const auto view = t.view();
  ASSERT_EQ(view.slowest.size(), 3u);
  EXPECT_EQ(view.slowest[1].broker, broker_id{2});
  const auto text = to_screen(view, "", false, 0, 0);
  EXPECT_NE(text.find("22:13:20Z              1  Produce v13  loader     10.0.0.1:5  5000.00"), std::string::npos)
      << text;
  EXPECT_NE(text.find("22:13:21Z              2  Fetch v17    reader     [::1]:7       40.50"), std::string::npos)
      << text;
  EXPECT_NE(text.find("22:13:20Z              1  999 v0       -          10.0.0.2:6     2.00"), std::string::npos)
      << text;
  protocol::json_printer json;
  print(json, view);
  EXPECT_NE(
      json.text().find(R"({"began_ms":1700000000000,"broker":1,"api":"Produce","version":13,"client_id":"loader",)"
                       R"("from":"10.0.0.1:5","ms":5000,"request_bytes":8,"answer_bytes":9})"),
      std::string::npos)
      << json.text();
}

TEST(top_view, memory_shows_once_it_is_short) {
  two_looks t;
  EXPECT_EQ(to_screen(t.view(), "", false, 0, 0).find("MEMORY OF"), std::string::npos) << "half is not more than half";
  t.now.brokers[0].activity->memory[1].used_bytes = 2049;
  auto text = to_screen(t.view(), "", false, 0, 0);
  EXPECT_NE(text.find("groups          1  2.0 KiB  4.0 KiB        0"), std::string::npos) << text;
  EXPECT_EQ(text.find("\nconnections"), std::string::npos) << text;
  t.now.brokers[0].activity->memory[0].refused = 3;
  text = to_screen(t.view(), "", false, 0, 0);
  EXPECT_NE(text.find("\nconnections       1     10 B   1000 B        3"), std::string::npos) << text;
  protocol::json_printer json;
  print(json, two_looks().view());
  EXPECT_NE(json.text().find(R"({"broker":1,"kind":"connections","used_bytes":10,"limit_bytes":1000,"refused":0})"),
            std::string::npos)
      << json.text();
}

TEST(top_view, brokers_that_tell_nothing_have_empty_columns) {
  const auto view = two_looks().view();
  const auto text = to_screen(view, "", false, 0, 0);
  EXPECT_NE(text.find("   12    160  10.0 KiB  100.0 KiB"), std::string::npos) << text;
  EXPECT_NE(text.find("    -      -         -          -"), std::string::npos) << text;
  protocol::json_printer json;
  print(json, view);
  EXPECT_NE(json.text().find(R"("id":2,"address":"two:9092","is_controller":false,"leads":1,"produced_per_s":0,)"
                             R"("connections":null,"accepted":null,"requests_per_s":null,"received_bytes":null)"),
            std::string::npos)
      << json.text();
}

TEST(top_view, a_screen_with_many_slow_requests_fits_too) {
  two_looks t;
  for (int i = 0; i < 32; ++i) {
    t.now.brokers[0].activity->slowest.push_back({0, 1000 * i, fetch_key, 17, "client", "10.0.0.1:5", 8, 9});
    t.now.partitions[{"topic" + std::to_string(i), partition_id{0}}] = {10, broker_id{1}};
  }
  t.now.brokers[0].activity->memory[0].refused = 3;
  for (std::size_t height = 1; height < 80; height += 3) {
    const auto text = to_screen(t.view(), "12:00:00Z", false, 80, height);
    EXPECT_LE(std::count(text.begin(), text.end(), '\n'), static_cast<std::ptrdiff_t>(height)) << text;
    if (height >= 25) {
      EXPECT_NE(text.find("SLOW"), std::string::npos) << text;
      EXPECT_NE(text.find("MEMORY OF"), std::string::npos) << text;
    }
  }
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
