// Logs that were there at start: opened by workers, for those who ask and for the check after a kill.
#include "partitions/log_opening.hpp"

#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/describe_log_dirs.hpp"
#include "partitions/recovery_progress.hpp"

namespace jackdaw::testing {
namespace {

using broker::opening_queue;
using broker::partition_key;

partition_key key(std::int32_t p) { return {uuid{}, partition_id{p}}; }

TEST(opening_queue, gives_what_requests_wait_for_before_what_only_has_to_be_checked_and_never_more_than_it_may) {
  opening_queue q(2);
  q.ask_in_background(key(1));
  q.ask_in_background(key(2));
  q.ask_in_background(key(3));
  q.ask(key(3), [](broker::open_outcome) {});
  q.ask(key(4), [](broker::open_outcome) {});
  EXPECT_EQ(q.next(), key(3));
  EXPECT_EQ(q.next(), key(4));
  EXPECT_EQ(q.next(), std::nullopt) << "two are running";
  EXPECT_TRUE(q.finished(key(3)).was_in_background);
  EXPECT_EQ(q.next(), key(1));
  EXPECT_FALSE(q.finished(key(4)).was_in_background);
  EXPECT_EQ(q.next(), key(2));
  static_cast<void>(q.finished(key(1)));
  static_cast<void>(q.finished(key(2)));
  EXPECT_EQ(q.next(), std::nullopt);
  EXPECT_TRUE(q.is_empty());
}

TEST(opening_queue, those_who_wait_are_given_back_in_their_order_even_if_they_came_while_it_ran) {
  opening_queue q(1);
  std::string called;
  q.ask(key(1), [&](broker::open_outcome) { called += 'a'; });
  ASSERT_EQ(q.next(), key(1));
  q.ask(key(1), [&](broker::open_outcome) { called += 'b'; });
  EXPECT_EQ(q.next(), std::nullopt) << "once is enough";
  auto ended = q.finished(key(1));
  for (auto& then : ended.waiting) then(broker::open_outcome(nullptr));
  EXPECT_EQ(called, "ab");
}

TEST(opening_queue, a_dropped_opening_that_runs_is_told_apart_when_it_ends_and_one_that_waits_is_gone) {
  opening_queue q(1);
  q.ask(key(1), [](broker::open_outcome) {});
  q.ask(key(2), [](broker::open_outcome) {});
  ASSERT_EQ(q.next(), key(1));
  EXPECT_EQ(q.drop(key(1)).size(), 1U);
  EXPECT_EQ(q.drop(key(2)).size(), 1U);
  EXPECT_FALSE(q.contains(key(2)));
  EXPECT_TRUE(q.finished(key(1)).is_dropped);
  EXPECT_EQ(q.next(), std::nullopt);
}

TEST(opening_queue, how_many_may_run_can_change_while_some_do) {
  opening_queue q(2);
  for (int i = 1; i <= 4; ++i) q.ask_in_background(key(i));
  EXPECT_EQ(q.next(), key(1));
  EXPECT_EQ(q.next(), key(2));
  q.set_running_max(3);
  EXPECT_EQ(q.next(), key(3));
  EXPECT_EQ(q.next(), std::nullopt);
  q.set_running_max(1);
  static_cast<void>(q.finished(key(1)));
  static_cast<void>(q.finished(key(2)));
  EXPECT_EQ(q.next(), std::nullopt) << "one is running";
  static_cast<void>(q.finished(key(3)));
  EXPECT_EQ(q.next(), key(4));
}

TEST(recovery_progress, says_how_many_how_far_and_how_long) {
  broker::recovery_progress p;
  const auto at = [](int ms) { return time_point(std::chrono::milliseconds(ms)); };
  EXPECT_EQ(p.begins(2, 2, at(0)), std::nullopt);
  EXPECT_EQ(p.begins(1, 2, at(1)), "The last run did not end cleanly: checking 3 logs behind their recovery points");
  EXPECT_EQ(p.recovered(1 << 20, at(100)), std::nullopt) << "not so soon";
  EXPECT_EQ(p.recovered(1 << 20, at(5100)), "Checked 2 of 3 logs so far: read 2.0 MiB");
  EXPECT_EQ(p.recovered(0, at(5200)), "Checked 3 logs in 5200 ms: read 2.0 MiB");
}

class opening : public broker_test {
 protected:
  using answer_ptr = std::shared_ptr<test_broker::answer>;
  static constexpr std::uint32_t held_shard = 1;

