#include "jackdaw/log/log_directory.hpp"

#include <gmock/gmock.h>

#include "support/sim_disk.hpp"

namespace jackdaw::log {
namespace {

using testing::crash_kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class log_directory_test : public ::testing::Test {
 protected:
  result<std::unique_ptr<log_directory>> open(const std::string& cluster = "c1", int node = 1) {
    return log_directory::open(disk, path, {cluster, broker_id{node}, {}}, uuid{7, 8});
  }
  std::string text(const std::string& name) {
    const auto bytes = disk.content(path + name);
    return std::string(as_text(bytes));
  }

  std::string path = "/data/kafka";
  testing::sim_disk disk{1};
  topic_partition a{"a", partition_id{0}};
  topic_partition b{"b-with-dash", partition_id{12}};
};

TEST_F(log_directory_test, formats_an_empty_directory) {
  auto dir = open();
  ASSERT_TRUE(dir);
  EXPECT_EQ((*dir)->meta().directory_id, (uuid{7, 8}));
  EXPECT_FALSE((*dir)->was_clean());
  EXPECT_EQ(text("/meta.properties"),
            "version=1\nnode.id=1\ncluster.id=c1\ndirectory.id=" + to_string(uuid{7, 8}) + "\n");
  dir->reset();
  disk.crash(crash_kind::worst);
  dir = log_directory::open(disk, path, {"c1", broker_id{1}, {}}, uuid{9, 9});
  ASSERT_TRUE(dir);
  EXPECT_EQ((*dir)->meta().directory_id, (uuid{7, 8}));
}

TEST_F(log_directory_test, reads_what_kafka_writes) {
  const auto meta = meta_properties::decode(
      "#\n#Fri Nov 21 08:00:00 UTC 2026\ncluster.id=abc\nversion=1\ndirectory.id=" + to_string(uuid{1, 2}) +
      "\nnode.id=3\n");
  ASSERT_TRUE(meta);
  EXPECT_EQ(meta->cluster_id, "abc");
  EXPECT_EQ(meta->node, broker_id{3});
  EXPECT_EQ(meta->directory_id, (uuid{1, 2}));
  EXPECT_FALSE(meta_properties::decode("version=7\ncluster.id=abc\nnode.id=3\n"));
  EXPECT_FALSE(meta_properties::decode("version=1\nnode.id=3\n"));
}

TEST_F(log_directory_test, refuses_another_process) {
  auto first = open();
  const auto second = open();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, errc::busy);
  EXPECT_THAT(second.error().detail, HasSubstr("stop it"));
  first->reset();
  EXPECT_TRUE(open());
}

TEST_F(log_directory_test, refuses_another_cluster_or_node) {
  ASSERT_TRUE(open());
  EXPECT_THAT(open("c2").error().detail, HasSubstr("cluster c1"));
  EXPECT_THAT(open("c1", 2).error().detail, HasSubstr("node 1"));
  EXPECT_EQ(open("c1", 2).error().code, errc::invalid_argument);
  const auto any = open("");
  ASSERT_TRUE(any);
  EXPECT_EQ((*any)->meta().cluster_id, "c1");
}

TEST_F(log_directory_test, a_clean_end_is_seen_once) {
  auto dir = open();
  ASSERT_TRUE((*dir)->close_clean(broker_epoch{42}));
  dir->reset();
  EXPECT_EQ(text("/.kafka_cleanshutdown"), "{\"version\":0,\"brokerEpoch\":42}");
  disk.crash(crash_kind::worst);
  dir = open();
  EXPECT_TRUE((*dir)->was_clean());
  EXPECT_EQ((*dir)->previous_broker_epoch(), broker_epoch{42});
  dir->reset();
  disk.crash(crash_kind::worst);
  dir = open();
  EXPECT_FALSE((*dir)->was_clean());
}

TEST_F(log_directory_test, notices_that_it_was_removed_or_replaced) {
  for (const std::string gone : {"", "/.lock", "/meta.properties"}) {
    auto dir = open();
    ASSERT_TRUE(dir) << to_string(dir.error());
    EXPECT_TRUE((*dir)->check());
    ASSERT_TRUE(disk.remove_all(path + gone));
    const auto checked = (*dir)->check();
    ASSERT_FALSE(checked) << gone;
    EXPECT_EQ(checked.error().code, errc::io);
    EXPECT_THAT(checked.error().detail, HasSubstr(path));
    dir->reset();
  }
  auto dir = open();
  ASSERT_TRUE(disk.remove_all(path));
  ASSERT_TRUE(disk.create_directories(path));
  ASSERT_TRUE(disk.open(path + "/.lock", open_mode::create));
  ASSERT_TRUE(disk.open(path + "/meta.properties", open_mode::create));
  EXPECT_THAT((*dir)->check().error().detail, HasSubstr("another file"));
}

TEST_F(log_directory_test, what_a_crash_left_of_replaced_files_goes) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(disk.open(path + "/recovery-point-offset-checkpoint.tmp", open_mode::create));
  ASSERT_TRUE(open());
  EXPECT_FALSE(disk.exists(path + "/recovery-point-offset-checkpoint.tmp"));
}

