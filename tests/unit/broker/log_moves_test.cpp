// Moves of partitions between data directories: while they are written and read, cancelled, interrupted, and through
// crashes at every step.
#include "broker_fixture.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/protocol/messages/alter_replica_log_dirs.hpp"
#include "jackdaw/protocol/messages/describe_log_dirs.hpp"

namespace jackdaw::testing {
namespace {

class log_moves : public broker_test {
 protected:
  static std::vector<std::string> settings(std::vector<std::string> more = {}) {
    more.push_back("log.dirs=/a,/b");
    return more;
  }

  static error_code move(test_broker& b, std::string_view to, std::string_view topic, std::int32_t partition = 0,
                         std::int16_t version = 2) {
    protocol::alter_replica_log_dirs_request asked;
    auto& d = asked.dirs.emplace_back();
    d.path = to;
    auto& t = d.topics.emplace_back();
    t.name = topic;
    t.partitions = {partition_id{partition}};
    return b.call<protocol::alter_replica_log_dirs_response>(version, asked).results.at(0).partitions.at(0).error_code;
  }

  struct place {
    std::string directory;
    std::int64_t size = 0;
    std::int64_t lag = 0;
  };
  struct places {
    place now;
    place future;
  };
  static places where(test_broker& b, std::string_view topic, std::int32_t partition = 0) {
    protocol::describe_log_dirs_request asked;
    asked.topics.reset();
    const auto got = b.call<protocol::describe_log_dirs_response>(4, asked);
    places out;
    for (const auto& d : got.results) {
      for (const auto& t : d.topics) {
        for (const auto& p : t.partitions) {
          if (t.name != topic || p.partition_index != partition_id{partition}) continue;
          auto& one = p.is_future_key ? out.future : out.now;
          EXPECT_EQ(one.directory, "") << "it is there once";
          one = {std::string(d.log_dir), p.partition_size, p.offset_lag};
        }
      }
    }
    return out;
  }
  static std::string other(const std::string& directory) { return directory == "/a" ? "/b" : "/a"; }
  static std::vector<std::string> names(test_broker& b, const std::string& directory, std::string_view beginning) {
    std::vector<std::string> found;
    for (const auto& e : *b.disk->list(directory)) {
      if (e.name.starts_with(beginning)) found.push_back(e.name);
    }
    return found;
  }

  // Writes `count` records "base+i" in batches of one.
  void fill(test_broker& b, int count, int base = 0, std::string_view topic = "t") {
    for (int i = 0; i < count; ++i) {
      ASSERT_EQ(produce(b, topic, 0, {std::to_string(base + i)}).error_code, error_code::none);
      expected_.push_back(std::to_string(expected_.size()) + ':' + std::to_string(base + i));
    }
  }

