// What a broker tells of itself: connections, requests answered, the slowest ones, memory.
#include "clients/activity.hpp"

#include "group_fixture.hpp"
#include "jackdaw/protocol/messages/broker_activity.hpp"
#include "jackdaw/protocol/messages/describe_cluster.hpp"

namespace jackdaw::testing {
namespace {

using broker::slow_request;
using broker::slowest_requests;
using std::chrono::milliseconds;

constexpr time_point start{};

slow_request request_of(int ms) {
  slow_request r;
  r.took = milliseconds(ms);
  return r;
}

std::vector<std::int64_t> ms_of(const std::vector<slow_request>& all) {
  std::vector<std::int64_t> out;
  for (const auto& r : all) out.push_back(std::chrono::duration_cast<milliseconds>(r.took).count());
  return out;
}

TEST(slowest_requests, keep_the_slowest) {
  slowest_requests table;
  for (int ms = 1; ms <= 100; ++ms) table.add(request_of(ms * 37 % 101), start);
  const auto kept = ms_of(table.list(start));
  ASSERT_EQ(kept.size(), slowest_requests::capacity);
  EXPECT_EQ(kept.front(), 100);
  EXPECT_EQ(kept.back(), 69);
  EXPECT_FALSE(table.wants(milliseconds(69), start));
  EXPECT_TRUE(table.wants(milliseconds(70), start));
}

TEST(slowest_requests, do_without_the_fast) {
  const slowest_requests table;
  EXPECT_FALSE(table.wants(std::chrono::microseconds(999), start));
  EXPECT_TRUE(table.wants(milliseconds(1), start));
}

TEST(slowest_requests, forget_what_is_long_ago) {
  slowest_requests table;
  table.add(request_of(5000), start);
  const auto later = start + std::chrono::minutes(4);
  for (int ms = 10; ms < 60; ++ms) table.add(request_of(ms), later);
  EXPECT_EQ(table.list(later).front().took, milliseconds(5000));
  const auto much_later = start + slowest_requests::kept_for;
  EXPECT_EQ(ms_of(table.list(much_later)).front(), 59);
  EXPECT_TRUE(table.wants(milliseconds(2), much_later)) << "one went, there is room";
  table.add(request_of(2), much_later);
  EXPECT_EQ(ms_of(table.list(much_later)).back(), 2);
  EXPECT_FALSE(table.wants(milliseconds(2), much_later));
  EXPECT_TRUE(table.list(later + slowest_requests::kept_for).size() == 1u);
}

TEST(activity_report, is_the_sum_of_shards) {
  broker::activity_report sum;
  for (int shard = 0; shard < 3; ++shard) {
    broker::activity_report one;
    one.connections = 2;
    one.accepted = 5;
    one.received_bytes = 100;
    one.sent_bytes = 1000;
    one.answered.add(3, 7);
    one.memory = {{"connections", {10, 100, 1}}};
    if (shard == 0) one.memory.emplace_back("groups", memory_use{4, 8, 0});
    for (int i = 0; i < 20; ++i) one.slowest.push_back(request_of(100 - i - shard));
    sum.add(std::move(one));
  }
  EXPECT_EQ(sum.connections, 6u);
  EXPECT_EQ(sum.accepted, 15u);
  EXPECT_EQ(sum.received_bytes, 300u);
  EXPECT_EQ(sum.sent_bytes, 3000u);
  EXPECT_EQ(sum.answered.of(3), 21u);
  ASSERT_EQ(sum.memory.size(), 2u);
  EXPECT_EQ(sum.memory[0].second.used_bytes, 30u);
  EXPECT_EQ(sum.memory[0].second.limit_bytes, 300u);
  EXPECT_EQ(sum.memory[0].second.refused, 3u);
  EXPECT_EQ(sum.memory[1].second.limit_bytes, 8u);
  EXPECT_EQ(sum.slowest.size(), slowest_requests::capacity);
  EXPECT_EQ(ms_of(sum.slowest)[1], 99);
}

TEST(activity_report, long_client_ids_end_between_characters) {
  EXPECT_EQ(broker::cut_client_id("me"), "me");
  EXPECT_EQ(broker::cut_client_id(std::string(300, 'x')).size(), 100u);
  const std::string letters = std::string(99, 'x') + "ä" + std::string(50, 'y');
  EXPECT_EQ(broker::cut_client_id(letters), std::string(99, 'x'));
}

class activity : public group_test {
 protected:
  // What the broker tells; its views live as long as `b`. Nothing when it tells nothing.
  static std::optional<protocol::broker_activity> ask(test_broker& b, std::int16_t version = 2) {
    protocol::describe_cluster_request asked;
    asked.unknown_tags.add({10000, {}});
    const auto answer = b.call<protocol::describe_cluster_response>(version, asked);
    EXPECT_EQ(answer.error_code, error_code::none);
    EXPECT_EQ(answer.brokers.size(), 1u);
    const auto tags = answer.unknown_tags.all();
    if (tags.size() != 1 || tags[0].tag != 10000) return std::nullopt;
    auto told = protocol::decode_message<protocol::broker_activity>(tags[0].value, 0);
    EXPECT_TRUE(told);
    return std::move(*told);
  }
  static std::int64_t answered(const protocol::broker_activity& a, protocol::api_key key) {
    for (const auto& api : a.apis) {
      if (api.api_key == static_cast<std::int16_t>(key)) return api.answered;
    }
    return 0;
  }
  static std::vector<std::string> slow_apis(const protocol::broker_activity& a) {
    std::vector<std::string> out;
    for (const auto& r : a.slowest) {
      out.push_back(std::string(protocol::find_api(r.api_key)->name) + ' ' + std::to_string(r.took_us));
    }
    return out;
  }
};

using strings = std::vector<std::string>;

TEST_F(activity, is_told_in_every_version_and_only_to_those_who_ask) {
  test_broker b(3);
  for (std::int16_t version = 0; version <= 2; ++version) EXPECT_TRUE(ask(b, version)) << version;
  EXPECT_TRUE(
      b.call<protocol::describe_cluster_response>(2, protocol::describe_cluster_request{}).unknown_tags.all().empty());
  protocol::describe_cluster_request other;
  other.unknown_tags.add({10001, {}});
  EXPECT_TRUE(b.call<protocol::describe_cluster_response>(2, other).unknown_tags.all().empty());
  protocol::describe_cluster_request with_bytes;
  const std::string bytes = "what is in it doesn't matter";
  with_bytes.unknown_tags.add({10000, as_bytes(bytes)});
  EXPECT_EQ(b.call<protocol::describe_cluster_response>(2, with_bytes).unknown_tags.all().size(), 1u);
}

TEST_F(activity, counts_connections_bytes_and_requests_of_all_shards) {
  test_broker b(3);
  b.network = {1000, 20'000, {30, 400, 5}};
  const auto gone = b.connect(1);
  b.connect(2);
  b.disconnect(gone);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (int i = 0; i < 4; ++i) produce(b, "t", 0, {"a"});
  send_produce(b, b.connection(), "t", 0, batch(b, {"unacknowledged"}, {}), 0);
  const auto told = ask(b);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->connections, 2);
  EXPECT_EQ(told->accepted, 3);
  EXPECT_EQ(told->received_bytes, 3000);
  EXPECT_EQ(told->sent_bytes, 60'000);
  EXPECT_EQ(answered(*told, protocol::api_key::produce), 5);
  EXPECT_EQ(answered(*told, protocol::api_key::create_topics), 1);
  EXPECT_EQ(answered(*told, protocol::api_key::describe_cluster), 0) << "this one isn't answered yet";
  EXPECT_EQ(answered(*ask(b), protocol::api_key::describe_cluster), 1);
  ASSERT_EQ(told->memory.size(), 3u);
  EXPECT_EQ(told->memory[0].kind, "connections");
  EXPECT_EQ(told->memory[0].used_bytes, 90);
  EXPECT_EQ(told->memory[0].limit_bytes, 1200);
  EXPECT_EQ(told->memory[0].refused, 15);
  EXPECT_EQ(told->memory[1].kind, "fetch_sessions");
  EXPECT_NEAR(static_cast<double>(told->memory[1].limit_bytes),
              static_cast<double>(b.server().config.memory_fetch_sessions_bytes), 3);
  EXPECT_EQ(told->memory[2].kind, "groups");
  EXPECT_EQ(told->memory[2].limit_bytes, b.server().config.memory_groups_bytes);
}

TEST_F(activity, tells_of_requests_that_the_disk_held_up) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"flush.messages", "1"}}), error_code::none);
  const auto records = batch(b, {"a"}, {});
  const auto began = b.now().wall.value;
  for (const std::uint32_t shard : {0U, 1U}) b.hold_workers(shard);
  const auto waiting = send_produce(b, b.connection(), "t", 0, records);
  b.advance(250);
  EXPECT_FALSE(waiting->arrived);
  b.release_workers();
  ASSERT_TRUE(waiting->arrived);
  const auto told = ask(b);
  ASSERT_EQ(slow_apis(*told), strings{"Produce 250000"});
  const auto& r = told->slowest[0];
  EXPECT_EQ(r.began_ms, began);
  EXPECT_EQ(r.api_version, produce_version);
  EXPECT_EQ(r.client_id, "test");
  EXPECT_EQ(r.peer_address, "127.0.0.1:1");
  EXPECT_GT(r.request_bytes, static_cast<std::int64_t>(records.size()));
  EXPECT_EQ(r.answer_bytes, static_cast<std::int64_t>(waiting->frame.size() + 4));
  b.advance(5 * 60'000);
  EXPECT_TRUE(ask(b)->slowest.empty());
}