  // Neighbouring partitions live on different shards: the one on the shard whose workers are held.
  static std::int32_t partition_on_held_shard(test_broker& b, std::string_view topic) {
    b.hold_workers(held_shard);
    for (const std::int32_t p : {0, 1}) {
      const auto c = b.connect(0);
      const auto asked = b.send(c, fetch_version, fetch_request(topic, p, 0));
      if (!asked->arrived) return p;
    }
    ADD_FAILURE() << "both logs were open";
    return 0;
  }
  answer_ptr send(test_broker& b, broker::connection_id c, std::string_view topic,
                  const std::vector<std::pair<std::int32_t, std::string>>& values) {
    protocol::produce_request asked;
    asked.acks = -1;
    asked.timeout_ms = 1000;
    std::vector<std::vector<std::byte>> batches;
    for (const auto& [partition, value] : values) batches.push_back(batch(b, {value}, {}));
    auto& t = asked.topic_data.emplace_back();
    t.name = topic;
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto& p = t.partition_data.emplace_back();
      p.index = partition_id{values[i].first};
      p.records = protocol::records_view::of(batches[i]);
    }
    return b.send(c, produce_version, asked);
  }
  void restart(test_broker& b) {
    b.stop();
    b.start();
  }
};

TEST_F(opening, requests_wait_for_a_log_that_a_worker_opens_keep_their_order_and_hold_up_nobody_else) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  produce(b, "t", 0, {"a"});
  produce(b, "t", 1, {"a"});
  restart(b);
  const auto slow = partition_on_held_shard(b, "t");
  const auto quick = 1 - slow;
  const auto one = b.connect(0);
  const auto two = b.connect(1);
  const auto both = send(b, one, "t", {{slow, "b"}, {quick, "b"}});
  const auto after_it = send(b, one, "t", {{slow, "c"}});
  const auto other = send(b, two, "t", {{quick, "c"}});
  EXPECT_FALSE(both->arrived);
  EXPECT_FALSE(after_it->arrived);
  EXPECT_TRUE(other->arrived);
  b.release_workers();
  for (const auto& answer : {both, after_it, other}) {
    const auto decoded = b.decode<protocol::produce_response>(answer, produce_version);
    for (const auto& p : decoded.responses.at(0).partition_responses) EXPECT_EQ(p.error_code, error_code::none);
  }
  EXPECT_EQ(read_all(b, "t", slow), (std::vector<std::string>{"0:a", "1:b", "2:c"}));
  EXPECT_EQ(read_all(b, "t", quick), (std::vector<std::string>{"0:a", "1:b", "2:c"}));
}

TEST_F(opening, records_that_must_be_synced_are_when_their_log_had_to_be_opened_first) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2, {{"flush.messages", "1"}}), error_code::none);
  produce(b, "t", 0, {"a"});
  produce(b, "t", 1, {"a"});
  restart(b);
  const auto slow = partition_on_held_shard(b, "t");
  const auto both = send(b, b.connect(0), "t", {{slow, "b"}, {1 - slow, "b"}});
  EXPECT_FALSE(both->arrived);
  b.release_workers();
  EXPECT_TRUE(both->arrived);
  b.crash(crash_kind::power);
  b.start();
  EXPECT_EQ(read_all(b, "t", slow), (std::vector<std::string>{"0:a", "1:b"}));
  EXPECT_EQ(read_all(b, "t", 1 - slow), (std::vector<std::string>{"0:a", "1:b"}));
}

