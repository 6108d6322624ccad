// Client telemetry by requests: the subscription comes from the client-metrics settings, pushes are decoded and kept.
#include "broker_fixture.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/protocol/messages/api_versions.hpp"
#include "jackdaw/protocol/messages/get_telemetry_subscriptions.hpp"
#include "jackdaw/protocol/messages/push_telemetry.hpp"
#include "otlp_payload.hpp"

namespace jackdaw::testing {
namespace {

constexpr std::int8_t client_metrics_type = 16;

class telemetry_requests : public broker_test {
 protected:
  static protocol::get_telemetry_subscriptions_response get(test_broker& b, const uuid& id = {}) {
    protocol::get_telemetry_subscriptions_request asked;
    asked.client_instance_id = id;
    return b.call<protocol::get_telemetry_subscriptions_response>(0, asked);
  }
  static error_code push(test_broker& b, const uuid& id, std::int32_t subscription, std::string_view bytes,
                         bool terminating = false, std::int8_t codec = 0) {
    protocol::push_telemetry_request asked;
    asked.client_instance_id = id;
    asked.subscription_id = subscription;
    asked.terminating = terminating;
    asked.compression_type = codec;
    asked.metrics = as_bytes(bytes);
    return b.call<protocol::push_telemetry_response>(0, asked).error_code;
  }
};

TEST_F(telemetry_requests, a_client_is_given_an_id_and_told_what_is_wanted) {
  test_broker b(2, {"telemetry.max.bytes=5000"});
  const auto nothing = get(b);
  EXPECT_EQ(nothing.error_code, error_code::none);
  EXPECT_FALSE(nothing.client_instance_id.is_zero());
  EXPECT_EQ(nothing.push_interval_ms, 300'000);
  EXPECT_TRUE(nothing.requested_metrics.empty());
  ASSERT_EQ(alter(b, client_metrics_type, "s", "metrics", "org.apache.kafka."), error_code::none);
  ASSERT_EQ(alter(b, client_metrics_type, "s", "match", "client_software_name=tester,client_source_address=127.*"),
            error_code::none);
  EXPECT_TRUE(get(b).requested_metrics.empty());
  protocol::api_versions_request hello;
  hello.client_software_name = "tester";
  hello.client_software_version = "1";
  b.call<protocol::api_versions_response>(3, hello);
  const auto wanted = get(b);
  EXPECT_EQ(wanted.requested_metrics, std::vector<std::string_view>{"org.apache.kafka."});
  EXPECT_EQ(wanted.accepted_compression_types, (std::vector<std::int8_t>{4, 3, 1, 2}));
  EXPECT_EQ(wanted.telemetry_max_bytes, 5000);
  EXPECT_TRUE(wanted.delta_temporality);
  EXPECT_EQ(get(b, wanted.client_instance_id).error_code, error_code::throttling_quota_exceeded);
}

TEST_F(telemetry_requests, pushes_end_up_with_the_shard_that_knows_the_client) {
  test_broker b(3);
  ASSERT_EQ(alter(b, client_metrics_type, "s", "interval.ms", "1000"), error_code::none);
  for (int i = 0; i < 10; ++i) {
    const auto s = get(b);
    const auto payload = otlp_payload().gauge("g", i).bytes();
    ASSERT_EQ(push(b, s.client_instance_id, s.subscription_id, payload), error_code::none);
    std::size_t known = 0;
    for (std::uint32_t shard = 0; shard < 3; ++shard) {
      const auto* kept = b.state(shard).telemetry.find(s.client_instance_id);
      if (kept == nullptr) continue;
      ++known;
      ASSERT_EQ(kept->metrics.size(), 1U);
      EXPECT_EQ(kept->metrics.begin()->second.value, i);
      EXPECT_EQ(kept->client[0], "test");
      EXPECT_EQ(kept->client[4], "127.0.0.1");
    }
    EXPECT_EQ(known, 1U);
  }
}

TEST_F(telemetry_requests, bad_pushes_are_refused) {
  test_broker b;
  ASSERT_EQ(alter(b, client_metrics_type, "s", "interval.ms", "100"), error_code::none);
  const auto s = get(b);
  const auto again = [&](std::string_view bytes, std::int8_t codec = 0) {
    b.advance(100);
    return push(b, s.client_instance_id, s.subscription_id, bytes, false, codec);
  };
  EXPECT_EQ(again("\x01\x02 no payload"), error_code::invalid_record);
  EXPECT_EQ(again("not compressed", 1), error_code::invalid_record);
  EXPECT_EQ(again("x", 9), error_code::unsupported_compression_type);
  EXPECT_EQ(again(std::string(1'048'577, 'x')), error_code::telemetry_too_large);
  EXPECT_EQ(again(""), error_code::none);
  EXPECT_EQ(push(b, uuid{}, s.subscription_id, ""), error_code::invalid_request);
  EXPECT_EQ(push(b, s.client_instance_id, s.subscription_id, "", true), error_code::none);
  EXPECT_EQ(again(""), error_code::invalid_request);
}

TEST_F(telemetry_requests, a_small_payload_that_unpacks_to_a_large_one_is_refused) {
  test_broker b(1, {"telemetry.max.bytes=1000"});
  ASSERT_EQ(alter(b, client_metrics_type, "s", "interval.ms", "100"), error_code::none);
  const auto s = get(b);
  std::vector<std::byte> packed;
  protocol::compressor with;
  const std::string zeros(100'000, '\0');
  ASSERT_TRUE(with.append({protocol::codec::zstd, {}}, as_bytes(zeros), packed));
  ASSERT_LT(packed.size(), 1000U);
  EXPECT_EQ(push(b, s.client_instance_id, s.subscription_id, as_text(packed), false, 4),
            error_code::telemetry_too_large);
}

TEST_F(telemetry_requests, the_silent_are_forgotten_in_time) {
  test_broker b(1);
  ASSERT_EQ(alter(b, client_metrics_type, "s", "interval.ms", "1000"), error_code::none);
  const auto s = get(b);
  for (int minute = 0; minute < 3; ++minute) b.advance(60'000);
  EXPECT_EQ(b.state(0).telemetry.find(s.client_instance_id), nullptr);
}

}  // namespace
}  // namespace jackdaw::testing
