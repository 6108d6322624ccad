// The core of client telemetry: who may push when, what is kept, and what is forgotten.
#include "clients/telemetry/client_telemetry.hpp"

#include <gtest/gtest.h>

#include "jackdaw/metadata/image_builder.hpp"
#include "otlp_payload.hpp"

namespace jackdaw::broker {
namespace {

using jackdaw::testing::otlp_payload;
using protocol::error_code;

constexpr uuid one{11, 1};
constexpr uuid two{22, 2};

class telemetry : public ::testing::Test {
 protected:
  void set(const std::string& name, const std::string& key, const std::string& value) {
    ASSERT_TRUE(builder_.apply(metadata::config_changed{metadata::config_resource::client_metrics, name, key, value}));
    core_.set_subscriptions(telemetry_subscriptions(builder_.current()));
  }
  now_t now() const { return {time_point(std::chrono::milliseconds(ms_)), timestamp_ms{1'000'000 + ms_}}; }
  client_telemetry::subscription get(const uuid& id = one) { return core_.get(id, client_, now()); }
  error_code push(std::int32_t subscription, const uuid& id = one, bool terminating = false, std::int8_t codec = 0,
                  std::size_t size = 10) {
    const std::vector<std::byte> bytes(size);
    protocol::push_telemetry_request asked;
    asked.client_instance_id = id;
    asked.subscription_id = subscription;
    asked.terminating = terminating;
    asked.compression_type = codec;
    asked.metrics = bytes_view(bytes);
    return core_.may_push(asked, 1000, client_, now());
  }
  void keep(const std::string& payload, const uuid& id = one) {
    auto metrics = decode_metrics(as_bytes(payload), 1000);
    ASSERT_TRUE(metrics);
    core_.keep(id, std::move(*metrics), now());
  }

