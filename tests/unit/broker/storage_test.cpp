// The data directories of a process.
#include "jackdaw/broker/storage.hpp"

#include <gmock/gmock.h>

#include "support/sim_disk.hpp"

namespace jackdaw::broker {
namespace {

using ::testing::HasSubstr;

class storage_test : public ::testing::Test {
 protected:
  storage_test() {
    config.node_id = broker_id{1};
    config.log_dirs = {"/data/a", "/data/b"};
    config.metadata_log_dir = "/data/meta";
  }
  std::unique_ptr<storage> open() {
    auto opened = storage::open(disk, config, random);
    if (!opened) why = opened.error().detail;
    return opened ? std::move(*opened) : nullptr;
  }
  std::string text(const std::string& path) {
    const auto bytes = disk.content(path);
    return std::string(as_text(bytes));
  }

  broker_config config;
  random_source random{7};
  testing::sim_disk disk{1};
  std::string why;
};

TEST_F(storage_test, the_metadata_directory_takes_no_partitions) {
  const auto s = open();
  ASSERT_NE(s, nullptr) << why;
  EXPECT_EQ(s->directory_count(), 2u);
  for (std::uint64_t topic = 0; topic < 50; ++topic) {
    EXPECT_LT(s->choose_directory(uuid{topic, 1}, partition_id{static_cast<std::int32_t>(topic)}), 2u);
  }
  EXPECT_EQ(s->metadata_directory(), "/data/meta");
  EXPECT_FALSE(s->find_directory("/data/meta"));
}

TEST_F(storage_test, the_metadata_directorys_id_is_that_of_its_own_file) {
  const auto s = open();
  ASSERT_NE(s, nullptr) << why;
  EXPECT_THAT(text("/data/meta/meta.properties"), HasSubstr("directory.id=" + to_string(s->metadata_directory_id())));
  EXPECT_NE(s->metadata_directory_id(), s->directory_id(0));
}

TEST_F(storage_test, one_of_log_dirs_may_hold_the_metadata_log_too) {
  config.metadata_log_dir = "/data/b";
  const auto s = open();
  ASSERT_NE(s, nullptr) << why;
  EXPECT_EQ(s->directory_count(), 2u);
  EXPECT_EQ(s->metadata_directory(), "/data/b");
  EXPECT_EQ(s->metadata_directory_id(), s->directory_id(1));
}

TEST_F(storage_test, a_partition_in_the_metadata_directory_stops_the_start) {
  ASSERT_TRUE(disk.create_directories("/data/meta/__cluster_metadata-0"));
  ASSERT_NE(open(), nullptr) << why;
  ASSERT_TRUE(disk.create_directories("/data/meta/orders-3"));
  EXPECT_EQ(open(), nullptr);
  EXPECT_THAT(why, HasSubstr("orders-3"));
  EXPECT_THAT(why, HasSubstr("add the directory to log.dirs"));
}

TEST_F(storage_test, the_mark_of_a_clean_stop_says_the_brokers_epoch) {
  auto s = open();
  ASSERT_TRUE(s->close_clean(broker_epoch{4711}));
  for (const std::string name : {"a", "b", "meta"}) {
    EXPECT_EQ(text("/data/" + name + "/.kafka_cleanshutdown"), "{\"version\":0,\"brokerEpoch\":4711}");
  }
}

TEST_F(storage_test, a_directory_that_is_removed_while_it_is_used_is_noticed) {
  for (const std::string gone : {"/data/a", "/data/b", "/data/meta", "/data"}) {
    auto s = open();
    ASSERT_NE(s, nullptr) << why;
    EXPECT_TRUE(s->check_directories());
    ASSERT_TRUE(disk.remove_all(gone));
    const auto checked = s->check_directories();
    ASSERT_FALSE(checked) << gone;
    EXPECT_EQ(checked.error().code, errc::io);
    EXPECT_THAT(checked.error().detail, HasSubstr("was removed or replaced"));
  }
}

}  // namespace
}  // namespace jackdaw::broker
