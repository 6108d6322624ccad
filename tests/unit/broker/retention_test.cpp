// What time alone brings about: segments go, and the log start moves for readers too.
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/incremental_alter_configs.hpp"

namespace jackdaw::testing {
namespace {

class retention : public broker_test {
 protected:
  static std::int64_t log_start(test_broker& b, std::string_view topic, std::int64_t at) {
    const auto answer = b.call<protocol::fetch_response>(fetch_version, fetch_request(topic, 0, at));
    return answer.responses.at(0).partitions.at(0).log_start_offset.value();
  }
  static constexpr std::int64_t check_ms = 300'000;  // log.retention.check.interval.ms
};

TEST_F(retention, records_older_than_the_topic_keeps_them_go_and_their_files_follow) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.ms", "600000"}, {"file.delete.delay.ms", "1000"}}), error_code::none);
  produce(b, "t", 0, {std::string(100'000, 'a')});
  const auto full = b.disk->used_bytes();
  b.advance(2 * check_ms - 1000);
  EXPECT_EQ(read_all(b, "t", 0).size(), 1U) << "not old enough yet";
  for (int i = 0; i < 3; ++i) b.advance(check_ms);
  EXPECT_EQ(log_start(b, "t", 1), 1);
  EXPECT_LT(b.disk->used_bytes(), full - 90'000);
  EXPECT_EQ(produce(b, "t", 0, {"next"}).base_offset, offset{1});
}

TEST_F(retention, a_log_keeps_about_the_bytes_it_may_and_loses_the_oldest) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.bytes", "2500000"}, {"segment.bytes", "1048576"}}), error_code::none);
  for (int i = 0; i < 50; ++i) produce(b, "t", 0, {std::string(100'000, 'x')});
  b.advance(check_ms);
  const auto start = log_start(b, "t", 50);
  EXPECT_GT(start, 0);
  EXPECT_LE(start, 25);
  EXPECT_EQ(read_all(b, "t", 0, start).size(), static_cast<std::size_t>(50 - start));
  b.crash(crash_kind::process);
  b.start();
  EXPECT_EQ(log_start(b, "t", 50), start) << "the files are gone";
}

TEST_F(retention, a_shorter_retention_takes_effect_on_what_is_there) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"x"});
  b.advance(2 * check_ms);
  EXPECT_EQ(log_start(b, "t", 1), 0);
  protocol::incremental_alter_configs_request asked;
  auto& r = asked.resources.emplace_back();
  r.resource_type = 2;
  r.resource_name = "t";
  auto& c = r.configs.emplace_back();
  c.name = "retention.ms";
  c.value = "1000";
  const auto answer = b.call<protocol::incremental_alter_configs_response>(1, asked);
  ASSERT_EQ(answer.responses.at(0).error_code, error_code::none);
  b.advance(check_ms);
  EXPECT_EQ(log_start(b, "t", 1), 1);
}

}  // namespace
}  // namespace jackdaw::testing
