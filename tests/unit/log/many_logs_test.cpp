// Logs that are made and closed by a worker, one or very many.
#include <gmock/gmock.h>

#include "jackdaw/log/jobs.hpp"
#include "log_fixture.hpp"

namespace jackdaw::log {
namespace {

using ::testing::HasSubstr;

class many_logs_test : public log_fixture {};

// ---- new logs

open_options new_partition(int number) {
  open_options o;
  o.directory = "/data/n-" + std::to_string(number);
  o.topic_id = uuid{7, 8};
  o.partition = partition_id{number};
  o.config = std::make_shared<const log_config>();
  return o;
}

TEST_F(many_logs_test, what_names_a_new_partition_survives_a_power_cut) {
  for (const int count : {1, 3, 200}) {
    std::vector<open_options> wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(new_partition(1000 * count + i));
    auto made = create_logs(disk, wanted);
    ASSERT_EQ(made.size(), wanted.size());
    for (const auto& one : made) ASSERT_TRUE(one) << to_string(one.error());
    made.clear();
    disk.crash(crash_kind::worst);
    for (const auto& o : wanted) {
      const auto text = read_whole(disk, o.directory + "/partition.metadata");
      ASSERT_TRUE(text) << o.directory;
      EXPECT_THAT(std::string(as_text(*text)), HasSubstr("topic_id: " + to_string(o.topic_id)));
    }
  }
}

TEST_F(many_logs_test, many_new_partitions_cost_one_sync) {
  std::vector<open_options> wanted;
  for (int i = 0; i < 1000; ++i) wanted.push_back(new_partition(i));
  const auto before = disk.operations(disk_operation::sync) + disk.operations(disk_operation::sync_directory);
  ASSERT_EQ(create_logs(disk, wanted).size(), 1000u);
  EXPECT_EQ(disk.operations(disk_operation::sync) + disk.operations(disk_operation::sync_directory), before + 1);
}

TEST_F(many_logs_test, one_that_cannot_be_made_does_not_harm_the_others) {
  auto lost = new_partition(1);
  lost.directory = "/gone/n-1";
  auto made = create_logs(disk, {new_partition(0), lost, new_partition(2)});
  EXPECT_TRUE(made[0]);
  EXPECT_EQ(made[1].error().code, errc::not_found);
  EXPECT_TRUE(made[2]);
  EXPECT_FALSE(disk.exists("/gone")) << "a data directory that is gone must not come back";
}

TEST_F(many_logs_test, what_names_a_partition_is_on_the_disk_with_its_first_flush) {
  auto o = new_partition(0);
  o.is_new = true;
  log = std::move(*partition_log::open(disk, o));
  put(1);
  flush();
  log.reset();
  disk.crash(crash_kind::worst);
  const auto text = read_whole(disk, o.directory + "/partition.metadata");
  ASSERT_TRUE(text);
  EXPECT_THAT(std::string(as_text(*text)), HasSubstr("topic_id: "));
}

TEST_F(many_logs_test, what_names_a_partition_is_written_again_for_good_when_a_crash_took_it) {
  const auto o = new_partition(0);
  ASSERT_TRUE(create_logs(disk, {o}).front());
  ASSERT_TRUE(disk.remove(o.directory + "/partition.metadata"));
  ASSERT_TRUE(disk.sync_directory(o.directory));
  ASSERT_TRUE(partition_log::open(disk, o));
  disk.crash(crash_kind::worst);
  const auto text = read_whole(disk, o.directory + "/partition.metadata");
  ASSERT_TRUE(text);
  EXPECT_THAT(std::string(as_text(*text)), HasSubstr("topic_id: " + to_string(o.topic_id)));
}

TEST_F(many_logs_test, a_partition_that_must_exist_is_not_made_again) {
  put(1);
  close();
  ASSERT_TRUE(disk.remove_all(dir));
  open_options o;
  o.directory = dir;
  o.topic_id = topic;
  o.config = std::make_shared<const log_config>();
  o.must_exist = true;
  EXPECT_EQ(partition_log::open(disk, o).error().code, errc::not_found);
  EXPECT_FALSE(disk.exists(dir));
}

// ---- closing

TEST_F(many_logs_test, logs_are_closed_by_a_worker_few_or_many) {
  for (const int count : {2, 100}) {
    std::vector<open_options> wanted;
    for (int i = 0; i < count; ++i) wanted.push_back(new_partition(10 * count + i));
    std::vector<std::unique_ptr<partition_log>> logs;
    for (auto& one : create_logs(disk, wanted)) {
      auto batch = make_batch(3);
      ASSERT_TRUE((*one)->append(batch, {leader_epoch{1}, now}, scratch).ok());
      logs.push_back(std::move(*one));
    }
    const auto closed = close_logs(disk, std::move(logs), {"/data"});
    ASSERT_EQ(closed.size(), static_cast<std::size_t>(count));
    disk.crash(crash_kind::worst);
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(closed[static_cast<std::size_t>(i)].outcome);
      EXPECT_EQ(closed[static_cast<std::size_t>(i)].recovery_point, offset{3});
      auto o = wanted[static_cast<std::size_t>(i)];
      o.clean_shutdown = true;
      auto opened = partition_log::open(disk, o);
      ASSERT_TRUE(opened);
      EXPECT_EQ((*opened)->log_end_offset(), offset{3});
    }
  }
}

TEST_F(many_logs_test, a_log_that_cannot_be_closed_keeps_its_recovery_point) {
  put(2);
  flush();
  put(2);
  disk.set_syncs_fail(true);
  std::vector<std::unique_ptr<partition_log>> logs;
  logs.push_back(std::move(log));
  const auto closed = close_logs(disk, std::move(logs), {"/data"});
  EXPECT_FALSE(closed[0].outcome);
  EXPECT_EQ(closed[0].recovery_point, offset{2});
}

}  // namespace
}  // namespace jackdaw::log
