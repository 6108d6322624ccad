// Client quotas: set, described, and what comes of them.
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/alter_client_quotas.hpp"
#include "jackdaw/protocol/messages/create_partitions.hpp"
#include "jackdaw/protocol/messages/describe_client_quotas.hpp"

namespace jackdaw::testing {
namespace {

using parts = std::vector<std::pair<std::string, std::optional<std::string>>>;
using values = std::vector<std::pair<std::string, double>>;
using protocol::alter_client_quotas_response;
using protocol::describe_client_quotas_response;

std::optional<std::string_view> view(const std::optional<std::string>& s) {
  return s ? std::optional<std::string_view>(*s) : std::nullopt;
}

class client_quotas : public broker_test {
 protected:
  static constexpr std::int8_t exact = 0, any_default = 1, any = 2;
  const parts client = {{"client-id", "test"}};  // as the test broker's requests say

  static alter_client_quotas_response alter(test_broker& b, const parts& entity, const std::string& key,
                                            std::optional<double> value, std::int16_t version = 1,
                                            bool validate_only = false) {
    protocol::alter_client_quotas_request asked;
    asked.validate_only = validate_only;
    auto& e = asked.entries.emplace_back();
    for (const auto& [type, name] : entity) e.entity.push_back({type, view(name), {}});
    auto& op = e.ops.emplace_back();
    op.key = key;
    op.value = value.value_or(0);
    op.remove = !value;
    return b.call<alter_client_quotas_response>(version, asked);
  }
  static void set_quota(test_broker& b, const parts& entity, const std::string& key, std::optional<double> value) {
    const auto answer = alter(b, entity, key, value);
    ASSERT_EQ(answer.entries.size(), 1U);
    ASSERT_EQ(answer.entries[0].error_code, error_code::none) << answer.entries[0].error_message.value_or("");
  }
  struct component {
    std::string type;
    std::int8_t match;
    std::optional<std::string> name = std::nullopt;
  };
  static describe_client_quotas_response describe(test_broker& b, const std::vector<component>& all, bool strict,
                                                  std::int16_t version = 1) {
    protocol::describe_client_quotas_request asked;
    asked.strict = strict;
    for (const auto& c : all) asked.components.push_back({c.type, c.match, view(c.name), {}});
    return b.call<describe_client_quotas_response>(version, asked);
  }
  // "user=u client-id=* ; ..." in the order answered.
  static std::string described(test_broker& b, const std::vector<component>& all, bool strict = false) {
    const auto answer = describe(b, all, strict);
    EXPECT_EQ(answer.error_code, error_code::none);
    std::string text;
    for (const auto& e : *answer.entries) {
      for (const auto& p : e.entity) {
        text += std::string(p.entity_type) + '=' + std::string(p.entity_name.value_or("*")) + ' ';
      }
      text += "; ";
    }
    return text;
  }