  metadata::image_builder builder_{metadata::image::empty()};
  client_telemetry core_{client_telemetry::limits{3, 20'000, 50}};
  controller::client_facts client_{"test", "", "java", "4", "127.0.0.1", "1"};
  std::int64_t ms_ = 1'000'000;
};

TEST_F(telemetry, without_subscriptions_nothing_is_wanted_every_five_minutes) {
  const auto s = get();
  EXPECT_EQ(s.error, error_code::none);
  EXPECT_TRUE(s.wanted.metrics.empty());
  EXPECT_EQ(s.wanted.interval_ms, 300'000);
  EXPECT_NE(s.id, get(two).id) << "ids differ by client";
}

TEST_F(telemetry, subscriptions_that_fit_add_up_and_the_shortest_interval_counts) {
  set("a", "metrics", "org.x,org.b");
  set("a", "interval.ms", "5000");
  set("b", "metrics", "org.b,org.a");
  set("b", "interval.ms", "700");
  set("c", "metrics", "secret");
  set("c", "match", "client_id=other");
  EXPECT_EQ(get().wanted.metrics, (std::vector<std::string>{"org.a", "org.b", "org.x"}));
  EXPECT_EQ(get(two).wanted.interval_ms, 700);
  client_[0] = "other";
  set("d", "metrics", "*");
  EXPECT_EQ(get(uuid{33, 3}).wanted.metrics, std::vector<std::string>{"*"});
}

TEST_F(telemetry, who_asks_or_pushes_too_often_is_throttled) {
  set("a", "interval.ms", "1000");
  const auto s = get();
  EXPECT_EQ(get().error, error_code::throttling_quota_exceeded);
  EXPECT_EQ(push(s.id), error_code::none) << "the first push comes at a random time";
  EXPECT_EQ(push(s.id), error_code::throttling_quota_exceeded);
  ms_ += 999;
  EXPECT_EQ(push(s.id), error_code::throttling_quota_exceeded);
  ms_ += 1;
  EXPECT_EQ(push(s.id), error_code::none);
  EXPECT_EQ(get().error, error_code::throttling_quota_exceeded);
}

TEST_F(telemetry, after_a_push_that_does_not_fit_the_client_may_ask_at_once) {
  const auto s = get();
  EXPECT_EQ(push(s.id + 1), error_code::unknown_subscription_id);
  EXPECT_EQ(get().error, error_code::none);
  EXPECT_EQ(push(s.id, one, false, 9), error_code::unsupported_compression_type);
  EXPECT_EQ(get().error, error_code::none);
  EXPECT_EQ(push(s.id, one, false, 0, 1001), error_code::telemetry_too_large);
  EXPECT_EQ(get().error, error_code::throttling_quota_exceeded);
}

TEST_F(telemetry, a_changed_subscription_is_noticed_at_the_next_push) {
  const auto s = get();
  set("a", "metrics", "x");
  EXPECT_EQ(push(s.id), error_code::unknown_subscription_id);
  const auto changed = get();
  EXPECT_NE(changed.id, s.id);
  EXPECT_EQ(push(changed.id), error_code::none);
  set("b", "match", "client_id=somebody_else");
  EXPECT_EQ(push(changed.id), error_code::throttling_quota_exceeded) << "what doesn't concern it changes nothing";
}

TEST_F(telemetry, the_last_push_comes_whenever_it_likes_and_once) {
  const auto s = get();
  EXPECT_EQ(push(s.id), error_code::none);
  EXPECT_EQ(push(s.id, one, true), error_code::none);
  EXPECT_EQ(push(s.id, one, true), error_code::invalid_request);
  EXPECT_EQ(push(s.id), error_code::invalid_request);
}

TEST_F(telemetry, a_client_that_nobody_knows_must_ask_first) {
  EXPECT_EQ(push(7), error_code::unknown_subscription_id);
  EXPECT_EQ(push(7, uuid{0, 0}), error_code::invalid_request);
  EXPECT_EQ(push(7, uuid{0, 1}), error_code::invalid_request);
}

TEST_F(telemetry, the_last_value_of_each_series_is_kept_and_deltas_are_summed) {
  get();
  keep(otlp_payload(otlp_payload::labels{{"client_rack", "r1"}})
           .gauge("rate", 1.5, {{"topic", "t"}})
           .sum("sent", 5)
           .sum("all", 7, false)
           .bytes());
  ms_ += 10;
  keep(otlp_payload(otlp_payload::labels{{"client_rack", "r1"}})
           .gauge("rate", 2.5, {{"topic", "t"}})
           .sum("sent", 3)
           .sum("all", 9, false)
           .bytes());
  const auto* kept = core_.find(one);
  ASSERT_NE(kept, nullptr);
  ASSERT_EQ(kept->metrics.size(), 3U);
  const auto& rate = kept->metrics.at({"rate", {{"client_rack", "r1"}, {"topic", "t"}}});
  EXPECT_EQ(rate.value, 2.5);
  EXPECT_FALSE(rate.is_counter);
  EXPECT_EQ(rate.time_ms, 1'700'000'000'000);
  const auto& sent = kept->metrics.at({"sent", {{"client_rack", "r1"}}});
  EXPECT_EQ(sent.value, 8);
  EXPECT_TRUE(sent.is_counter);
  EXPECT_EQ(kept->metrics.at({"all", {{"client_rack", "r1"}}}).value, 9);
  EXPECT_EQ(kept->pushed_at, now().wall);
  EXPECT_EQ(kept->client[0], "test");
}

TEST_F(telemetry, clients_and_their_metrics_are_bounded) {
  for (std::uint64_t i = 1; i <= 5; ++i) {
    get(uuid{50 + i, i});
    otlp_payload payload;
    for (int m = 0; m < 60; ++m) payload.gauge("metric" + std::to_string(m), m);
    keep(payload.bytes(), uuid{50 + i, i});
    EXPECT_LE(core_.metrics_bytes(), 20'000U);
  }
  EXPECT_EQ(core_.size(), 3U);
  EXPECT_EQ(core_.find(uuid{51, 1}), nullptr) << "the longest silent one went";
  EXPECT_EQ(core_.find(uuid{55, 5})->metrics.size(), 50U);
  keep(otlp_payload().gauge("late", 1).bytes(), uuid{51, 1});  // pushed before it was forgotten
  EXPECT_EQ(core_.size(), 3U);
}

TEST_F(telemetry, the_silent_are_forgotten) {
  set("a", "interval.ms", "30000");
  get();
  keep(otlp_payload().gauge("m", 1).bytes());
  ms_ += 60'000;
  get(two);
  core_.forget_silent(now());
  EXPECT_EQ(core_.size(), 2U);
  ms_ += 30'001;
  core_.forget_silent(now());
  EXPECT_EQ(core_.find(one), nullptr);
  EXPECT_NE(core_.find(two), nullptr);
  EXPECT_EQ(core_.metrics_bytes(), 0U);
}

TEST(otlp, what_is_no_payload_is_refused) {
  EXPECT_EQ(decode_metrics(as_bytes(std::string("\x01\x02garbage")), 10).error().code, errc::corrupt);
  EXPECT_TRUE(decode_metrics({}, 10).value().empty());
  const auto whole = otlp_payload().gauge("a", 1).sum("b", 2).bytes();
  EXPECT_EQ(decode_metrics(as_bytes(whole), 1).error().code, errc::too_large);
  EXPECT_EQ(decode_metrics(as_bytes(whole), 2).value().size(), 2U);
  for (std::size_t n = 1; n < whole.size(); ++n) EXPECT_FALSE(decode_metrics(as_bytes(whole.substr(0, n)), 10)) << n;
}

TEST(otlp, payloads_come_in_every_codec_and_end_at_a_limit) {
  const auto plain = otlp_payload().gauge("a", 1).bytes();
  for (int c = 0; c <= 4; ++c) {
    const auto codec = static_cast<protocol::codec>(c);
    std::vector<std::byte> packed;
    protocol::compressor with;
    if (c == 0) {
      packed.assign(as_bytes(plain).begin(), as_bytes(plain).end());
    } else {
      ASSERT_TRUE(with.append({codec, {}}, as_bytes(plain), packed));
    }
    EXPECT_EQ(decode_push(codec, packed, 1000, 10).value().size(), 1U) << c;
    if (c != 0) {
      EXPECT_EQ(decode_push(codec, packed, 3, 10).error().code, errc::too_large) << c;
      EXPECT_FALSE(decode_push(codec, as_bytes(plain), 1000, 10)) << c;
    }
  }
}

}  // namespace
}  // namespace jackdaw::broker