TEST_F(opening, a_topic_deleted_meanwhile_is_deleted_only_when_its_name_is_free) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  produce(b, "t", 0, {"old"});
  produce(b, "t", 1, {"old"});
  restart(b);
  const auto slow = partition_on_held_shard(b, "t");
  const auto waiting = send(b, b.connect(1), "t", {{slow, "lost"}});
  protocol::delete_topics_request asked;
  asked.topics.emplace_back().name = "t";
  const auto deleted = b.send(b.connect(0), 6, asked);
  EXPECT_FALSE(deleted->arrived) << "a worker still uses the directory";
  const auto refused = b.decode<protocol::produce_response>(waiting, produce_version);
  EXPECT_EQ(refused.responses.at(0).partition_responses.at(0).error_code, error_code::unknown_topic_or_partition);
  b.release_workers();
  EXPECT_EQ(b.decode<protocol::delete_topics_response>(deleted, 6).responses.at(0).error_code, error_code::none);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  EXPECT_EQ(read_all(b, "t", slow), std::vector<std::string>{});
  EXPECT_EQ(produce(b, "t", slow, {"new"}).base_offset, offset{0});
  restart(b);
  EXPECT_EQ(read_all(b, "t", slow), std::vector<std::string>{"0:new"});
}

TEST_F(opening, a_kill_is_followed_by_a_check_of_every_log_and_words_about_it) {
  test_broker b(2);
  ASSERT_EQ(create_topic(b, "t", 4), error_code::none);
  for (std::int32_t p = 0; p < 3; ++p) produce(b, "t", p, {"x"});
  b.crash(crash_kind::process);
  test_broker::take_log();
  b.start();
  const auto said = test_broker::take_log();
  ASSERT_EQ(said.size(), 2U) << "the fourth log is empty";
  EXPECT_EQ(said[0], "The last run did not end cleanly: checking 3 logs behind their recovery points");
  EXPECT_EQ(said[1].substr(0, 14), "Checked 3 logs");
  b.stop();
  b.start();
  EXPECT_TRUE(b.server().storage->was_clean(0));
  EXPECT_TRUE(test_broker::take_log().empty());
}

TEST_F(opening, what_was_recovered_is_synced_and_closes_its_files) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t", 50), error_code::none);
  for (std::int32_t p = 0; p < 50; ++p) produce(b, "t", p, {"x"});
  b.crash(crash_kind::process);
  b.open_files_max = 40;
  b.start();
  EXPECT_LE(b.disk->open_files(), 40U);
  b.crash(crash_kind::worst);
  b.start();
  for (std::int32_t p = 0; p < 50; ++p) EXPECT_EQ(read_all(b, "t", p), std::vector<std::string>{"0:x"});
}

TEST_F(opening, a_full_segment_is_synced_in_the_background_whatever_the_flush_settings) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t", 1, {{"segment.bytes", "1048576"}}), error_code::none);
  for (int i = 0; i < 15; ++i) produce(b, "t", 0, {std::string(100'000, 'x')});
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_GE(read_all(b, "t", 0).size(), 10U);
}

TEST_F(opening, a_log_that_could_not_be_checked_is_checked_at_the_next_start) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"x"});
  b.crash(crash_kind::process);
  b.disk->set_fault_hook([](disk_operation, const std::string& path) -> std::optional<errc> {
    if (path.find("t-0/") == std::string::npos || !path.ends_with(".log")) return std::nullopt;
    return errc::io;
  });
  b.start();
  EXPECT_EQ(produce(b, "t", 0, {"y"}).error_code, error_code::kafka_storage_error);
  b.stop();
  b.disk->set_fault_hook(nullptr);
  b.start();
  EXPECT_FALSE(b.server().storage->was_clean(0));
  EXPECT_EQ(read_all(b, "t", 0), std::vector<std::string>{"0:x"});
}