TEST_F(activity, a_wait_that_was_asked_for_is_not_slow) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto fetch = [&] { return b.send(b.connection(), fetch_version, fetch_request("t", 0, 0, 500)); };
  const auto over = fetch();
  b.advance(500);
  EXPECT_TRUE(over->arrived);
  const auto early = fetch();
  b.advance(200);
  produce(b, "t", 0, {"a"});
  EXPECT_TRUE(early->arrived);
  EXPECT_EQ(join_alone(b, "g").generation, 1) << "that takes 3 s";
  EXPECT_TRUE(ask(b)->slowest.empty());
}

TEST_F(activity, what_exceeds_the_wait_that_was_asked_for_is_slow) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto late = b.send(b.connection(), fetch_version, fetch_request("t", 0, 0, 500));
  b.advance(700);  // the thread was busy elsewhere
  EXPECT_TRUE(late->arrived);
  EXPECT_EQ(slow_apis(*ask(b)), strings{"Fetch 200000"});
}

TEST_F(activity, nobody_is_told_whose_connection_is_gone) {
  test_broker b(2);
  const auto client = b.connect(1);
  protocol::describe_cluster_request asked;
  asked.unknown_tags.add({10000, {}});
  b.hold();
  const auto waiting = b.send(client, 2, asked);
  b.disconnect(client);
  b.release();
  EXPECT_FALSE(waiting->arrived);
  EXPECT_EQ(answered(*ask(b), protocol::api_key::describe_cluster), 0);
}

}  // namespace
}  // namespace jackdaw::testing