  std::shared_ptr<test_broker::answer> send_bytes_of(test_broker& b, broker::connection_id c, std::size_t bytes,
                                                     std::int32_t partition = 0) {
    return send_produce(b, c, "t", partition, batch(b, {std::string(bytes, 'x')}, {}));
  }
  static std::int32_t throttle_of(test_broker& b, const std::shared_ptr<test_broker::answer>& a) {
    const auto ms = b.decode<protocol::produce_response>(a, produce_version).throttle_time_ms;
    EXPECT_EQ(a->muted_ms, ms);
    return ms;
  }
  std::shared_ptr<test_broker::answer> fetch(test_broker& b, protocol::fetch_request asked) {
    return b.send(b.connection(), fetch_version, asked);
  }
};

TEST_F(client_quotas, what_is_set_is_described_in_every_version_and_outlives_the_process) {
  test_broker b;
  for (std::int16_t v = 0; v <= 1; ++v) {
    const auto altered = alter(b, {{"user", "u"}, {"client-id", std::nullopt}}, "producer_byte_rate", 1000 + v, v);
    ASSERT_EQ(altered.entries.size(), 1U);
    EXPECT_EQ(altered.entries[0].error_code, error_code::none);
    ASSERT_EQ(altered.entries[0].entity.size(), 2U);
    EXPECT_EQ(altered.entries[0].entity[0].entity_type, "client-id");
    EXPECT_FALSE(altered.entries[0].entity[0].entity_name);
    EXPECT_EQ(altered.entries[0].entity[1].entity_name, "u");
    if (v == 1) {
      b.stop();
      b.start();
    }
    const auto got = describe(b, {}, false, v);
    EXPECT_EQ(got.error_code, error_code::none);
    ASSERT_EQ(got.entries->size(), 1U);
    ASSERT_EQ(got.entries->at(0).values.size(), 1U);
    EXPECT_EQ(got.entries->at(0).values[0].key, "producer_byte_rate");
    EXPECT_EQ(got.entries->at(0).values[0].value, 1000 + v);
  }
  EXPECT_EQ(alter(b, {{"user", ""}}, "producer_byte_rate", 1).entries[0].error_code, error_code::invalid_request);
  alter(b, {{"user", "v"}}, "producer_byte_rate", 1, 1, true);
  EXPECT_EQ(described(b, {{"user", exact, "v"}}), "") << "validating alone";
}

TEST_F(client_quotas, filters) {
  test_broker b;
  for (const auto& entity : std::vector<parts>{{{"user", "u"}},
                                               {{"user", std::nullopt}},
                                               {{"client-id", "c"}},
                                               {{"user", "u"}, {"client-id", "c"}},
                                               {{"user", std::nullopt}, {"client-id", std::nullopt}}}) {
    set_quota(b, entity, "request_percentage", 50);
  }
  set_quota(b, {{"ip", "10.0.0.1"}}, "connection_creation_rate", 5);
  EXPECT_EQ(described(b, {{"user", exact, "u"}}), "client-id=c user=u ; user=u ; ");
  EXPECT_EQ(described(b, {{"user", exact, "u"}}, true), "user=u ; ");
  EXPECT_EQ(described(b, {{"user", any_default}}), "client-id=* user=* ; user=* ; ");
  EXPECT_EQ(described(b, {{"user", any_default}}, true), "user=* ; ");
  EXPECT_EQ(described(b, {{"user", any}}, true), "user=* ; user=u ; ");
  EXPECT_EQ(described(b, {{"user", any}, {"client-id", any}}), "client-id=* user=* ; client-id=c user=u ; ");
  EXPECT_EQ(described(b, {{"client-id", exact, "c"}}, true), "client-id=c ; ");
  EXPECT_EQ(described(b, {{"ip", any}}), "ip=10.0.0.1 ; ");
  EXPECT_EQ(described(b, {{"user", exact, ""}}), "");
  EXPECT_EQ(described(b, {}, true), "");
  EXPECT_EQ(describe(b, {}, false).entries->size(), 6U);
}

TEST_F(client_quotas, filters_that_mean_nothing_are_refused) {
  test_broker b;
  const auto refused = [&](const std::vector<component>& all) {
    const auto answer = describe(b, all, false);
    EXPECT_FALSE(answer.entries);
    EXPECT_TRUE(answer.error_message && !answer.error_message->empty());
    return answer.error_code;
  };
  EXPECT_EQ(refused({{"user", exact}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"user", any_default, "x"}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"user", any, "x"}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"user", 3}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"", any}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"user", any}, {"user", any}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"user", any}, {"ip", any}}), error_code::invalid_request);
  EXPECT_EQ(refused({{"foo", any}}), error_code::unsupported_version);
}

