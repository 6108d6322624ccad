// Very many logs: made and looked at a few at a time, so that nobody who wants one waits for all.
#include "partitions/log_search.hpp"

#include <algorithm>
#include <array>

#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

using many_logs = broker_test;

constexpr std::uint32_t held_shard = 1;

std::size_t directories(const test_broker& b, const std::string& topic) {
  const auto all = *b.disk->list("/data");
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [&](const auto& entry) { return entry.name.starts_with(topic + '-'); }));
}

// With a hundred thousand of them a stop would take half a minute.
TEST_F(many_logs, that_nobody_has_begun_to_make_when_the_broker_stops_are_made_by_the_next_start) {
  test_broker b(2);
  b.hold_workers(held_shard);
  ASSERT_EQ(create_topic(b, "t", 2000), error_code::none);
  EXPECT_EQ(directories(b, "t"), 1000u) << "those of the other shard";
  b.stop();
  EXPECT_EQ(directories(b, "t"), 1512u) << "and two jobs that were handed to workers before";
  b.start();
  EXPECT_EQ(directories(b, "t"), 2000u);
  for (const std::int32_t p : {0, 1, 1998, 1999}) {
    produce(b, "t", p, {"a"});
    EXPECT_EQ(read_all(b, "t", p), (std::vector<std::string>{"0:a"}));
  }
}

TEST_F(many_logs, that_are_being_made_do_not_keep_one_waiting_that_somebody_reads) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  produce(b, "t", 0, {"a"});
  produce(b, "t", 1, {"a"});
  b.stop();
  b.start();
  b.hold_workers(held_shard);
  ASSERT_EQ(create_topic(b, "many", 4000), error_code::none);
  EXPECT_EQ(b.waiting_jobs(held_shard), 2u) << "the others come when these are done";
  const std::array asked{b.send(b.connect(0), fetch_version, fetch_request("t", 0, 0)),
                         b.send(b.connect(0), fetch_version, fetch_request("t", 1, 0))};
  EXPECT_EQ(b.waiting_jobs(held_shard), 3u);
  b.release_workers();
  EXPECT_TRUE(asked[0]->arrived && asked[1]->arrived);
  EXPECT_EQ(directories(b, "many"), 4000u);
  for (const std::int32_t p : {0, 1}) EXPECT_EQ(read_all(b, "t", p), (std::vector<std::string>{"0:a"}));
}

TEST_F(many_logs, that_nobody_has_begun_to_make_are_not_made_once_their_topic_is_deleted) {
  for (const bool stops : {false, true}) {
    test_broker b(2);
    b.hold_workers(held_shard);
    ASSERT_EQ(create_topic(b, "t", 2000), error_code::none);
    protocol::delete_topics_request asked;
    asked.topics.emplace_back().name = "t";
    asked.timeout_ms = 1000;
    const auto before = b.disk->operations(disk_operation::rename);
    const auto deleted = b.send(b.connect(0), 6, asked);
    EXPECT_FALSE(deleted->arrived) << "two jobs are at it";
    if (stops) {
      b.stop();
      b.start();
    } else {
      b.release_workers();
      EXPECT_TRUE(deleted->arrived);
      EXPECT_LT(b.disk->operations(disk_operation::rename) - before, 1600u) << "1512 were made, and are put away";
    }
    EXPECT_EQ(directories(b, "t"), 0u);
    ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
    EXPECT_EQ(directories(b, "t"), 3u);
  }
}

TEST_F(many_logs, are_looked_at_for_records_some_at_a_time) {
  sim_disk disk(1);
  std::vector<broker::log_search::candidate> all;
  for (std::int32_t p = 0; p < 300; ++p) {
    const auto directory = "/data/t-" + std::to_string(p);
    ASSERT_TRUE(disk.create_directories(directory));
    all.emplace_back(broker::partition_key{uuid{1, 1}, partition_id{p}}, directory);
    const std::vector<std::byte> content(p == 0 || p == 299 ? 10 : 0);
    ASSERT_TRUE(log::replace_file(disk, directory + "/00000000000000000000.log", content, false));
  }
  broker::log_search s(all);
  s.look_at_some(disk);
  EXPECT_FALSE(s.is_over()) << "others come in between";
  EXPECT_EQ(s.found().size(), 1u);
  s.look_at_some(disk);
  EXPECT_TRUE(s.is_over());
  ASSERT_EQ(s.found().size(), 2u);
  EXPECT_EQ(s.found()[1].partition, partition_id{299});
}

}  // namespace
}  // namespace jackdaw::testing