TEST_F(opening, retention_reaches_logs_that_nobody_has_used_since_the_start) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 1, {{"retention.ms", "1000"}, {"file.delete.delay.ms", "1000"}}), error_code::none);
  produce(b, "t", 0, {std::string(100'000, 'a')});
  restart(b);
  const auto full = b.disk->used_bytes();
  for (int i = 0; i < 4; ++i) b.advance(300'000);
  EXPECT_LT(b.disk->used_bytes(), full - 90'000);
}

TEST_F(opening, the_size_of_a_log_is_known_without_opening_it) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {std::string(1000, 'a')});
  const auto size = [&b] {
    protocol::describe_log_dirs_request asked;
    asked.topics.reset();
    const auto answer = b.call<protocol::describe_log_dirs_response>(4, asked);
    return answer.results.at(0).topics.at(0).partitions.at(0).partition_size;
  };
  const auto opened = size();
  EXPECT_GT(opened, 1000);
  restart(b);
  const auto files = b.disk->open_files();
  EXPECT_EQ(size(), opened);
  EXPECT_EQ(b.disk->open_files(), files);
}

TEST_F(opening, more_logs_can_be_in_use_than_files_can_be_open) {
  test_broker b(1);
  b.open_files_max = 40;
  restart(b);
  ASSERT_EQ(create_topic(b, "t", 100), error_code::none);
  std::size_t most = 0;
  for (std::int32_t round = 0; round < 3; ++round) {
    for (std::int32_t p = 0; p < 100; ++p) {
      EXPECT_EQ(produce(b, "t", p, {std::to_string(round)}).base_offset, offset{round});
      most = std::max(most, b.disk->open_files());
    }
  }
  EXPECT_LE(most, 40U);
  for (std::int32_t p = 0; p < 100; ++p) {
    EXPECT_EQ(read_all(b, "t", p), (std::vector<std::string>{"0:0", "1:1", "2:2"}));
    EXPECT_LE(b.disk->open_files(), 40U);
  }
  restart(b);
  EXPECT_TRUE(b.server().storage->was_clean(0));
}

// Pages of indexes that aren't synced yet hold their files open: those are synced for the budget's sake.
TEST_F(opening, logs_with_unsynced_data_let_go_of_their_files_when_there_are_too_many) {
  test_broker b(1);
  b.open_files_max = 40;
  restart(b);
  ASSERT_EQ(create_topic(b, "t", 40, {{"index.interval.bytes", "1"}}), error_code::none);
  for (std::int32_t p = 0; p < 40; ++p) {
    for (int i = 0; i < 600; ++i) produce(b, "t", p, {"x"});
    EXPECT_LE(b.disk->open_files(), 40U) << p;
  }
}

TEST_F(opening, very_many_logs_are_closed_with_few_syncs_and_survive_a_power_cut) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t", 200), error_code::none);
  for (std::int32_t p = 0; p < 200; ++p) produce(b, "t", p, {"x"});
  const auto syncs = b.disk->operations(disk_operation::sync);
  b.stop();
  EXPECT_LT(b.disk->operations(disk_operation::sync) - syncs, 50U);
  b.disk->crash(crash_kind::worst);
  b.start();
  EXPECT_TRUE(b.server().storage->was_clean(0));
  for (std::int32_t p = 0; p < 200; ++p) EXPECT_EQ(read_all(b, "t", p), std::vector<std::string>{"0:x"});
}

TEST_F(opening, a_sync_that_fails_at_the_end_leaves_no_mark_of_a_clean_stop) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t", 100), error_code::none);
  for (std::int32_t p = 0; p < 100; ++p) produce(b, "t", p, {"x"});
  b.disk->set_syncs_fail(true);
  b.stop();
  b.disk->set_syncs_fail(false);
  b.start();
  EXPECT_FALSE(b.server().storage->was_clean(0));
}

}  // namespace
}  // namespace jackdaw::testing
