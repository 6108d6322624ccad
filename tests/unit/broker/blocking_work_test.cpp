// What waits for the file system is done by workers: a shard has other partitions and connections to serve.
#include <set>

#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/delete_records.hpp"

namespace jackdaw::testing {
namespace {

using values = std::vector<std::string>;

class blocking_work : public broker_test {
 protected:
  // Notes what a shard itself asks of the file system for the topic "t", of what may take long.
  void watch(test_broker& b) {
    b.disk->set_fault_hook([this, &b](disk_operation what, const std::string& path) -> std::optional<errc> {
      static const std::set<disk_operation> slow{disk_operation::sync,   disk_operation::sync_directory,
                                                 disk_operation::rename, disk_operation::remove,
                                                 disk_operation::list,   disk_operation::truncate};
      if (path.find("/t-") == std::string::npos || !slow.contains(what)) return std::nullopt;
      if (b.is_worker()) {
        ++by_workers;
      } else {
        by_shards.push_back(std::to_string(static_cast<int>(what)) + ' ' + path);
      }
      return std::nullopt;
    });
  }
  static void delete_before(test_broker& b, std::int64_t before) {
    protocol::delete_records_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = "t";
    t.partitions.emplace_back().offset = offset{before};
    EXPECT_EQ(b.call<protocol::delete_records_response>(2, asked).topics.at(0).partitions.at(0).error_code,
              error_code::none);
  }

  values by_shards;
  int by_workers = 0;
};

TEST_F(blocking_work, of_partitions_lives_is_done_by_workers) {
  test_broker b(1);
  watch(b);
  ASSERT_EQ(create_topic(b, "t", 3,
                         {{"segment.bytes", "1048576"}, {"retention.ms", "60000"}, {"file.delete.delay.ms", "1000"}}),
            error_code::none);
  EXPECT_EQ(by_shards, values{}) << "creation";
  EXPECT_GT(std::exchange(by_workers, 0), 0);
  for (int i = 0; i < 30; ++i) produce(b, "t", 0, {std::string(100'000, 'x')});
  delete_before(b, 3);
  for (int i = 0; i < 6; ++i) b.advance(300'000);
  EXPECT_EQ(by_shards, values{}) << "rolling, syncing, retention, removal";
  EXPECT_GT(std::exchange(by_workers, 0), 0);
  EXPECT_LT(b.disk->used_bytes(), 3'000'000U);
  produce(b, "t", 1, {"y"});
  b.stop();
  EXPECT_EQ(by_shards, values{}) << "closing a few logs";
  EXPECT_GT(std::exchange(by_workers, 0), 0);
  b.start();
  EXPECT_EQ(read_all(b, "t", 1), values{"0:y"});
  ASSERT_EQ(delete_topic(b, "t"), error_code::none);
  EXPECT_EQ(by_shards, values{}) << "opening, deletion";
  EXPECT_GT(by_workers, 0);
  b.disk->set_fault_hook(nullptr);
}

// Whoever asks for a partition that is being made waits for it, and no longer.
TEST_F(blocking_work, requests_wait_for_a_partition_that_a_worker_makes) {
  test_broker b(1);
  b.hold_workers(0);
  const auto created = b.send(b.connection(), 7, creation({"t"}));
  b.release_workers();
  EXPECT_TRUE(created->arrived);
  EXPECT_EQ(produce(b, "t", 0, {"a"}).base_offset, offset{0});
  EXPECT_EQ(read_all(b, "t", 0), values{"0:a"});
}

TEST_F(blocking_work, a_deleted_topics_name_is_free_only_when_its_directory_is_put_away) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"old"});
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(delete_topic(b, "t"), error_code::none);
    ASSERT_EQ(create_topic(b, "t"), error_code::none);
    EXPECT_EQ(read_all(b, "t", 0), values{});
    EXPECT_EQ(produce(b, "t", 0, {"new"}).base_offset, offset{0});
  }
  b.stop();
  b.start();
  EXPECT_EQ(read_all(b, "t", 0), values{"0:new"});
}

}  // namespace
}  // namespace jackdaw::testing