TEST_F(client_quotas, a_producer_above_its_quota_is_answered_at_once_and_muted) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(throttle_of(b, send_bytes_of(b, b.connection(), 100'000)), 0) << "no quota";
  set_quota(b, client, "producer_byte_rate", 1000);
  EXPECT_EQ(throttle_of(b, send_bytes_of(b, b.connection(), 9'000)), 0) << "what a window allows";
  const auto wait = throttle_of(b, send_bytes_of(b, b.connection(), 5'000));
  EXPECT_NEAR(wait, 4'250, 150) << "the frames' other bytes count, too";
  b.advance(wait);
  EXPECT_NEAR(throttle_of(b, send_bytes_of(b, b.connection(), 2'000)), 8'900, 100)
      << "as soon as the burst is paid for";
  set_quota(b, client, "producer_byte_rate", 1'000'000);
  EXPECT_EQ(throttle_of(b, send_bytes_of(b, b.connection(), 2'000)), 0) << "a new limit counts at once";
  set_quota(b, client, "producer_byte_rate", std::nullopt);
  EXPECT_EQ(throttle_of(b, send_bytes_of(b, b.connection(), 1'000'000)), 0);
}

TEST_F(client_quotas, who_wants_no_answer_is_muted_all_the_same) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  set_quota(b, {{"user", std::nullopt}}, "producer_byte_rate", 100);
  const auto a = send_produce(b, b.connection(), "t", 0, batch(b, {std::string(2000, 'x')}, {}), 0);
  EXPECT_TRUE(a->skipped);
  EXPECT_GT(a->muted_ms, 10'000);
}

TEST_F(client_quotas, all_shards_count_what_all_connections_of_a_client_send) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  set_quota(b, client, "producer_byte_rate", 1000);
  const auto other = b.connect(1);
  EXPECT_EQ(throttle_of(b, send_bytes_of(b, b.connection(), 8'000, 1)), 0);
  EXPECT_EQ(throttle_of(b, send_bytes_of(b, other, 8'000, 2)), 0) << "the other shard doesn't know yet";
  b.advance(20);
  EXPECT_NEAR(throttle_of(b, send_bytes_of(b, other, 10)), 6'300, 300);
  EXPECT_NEAR(throttle_of(b, send_bytes_of(b, b.connect(2), 10)), 6'400, 300) << "a shard without own use";
}

// Each connection obeys its waits; together they get the quota.
TEST_F(client_quotas, two_shards_together_give_the_quota) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  set_quota(b, client, "producer_byte_rate", 50'000);
  const broker::connection_id connections[] = {b.connection(), b.connect(1), b.connect(1)};
  std::int64_t ready_ms[] = {0, 0, 0};
  std::int64_t sent = 0;
  constexpr std::int64_t seconds = 30;
  for (std::int64_t ms = 0; ms < seconds * 1000; ms += 5, b.advance(5)) {
    for (std::size_t i = 0; i < 3; ++i) {
      if (ready_ms[i] > ms) continue;
      const auto a = send_bytes_of(b, connections[i], 5'000, static_cast<std::int32_t>(i % 2));
      ready_ms[i] = ms + throttle_of(b, a);
      sent += 5'000;
    }
  }
  EXPECT_NEAR(static_cast<double>(sent) / seconds, 50'000, 5'000);
}

TEST_F(client_quotas, a_consumer_above_its_quota_gets_nothing_until_it_has_waited) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (int i = 0; i < 8; ++i) produce(b, "t", 0, {std::string(3'000, 'x')});
  set_quota(b, client, "consumer_byte_rate", 1000);
  auto answer = b.decode<protocol::fetch_response>(fetch(b, fetch_request("t", 0, 0)), fetch_version);
  EXPECT_EQ(answer.throttle_time_ms, 0);
  ASSERT_EQ(answer.responses.size(), 1U);
  EXPECT_LE(answer.responses[0].partitions[0].records->size, 10'000U) << "a window's worth at most";
  EXPECT_EQ(values_of(answer).size(), 3U);
  const auto over = fetch(b, fetch_request("t", 0, 3));
  answer = b.decode<protocol::fetch_response>(over, fetch_version);
  EXPECT_NEAR(answer.throttle_time_ms, 8'500, 100);
  EXPECT_EQ(over->muted_ms, answer.throttle_time_ms);
  EXPECT_TRUE(answer.responses.empty());
  b.advance(answer.throttle_time_ms);
  answer = b.decode<protocol::fetch_response>(fetch(b, fetch_request("t", 0, 3)), fetch_version);
  EXPECT_EQ(answer.throttle_time_ms, 0);
  EXPECT_EQ(values_of(answer).size(), 1U) << "from now on a second's worth, and at least a batch";
  answer = b.decode<protocol::fetch_response>(fetch(b, fetch_request("t", 0, 4)), fetch_version);
  EXPECT_NEAR(answer.throttle_time_ms, 3'100, 100);
}

TEST_F(client_quotas, a_batch_above_a_whole_window_passes_when_nothing_was_read_lately) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {std::string(30'000, 'x')});
  set_quota(b, client, "consumer_byte_rate", 1000);
  auto answer = b.decode<protocol::fetch_response>(fetch(b, fetch_request("t", 0, 0)), fetch_version);
  EXPECT_EQ(values_of(answer).size(), 1U);
  answer = b.decode<protocol::fetch_response>(fetch(b, fetch_request("t", 0, 0)), fetch_version);
  EXPECT_NEAR(answer.throttle_time_ms, 20'100, 100);
  EXPECT_TRUE(answer.responses.empty());
}

TEST_F(client_quotas, a_session_goes_on_after_the_wait_and_does_not_begin_with_one) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (int i = 0; i < 8; ++i) produce(b, "t", 0, {std::string(3'000, 'x')});
  set_quota(b, client, "consumer_byte_rate", 1000);
  auto asked = fetch_request("t", 0, 0);
  asked.session_epoch = 0;
  auto answer = b.decode<protocol::fetch_response>(fetch(b, asked), fetch_version);
  ASSERT_NE(answer.session_id, 0);
  const auto session = answer.session_id;
  asked.session_id = session;
  asked.session_epoch = 1;
  asked.topics[0].partitions[0].fetch_offset = offset{3};
  answer = b.decode<protocol::fetch_response>(fetch(b, asked), fetch_version);
  EXPECT_GT(answer.throttle_time_ms, 0);
  EXPECT_EQ(answer.session_id, session);
  EXPECT_TRUE(answer.responses.empty());
  // Another consumer of the same client id would begin now.
  auto fresh = fetch_request("t", 0, 0);
  fresh.session_epoch = 0;
  const auto begun = b.decode<protocol::fetch_response>(fetch(b, fresh), fetch_version);
  EXPECT_GT(begun.throttle_time_ms, 0);
  EXPECT_EQ(begun.session_id, 0);
  b.advance(11'000);
  asked.session_epoch = 2;
  answer = b.decode<protocol::fetch_response>(fetch(b, asked), fetch_version);
  EXPECT_EQ(answer.error_code, error_code::none);
  EXPECT_EQ(values_of(answer).size(), 1U);
}

TEST_F(client_quotas, time_on_the_shards_is_charged_in_every_answer_that_can_say_so) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  b.clock_step = std::chrono::milliseconds(5);
  EXPECT_EQ(produce(b, "t", 0, {"x"}).error_code, error_code::none);
  set_quota(b, client, "request_percentage", 0.5);
  // 50 ms are free in ten seconds; each request looks at the clock a few times.
  std::int32_t most = 0;
  for (int i = 0; i < 20; ++i) most = std::max(most, throttle_of(b, send_bytes_of(b, b.connection(), 10, i % 2)));
  EXPECT_EQ(most, 1000) << "never longer than one sample";
  protocol::metadata_request names;
  names.topics->emplace_back().name = "t";
  EXPECT_EQ(b.call<protocol::metadata_response>(12, names).throttle_time_ms, 1000);
  const auto old = b.send(b.connection(), 1, names);
  EXPECT_EQ(old->muted_ms, 1000) << "an answer that can't say so";
  const auto read = b.call<protocol::fetch_response>(fetch_version, fetch_request("t", 0, 0));
  EXPECT_EQ(read.throttle_time_ms, 1000);
  EXPECT_TRUE(read.responses.empty());
  b.clock_step = {};
  b.advance(20);
  b.advance(30'000);
  EXPECT_EQ(b.call<protocol::metadata_response>(12, names).throttle_time_ms, 0);
}

TEST_F(client_quotas, time_on_a_partition_s_shard_is_charged) {
  for (std::int32_t partition = 0; partition < 2; ++partition) {
    test_broker b(2);
    ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
    set_quota(b, client, "request_percentage", 0.01);
    b.clock_step = std::chrono::milliseconds(1);
    send_bytes_of(b, b.connection(), 10, partition);
    b.clock_step = {};
    b.advance(20);
    EXPECT_EQ(throttle_of(b, send_bytes_of(b, b.connection(), 10, partition)), 1000) << partition;
  }
}

}  // namespace
}  // namespace jackdaw::testing