TEST_F(log_directory_test, checkpoints_survive) {
  {
    auto dir = open();
    (*dir)->recovery_points().set(a, offset{5});
    (*dir)->recovery_points().set(b, offset{6});
    (*dir)->log_starts().set(b, offset{3});
    ASSERT_TRUE((*dir)->close_clean(broker_epoch{}));
  }
  EXPECT_EQ(text("/recovery-point-offset-checkpoint"), "0\n2\na 0 5\nb-with-dash 12 6\n");
  auto dir = open();
  EXPECT_EQ((*dir)->recovery_points().find(a), offset{5});
  EXPECT_EQ((*dir)->log_starts().find(b), offset{3});
  EXPECT_EQ((*dir)->log_starts().find(a), std::nullopt);
}

TEST_F(log_directory_test, a_checkpoint_takes_changes_while_it_is_written) {
  auto dir = open();
  auto& points = (*dir)->recovery_points();
  points.set(a, offset{1});
  auto job = points.prepare_write();
  ASSERT_TRUE(job);
  points.set(a, offset{2});
  points.set(b, offset{9});
  EXPECT_FALSE(points.prepare_write()) << "one at a time";
  ASSERT_TRUE(job->run(disk));
  points.write_done(std::move(*job));
  EXPECT_EQ(text("/recovery-point-offset-checkpoint"), "0\n1\na 0 1\n");
  EXPECT_EQ(points.find(a), offset{2});
  job = points.prepare_write();
  ASSERT_TRUE(job->run(disk));
  points.write_done(std::move(*job));
  EXPECT_FALSE(points.is_dirty());
  points.remove(a);
  EXPECT_EQ(points.find(a), std::nullopt);
  job = points.prepare_write();
  ASSERT_TRUE(job->run(disk));
  points.write_done(std::move(*job));
  EXPECT_EQ(text("/recovery-point-offset-checkpoint"), "0\n1\nb-with-dash 12 9\n");
  EXPECT_EQ(points.find(a), std::nullopt);
}

TEST_F(log_directory_test, a_checkpoint_that_cannot_be_written_stays_dirty) {
  auto dir = open();
  auto& points = (*dir)->recovery_points();
  points.set(a, offset{1});
  disk.set_writes_fail(true);
  auto job = points.prepare_write();
  EXPECT_FALSE(job->run(disk));
  points.set(a, offset{3});
  points.write_done(std::move(*job));
  EXPECT_TRUE(points.is_dirty());
  EXPECT_EQ(points.find(a), offset{3});
}

TEST_F(log_directory_test, finds_partitions_and_leftovers) {
  auto dir = open();
  for (const char* name : {"a-0", "b-with-dash-12", "no-number-x", "-3", "a-01", "plain", "a-1.AAAA-delete"}) {
    ASSERT_TRUE(disk.create_directories(path + '/' + name));
  }
  const std::string id = to_string(uuid{3, 4});
  ASSERT_TRUE(
      replace_file(disk, path + "/a-0/partition.metadata", as_bytes("version: 0\ntopic_id: " + id + "\n"), true));
  const auto found = (*dir)->scan(true).value();
  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[0].tp, a);
  EXPECT_EQ(found[0].topic_id, (uuid{3, 4}));
  EXPECT_EQ(found[1].tp, b);
  EXPECT_EQ(found[1].topic_id, std::nullopt);
  EXPECT_THAT((*dir)->leftover_deletions().value(), ElementsAre(path + "/a-1.AAAA-delete"));
}

TEST_F(log_directory_test, a_deleted_partition_is_renamed_at_once) {
  auto dir = open();
  ASSERT_TRUE(disk.create_directories(path + "/a-0"));
  (*dir)->recovery_points().set(a, offset{1});
  const auto target = (*dir)->mark_deleted(a, uuid{1, 2});
  ASSERT_TRUE(target);
  EXPECT_EQ(*target, path + "/a-0." + to_string(uuid{1, 2}) + "-delete");
  EXPECT_THAT((*dir)->scan(false).value(), IsEmpty());
  EXPECT_EQ((*dir)->recovery_points().find(a), std::nullopt);
  ASSERT_TRUE(disk.create_directories(path + "/a-0")) << "the name is free again";
}

TEST_F(log_directory_test, a_long_name_is_cut_when_it_is_deleted) {
  auto dir = open();
  const topic_partition longest{std::string(249, 'x'), partition_id{99999}};
  ASSERT_TRUE(disk.create_directories((*dir)->partition_path(longest)));
  const auto target = (*dir)->mark_deleted(longest, uuid{1, 2});
  ASSERT_TRUE(target);
  EXPECT_LE(target->size() - path.size() - 1, 255u);
}

TEST(directory_name_test, goes_both_ways) {
  for (const topic_partition& tp :
       {topic_partition{"t", partition_id{0}}, {"a-b-3", partition_id{41}}, {"_x", partition_id{INT32_MAX}}}) {
    EXPECT_EQ(parse_directory_name(directory_name(tp)), tp);
  }
  for (const char* other : {"", "x", "x-", "-1", "x-01", "x-+1", "x-2147483648"}) {
    EXPECT_EQ(parse_directory_name(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace jackdaw::log
