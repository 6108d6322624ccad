// Every whole-number key of the table at both ends of what it allows: the broker starts or says why not, answers, and
// its timers come to rest.
#include <algorithm>
#include <limits>
#include <tuple>

#include "group_fixture.hpp"
#include "jackdaw/base/config.hpp"

namespace jackdaw::testing {
namespace {

constexpr std::int64_t day_ms = 24LL * 3'600'000;

bool is_whole_number(const config_key& key) {
  return key.type == config_type::int16 || key.type == config_type::int32 || key.type == config_type::int64;
}

template <class Number>
std::pair<std::int64_t, std::int64_t> limits_of() {
  return {std::numeric_limits<Number>::min(), std::numeric_limits<Number>::max()};
}

std::vector<std::string> extremes_of(const config_key& key) {
  auto [least, most] = limits_of<std::int64_t>();
  if (key.type == config_type::int32) std::tie(least, most) = limits_of<std::int32_t>();
  if (key.type == config_type::int16) std::tie(least, most) = limits_of<std::int16_t>();
  if (key.check.what == config_check::kind::gzip_level) return {"-1", "9"};
  // A bound is a double: 2^63 isn't a whole number of 64 bits any more.
  if (key.check.min && *key.check.min > static_cast<double>(least)) least = static_cast<std::int64_t>(*key.check.min);
  if (key.check.max && *key.check.max < static_cast<double>(most)) most = static_cast<std::int64_t>(*key.check.max);
  return {std::to_string(least), std::to_string(most)};
}

bool is_refused(const std::string& setting) {
  config_input input;
  input.overrides = {"log.dirs=/data", setting};
  return !load_broker_config(input);
}

class extremes : public group_test {
 protected:
  // Whatever is asked is answered, if only with an error, at the latest after the longest time that a key may ask for.
  void use(test_broker& b, std::string_view topic) {
    std::vector<std::shared_ptr<test_broker::answer>> waiting;
    waiting.push_back(send_produce(b, b.connection(), topic, 0, batch(b, {"record"}, {})));
    waiting.push_back(b.send(b.connect(1), fetch_version, fetch_request(topic, 0, 0, 500, 1 << 20)));
    waiting.push_back(b.send(b.connect(0), 8, commit_request("simple", {"", -1, ""}, topic, 0, 1)));
    waiting.push_back(b.send(b.connect(1), 3, join_request("members", "")));
    for (const std::int64_t ms : {1, 499, 3'000, 30'000, 60'000}) b.advance(ms);
    for (int minute = 0; minute < 12; ++minute) b.advance(60'000);
    const auto all_arrived = [&] {
      return std::all_of(waiting.begin(), waiting.end(),
                         [](const auto& a) { return a->arrived || !a->closed.empty(); });
    };
    if (!all_arrived()) b.advance(25 * day_ms);  // group.initial.rebalance.delay.ms may be that long
    EXPECT_TRUE(all_arrived());
  }

  void use_with_new_topics(test_broker& b) {
    static_cast<void>(create_topic(b, "t"));
    static_cast<void>(create_topic(b, "of_the_brokers_size", -1));
    use(b, "t");
  }
};

TEST_F(extremes, of_every_key_of_the_broker_leave_it_answering) {
  std::size_t started = 0;
  for (const config_key* key : keys_of(config_scope::broker)) {
    if (!is_whole_number(*key)) continue;
    for (const auto& value : extremes_of(*key)) {
      const std::string setting = std::string(key->name) + "=" + value;
      SCOPED_TRACE(setting);
      if (is_refused(setting)) continue;
      ++started;
      test_broker b(2, {setting});
      use_with_new_topics(b);
      b.advance(400 * day_ms);
      use(b, "t");
      b.stop();
      b.start();
      use(b, "t");
      if (HasFailure()) return;
    }
  }
  EXPECT_GT(started, 300U) << "most extremes are allowed";
}

TEST_F(extremes, of_every_key_of_topics_leave_them_answering) {
  test_broker b;
  std::size_t created = 0;
  for (const config_key* key : keys_of(config_scope::topic)) {
    if (!is_whole_number(*key)) continue;
    for (const auto& value : extremes_of(*key)) {
      SCOPED_TRACE(std::string(key->name) + "=" + value);
      const std::string name = "t" + std::to_string(created);
      if (create_topic(b, name, 1, {{key->name, value}}) != error_code::none) continue;
      ++created;
      use(b, name);
    }
  }
  EXPECT_GT(created, 30U);
  b.advance(400 * day_ms);
  b.stop();
  b.start();
  for (std::size_t i = 0; i < created; ++i) use(b, "t" + std::to_string(i));
}

TEST_F(extremes, of_every_key_of_groups_and_of_clients_metrics_leave_them_answering) {
  constexpr std::int8_t client_metrics_type = 16;
  constexpr std::int8_t group_type = 32;
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (const auto& [scope, type] :
       {std::pair(config_scope::group, group_type), std::pair(config_scope::client_metrics, client_metrics_type)}) {
    for (const config_key* key : keys_of(scope)) {
      if (!is_whole_number(*key)) continue;
      for (const auto& value : extremes_of(*key)) {
        SCOPED_TRACE(std::string(key->name) + "=" + value);
        static_cast<void>(alter(b, type, "members", key->name, value));
        use(b, "t");
      }
    }
  }
}

// Retention of Long.MAX_VALUE is what programs write who want their offsets kept.
TEST_F(extremes, an_offset_committed_with_the_longest_retention_stays) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto asked = commit_request("simple", {"", -1, ""}, "t", 0, 42);
  asked.retention_time_ms = INT64_MAX;
  ASSERT_EQ(b.call<protocol::offset_commit_response>(2, asked).topics.at(0).partitions.at(0).error_code,
            error_code::none);
  for (int day = 0; day < 400; ++day) b.advance(day_ms);
  EXPECT_EQ(committed(b, "simple", "t", 0), 42);
}

}  // namespace
}  // namespace jackdaw::testing