  std::vector<std::string> expected_;
};

TEST_F(log_moves, a_partition_goes_to_another_directory_with_all_it_has) {
  test_broker b(2, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  fill(b, 50);
  for (std::int16_t version = 1; version <= 2; ++version) {
    const auto from = where(b, "t").now;
    const auto to = other(from.directory);
    ASSERT_EQ(move(b, to, "t", 0, version), error_code::none);
    const auto after = where(b, "t");
    EXPECT_EQ(after.now.directory, to);
    EXPECT_EQ(after.now.size, from.size);
    EXPECT_EQ(after.future.directory, "");
    EXPECT_TRUE(names(b, from.directory, "t-0").empty());
    EXPECT_FALSE(b.disk->exists(to + "/t-0/moved-here"));
    fill(b, 10, 100 * version);
    EXPECT_EQ(read_all(b, "t", 0), expected_);
    b.stop();
    b.start();
    EXPECT_EQ(where(b, "t").now.directory, to);
    EXPECT_EQ(read_all(b, "t", 0), expected_);
  }
}

TEST_F(log_moves, large_logs_and_empty_ones_go_too) {
  test_broker b(1, settings());
  ASSERT_EQ(create_topic(b, "t", 1, {{"segment.bytes", "1048576"}}), error_code::none);
  ASSERT_EQ(create_topic(b, "empty"), error_code::none);
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(produce(b, "t", 0, {std::string(100'000, static_cast<char>('a' + i % 26))}).error_code, error_code::none);
  }
  const auto before = read_all(b, "t", 0);
  for (const auto* topic : {"t", "empty"}) {
    const auto to = other(where(b, topic).now.directory);
    ASSERT_EQ(move(b, to, topic), error_code::none);
    EXPECT_EQ(where(b, topic).now.directory, to) << topic;
  }
  EXPECT_EQ(read_all(b, "t", 0), before);
  EXPECT_EQ(produce(b, "empty", 0, {"x"}).base_offset, offset{0});
}

TEST_F(log_moves, what_was_deleted_stays_so) {
  test_broker b(1, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (int i = 0; i < 5; ++i) produce(b, "t", 0, {"1", "2", "3", "4"});
  auto* p = b.state(0).partitions.find_open({topic_id_of(b, "t"), partition_id{0}});
  ASSERT_NE(p, nullptr);
  ASSERT_TRUE(b.state(0).partitions.delete_records(*p, offset{6}));
  ASSERT_EQ(move(b, other(where(b, "t").now.directory), "t"), error_code::none);
  EXPECT_EQ(p->log->log_start_offset(), offset{6});
  EXPECT_EQ(p->log->log_end_offset(), offset{20});
  EXPECT_EQ(read_all(b, "t", 0, 6).size(), 16U) << "from the batch that holds the start";
  p->log->check();
}

TEST_F(log_moves, a_move_can_be_seen_slowed_down_and_cancelled) {
  test_broker b(1, settings({"replica.alter.log.dirs.io.max.bytes.per.second=1000000"}));
  ASSERT_EQ(create_topic(b, "t", 1, {{"segment.bytes", "1048576"}}), error_code::none);
  for (int i = 0; i < 60; ++i) ASSERT_EQ(produce(b, "t", 0, {std::string(100'000, 'x')}).error_code, error_code::none);
  const auto from = where(b, "t").now.directory;
  ASSERT_EQ(move(b, other(from), "t"), error_code::none);
  auto at = where(b, "t");
  EXPECT_EQ(at.now.directory, from);
  EXPECT_EQ(at.future.directory, other(from));
  EXPECT_GT(at.future.lag, 40);
  ASSERT_EQ(names(b, other(from), "t-0").size(), 1U);
  EXPECT_TRUE(names(b, other(from), "t-0")[0].ends_with("-future"));
  b.advance(1'000);
  const auto later = where(b, "t");
  EXPECT_LT(later.future.lag, at.future.lag);
  EXPECT_GT(later.future.size, at.future.size);
  ASSERT_EQ(move(b, other(from), "t"), error_code::none);
  EXPECT_GE(where(b, "t").future.size, later.future.size) << "asking again changes nothing";
  ASSERT_EQ(move(b, from, "t"), error_code::none);
  at = where(b, "t");
  EXPECT_EQ(at.now.directory, from);
  EXPECT_EQ(at.future.directory, "");
  EXPECT_TRUE(names(b, other(from), "t-0").empty());
  b.advance(10'000);
  EXPECT_EQ(where(b, "t").now.directory, from);
  ASSERT_EQ(move(b, other(from), "t"), error_code::none);
  for (int i = 0; i < 10; ++i) {
    produce(b, "t", 0, {"more"});
    b.advance(2'000);
  }
  EXPECT_EQ(where(b, "t").now.directory, other(from));
  EXPECT_EQ(read_all(b, "t", 0).size(), 70U);
}

TEST_F(log_moves, appends_wait_for_the_switch_and_nobody_else_does) {
  test_broker b(1, settings({"log.flush.interval.messages=1"}));
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  ASSERT_EQ(create_topic(b, "u"), error_code::none);
  fill(b, 5);
  const auto from = where(b, "t").now.directory;
  b.hold_workers(0);
  ASSERT_EQ(move(b, other(from), "t"), error_code::none);  // so little that the first piece is the last
  const auto waiting = send_produce(b, b.connection(), "t", 0, batch(b, {"held"}, {}));
  EXPECT_FALSE(waiting->arrived);
  EXPECT_EQ(values_of(b.call<protocol::fetch_response>(fetch_version, fetch_request("t", 0, 0))), expected_);
  b.release_workers();
  EXPECT_TRUE(waiting->arrived);
  expected_.push_back("5:held");
  EXPECT_EQ(where(b, "t").now.directory, other(from));
  EXPECT_EQ(read_all(b, "t", 0), expected_);
}

TEST_F(log_moves, a_waiting_fetch_gets_what_comes_after_the_switch) {
  test_broker b(2, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  fill(b, 5);
  const auto waiting = b.send(b.connect(0), fetch_version, fetch_request("t", 0, 5, 60'000));
  ASSERT_EQ(move(b, other(where(b, "t").now.directory), "t"), error_code::none);
  EXPECT_FALSE(waiting->arrived);
  fill(b, 1, 99);
  EXPECT_EQ(values_of(b.decode<protocol::fetch_response>(waiting, fetch_version)), std::vector<std::string>{"5:99"});
}

TEST_F(log_moves, idempotent_producers_go_on) {
  test_broker b(2, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto of = [](std::int32_t sequence) { return producer{producer_id{7}, producer_epoch{0}, sequence}; };
  EXPECT_EQ(produce(b, "t", 0, {"a"}, of(0)).error_code, error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"b"}, of(1)).error_code, error_code::none);
  ASSERT_EQ(move(b, other(where(b, "t").now.directory), "t"), error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"b"}, of(1)).base_offset, offset{1}) << "a duplicate is known as such";
  EXPECT_EQ(produce(b, "t", 0, {"d"}, of(3)).error_code, error_code::out_of_order_sequence_number);
  EXPECT_EQ(produce(b, "t", 0, {"c"}, of(2)).base_offset, offset{2});
}

TEST_F(log_moves, wishes_that_can_not_be_met_are_told) {
  test_broker b(2, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(move(b, "/nowhere", "t"), error_code::log_dir_not_found);
  EXPECT_EQ(move(b, "/nowhere", "none"), error_code::log_dir_not_found);
  EXPECT_EQ(move(b, "/a", "t", 9), error_code::unknown_topic_or_partition);
}

TEST_F(log_moves, a_partition_that_is_not_there_yet_is_made_where_it_was_wished_to_be) {
  test_broker b(3, settings());
  for (const auto* to : {"/a", "/b"}) {
    for (int i = 0; i < 4; ++i) {
      const auto name = std::string("new") + (to + 1) + std::to_string(i);
      EXPECT_EQ(move(b, to, name), error_code::unknown_topic_or_partition);
      ASSERT_EQ(create_topic(b, name), error_code::none);
      EXPECT_EQ(where(b, name).now.directory, to);
    }
  }
}

TEST_F(log_moves, a_restart_begins_the_move_anew) {
  test_broker b(2, settings({"replica.alter.log.dirs.io.max.bytes.per.second=1000000"}));
  ASSERT_EQ(create_topic(b, "t", 1, {{"segment.bytes", "1048576"}}), error_code::none);
  for (int i = 0; i < 30; ++i) ASSERT_EQ(produce(b, "t", 0, {std::string(100'000, 'x')}).error_code, error_code::none);
  const auto from = where(b, "t").now.directory;
  ASSERT_EQ(move(b, other(from), "t"), error_code::none);
  for (const bool clean : {true, false}) {
    if (clean) {
      b.stop();
    } else {
      b.crash(crash_kind::process);
    }
    b.start();
    const auto at = where(b, "t");
    EXPECT_EQ(at.now.directory, from);
    EXPECT_EQ(at.future.directory, other(from));
    EXPECT_EQ(names(b, other(from), "t-0").size(), 1U);
  }
  for (int i = 0; i < 10; ++i) b.advance(2'000);
  EXPECT_EQ(where(b, "t").now.directory, other(from));
  EXPECT_EQ(read_all(b, "t", 0).size(), 30U);
}

TEST_F(log_moves, a_topic_that_is_deleted_while_it_moves_leaves_nothing_behind) {
  for (const bool switching : {false, true}) {
    test_broker b(1, settings({"replica.alter.log.dirs.io.max.bytes.per.second=100000"}));
    ASSERT_EQ(create_topic(b, "t", 1, {{"segment.bytes", "1048576"}}), error_code::none);
    for (int i = 0; i < (switching ? 1 : 30); ++i) produce(b, "t", 0, {std::string(100'000, 'x')});
    const auto from = where(b, "t").now.directory;
    if (switching) b.hold_workers(0);
    ASSERT_EQ(move(b, other(from), "t"), error_code::none);
    protocol::delete_topics_request asked;
    asked.topics.emplace_back().name = "t";
    const auto deleted = b.send(b.connection(), 6, asked);
    const auto refused = switching ? send_produce(b, b.connect(0), "t", 0, batch(b, {"late"}, {})) : nullptr;
    b.release_workers();
    EXPECT_TRUE(deleted->arrived);
    EXPECT_TRUE(!refused || refused->arrived);
    EXPECT_TRUE(names(b, "/a", "t-0").empty());
    EXPECT_TRUE(names(b, "/b", "t-0").empty());
    ASSERT_EQ(create_topic(b, "t"), error_code::none);
    EXPECT_EQ(produce(b, "t", 0, {"new"}).base_offset, offset{0});
    b.advance(60'000);
    EXPECT_EQ(read_all(b, "t", 0), std::vector<std::string>{"0:new"});
  }
}

TEST_F(log_moves, a_failing_target_ends_the_move_and_nothing_else) {
  test_broker b(1, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  fill(b, 5);
  const auto from = where(b, "t").now.directory;
  for (const auto bad : {disk_operation::write, disk_operation::sync, disk_operation::rename}) {
    b.disk->set_fault_hook([&](disk_operation what, const std::string& path) -> std::optional<errc> {
      if (what == bad && path.starts_with(other(from) + "/t-0")) return errc::io;
      return std::nullopt;
    });
    ASSERT_EQ(move(b, other(from), "t"), error_code::none);
    b.advance(5'000);
    b.disk->set_fault_hook(nullptr);
    EXPECT_EQ(where(b, "t").now.directory, from);
    EXPECT_EQ(where(b, "t").future.directory, "");
    fill(b, 1, 7);
    EXPECT_EQ(read_all(b, "t", 0), expected_);
  }
  ASSERT_EQ(move(b, other(from), "t"), error_code::none);
  EXPECT_EQ(where(b, "t").now.directory, other(from));
}

// The disk dies at the n-th operation of the move, the machine restarts, for every n: what was acknowledged as flushed
// is there, once, in one directory.
TEST_F(log_moves, a_crash_at_any_step_loses_nothing) {
  for (const auto kind : {crash_kind::process, crash_kind::power, crash_kind::worst}) {
    bool finished = false;
    for (std::uint64_t n = 0; !finished; ++n) {
      ASSERT_LT(n, 500U);
      SCOPED_TRACE(n);
      test_broker b(1, settings({"log.flush.interval.messages=1"}), 1 + n);
      expected_.clear();
      ASSERT_EQ(create_topic(b, "t"), error_code::none);
      fill(b, 10);
      const auto from = where(b, "t").now.directory;
      std::uint64_t operations = 0;
      b.disk->set_fault_hook([&](disk_operation, const std::string&) -> std::optional<errc> {
        return ++operations > n ? std::optional(errc::io) : std::nullopt;
      });
      ASSERT_EQ(move(b, other(from), "t"), error_code::none);
      finished = operations <= n;
      if (finished) {
        b.disk->set_fault_hook(nullptr);
        fill(b, 3, 50);
      }
      b.crash(kind);
      b.disk->set_fault_hook(nullptr);
      b.start();
      EXPECT_EQ(read_all(b, "t", 0), expected_);
      for (int i = 0; i < 5; ++i) b.advance(2'000);
      fill(b, 2, 70);
      EXPECT_EQ(read_all(b, "t", 0), expected_);
      EXPECT_EQ(names(b, "/a", "t-0").size() + names(b, "/b", "t-0").size(), 1U);
      b.stop();
      b.start();
      EXPECT_EQ(read_all(b, "t", 0), expected_);
    }
  }
}

TEST_F(log_moves, a_partition_found_in_two_directories_stops_the_start_unless_one_says_that_it_is_newer) {
  test_broker b(1, settings());
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  fill(b, 3);
  const auto from = where(b, "t").now.directory;
  b.stop();
  ASSERT_TRUE(b.disk->create_directories(other(from) + "/t-0"));
  config_input input;
  input.overrides = {"log.dirs=/a,/b"};
  random_source random(1);
  const auto refused = broker::storage::open(*b.disk, load_broker_config(input)->config, random);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().detail.find("in two data directories"), std::string::npos);
  ASSERT_TRUE(b.disk->open(from + "/t-0/moved-here", log::open_mode::create));
  b.start();
  EXPECT_EQ(read_all(b, "t", 0), expected_);
  EXPECT_TRUE(names(b, other(from), "t-0").empty());
}

}  // namespace
}  // namespace jackdaw::testing
