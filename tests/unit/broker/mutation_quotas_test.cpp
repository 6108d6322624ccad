// How fast a client may create and delete partitions (KIP-599), and addresses open connections (KIP-612).
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/alter_client_quotas.hpp"
#include "jackdaw/protocol/messages/create_partitions.hpp"

namespace jackdaw::testing {
namespace {

class mutation_quotas : public broker_test {
 protected:
  static void set_quota(test_broker& b, std::string_view type, std::optional<std::string_view> name,
                        std::string_view key, std::optional<double> value) {
    protocol::alter_client_quotas_request asked;
    auto& e = asked.entries.emplace_back();
    e.entity.push_back({type, name, {}});
    e.ops.push_back({key, value.value_or(0), !value, {}});
    const auto answer = b.call<protocol::alter_client_quotas_response>(1, asked);
    ASSERT_EQ(answer.entries.at(0).error_code, error_code::none);
  }
  // A burst of 5.5 partitions, then one in two seconds.
  static void set_mutations(test_broker& b) { set_quota(b, "client-id", "test", "controller_mutation_rate", 0.5); }

  struct outcome {
    std::int32_t throttle_ms;
    std::vector<error_code> codes;
    bool operator==(const outcome&) const = default;
  };
  static outcome create(test_broker& b, std::int16_t version, const std::vector<std::string>& names,
                        std::int32_t partitions, bool validate_only = false) {
    auto asked = creation({names.begin(), names.end()}, partitions);
    asked.validate_only = validate_only;
    const auto a = b.send(b.connection(), version, asked);
    const auto answer = b.decode<protocol::create_topics_response>(a, version);
    EXPECT_EQ(a->muted_ms, answer.throttle_time_ms);
    outcome out{answer.throttle_time_ms, {}};
    for (const auto& t : answer.topics) out.codes.push_back(t.error_code);
    return out;
  }
  static outcome grow(test_broker& b, std::int16_t version, std::string_view name, std::int32_t count) {
    protocol::create_partitions_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = name;
    t.count = count;
    t.assignments.reset();
    const auto answer = b.call<protocol::create_partitions_response>(version, asked);
    return {answer.throttle_time_ms, {answer.results.at(0).error_code}};
  }
  static outcome remove(test_broker& b, std::int16_t version, std::string_view name) {
    protocol::delete_topics_request asked;
    if (version >= 6) {
      asked.topics.emplace_back().name = name;
    } else {
      asked.topic_names.push_back(name);
    }
    const auto answer = b.call<protocol::delete_topics_response>(version, asked);
    return {answer.throttle_time_ms, {answer.responses.at(0).error_code}};
  }
  static constexpr auto none = error_code::none;
  static constexpr auto spent = error_code::throttling_quota_exceeded;
};

TEST_F(mutation_quotas, an_old_request_is_done_and_its_client_waits) {
  test_broker b;
  set_mutations(b);
  EXPECT_EQ(create(b, 5, {"a"}, 6), (outcome{1000, {none}}));
  EXPECT_EQ(create(b, 4, {"b"}, 1, true), (outcome{3000, {none}})) << "validating counts as doing";
  EXPECT_EQ(grow(b, 2, "a", 7), (outcome{5000, {none}}));
  EXPECT_EQ(remove(b, 4, "a"), (outcome{19'000, {none}}));
  b.advance(19'000);
  EXPECT_EQ(create(b, 5, {"c"}, 1), (outcome{2000, {none}}));
}

TEST_F(mutation_quotas, a_newer_request_is_refused_from_where_the_quota_is_spent) {
  test_broker b(2);
  set_mutations(b);
  EXPECT_EQ(create(b, 7, {"a", "b", "c"}, 3), (outcome{1000, {none, none, spent}}));
  EXPECT_EQ(grow(b, 3, "a", 4), (outcome{1000, {spent}}));
  EXPECT_EQ(remove(b, 5, "a"), (outcome{1000, {spent}}));
  EXPECT_EQ(remove(b, 6, "nobody"), (outcome{0, {error_code::unknown_topic_or_partition}}));
  b.advance(1000);
  EXPECT_EQ(remove(b, 6, "a"), (outcome{0, {none}})) << "one whole change is let in, and paid for later";
  EXPECT_EQ(create(b, 6, {"c"}, 1), (outcome{6000, {spent}}));
  b.advance(6000);
  EXPECT_EQ(create(b, 6, {"c"}, 1), (outcome{0, {none}}));
}

TEST_F(mutation_quotas, other_clients_are_not_held_back) {
  test_broker b;
  set_quota(b, "client-id", "someone", "controller_mutation_rate", 0.001);
  EXPECT_EQ(create(b, 7, {"a", "b"}, 10), (outcome{0, {none, none}}));
}

TEST_F(mutation_quotas, the_shell_is_told_of_connection_rates) {
  test_broker b(2);
  EXPECT_TRUE(b.take_connection_rates().empty()) << "none are set";
  set_quota(b, "ip", "10.0.0.1", "connection_creation_rate", 5);
  set_quota(b, "ip", std::nullopt, "connection_creation_rate", 7);
  set_quota(b, "user", "u", "request_percentage", 7);
  auto told = b.take_connection_rates();
  ASSERT_EQ(told.size(), 2U) << "once for each change of such quotas";
  EXPECT_FALSE(told[0].of_any_ip);
  EXPECT_EQ(told[1].of_any_ip, 7);
  ASSERT_EQ(told[1].of_hosts.size(), 1U);
  EXPECT_EQ(told[1].of_hosts[0], (std::pair<std::string, double>("10.0.0.1", 5)));
  b.stop();
  b.start();
  told = b.take_connection_rates();
  ASSERT_FALSE(told.empty()) << "before anybody may connect";
  EXPECT_EQ(told.back().of_any_ip, 7);
}

}  // namespace
}  // namespace jackdaw::testing
