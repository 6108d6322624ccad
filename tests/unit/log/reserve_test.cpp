// preallocate: zeros ahead of the log's end, which nobody may take for records or for damage.
#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class reserve_test : public log_fixture {
 protected:
  reserve_test() {
    config.preallocate = true;
    reconfigure();
  }
  std::uint64_t file_bytes(const std::string& path) { return disk.file_size(path).value(); }
};

TEST_F(reserve_test, appends_go_into_zeros_that_are_there_already) {
  put(2, "a");
  const auto reserved = file_bytes(first_log_path());
  EXPECT_EQ(reserved % 4096, 0U);
  EXPECT_GT(reserved, log->size_bytes() + 100'000);
  for (int i = 0; i < 20; ++i) put(2, "b");
  EXPECT_EQ(file_bytes(first_log_path()), reserved);
  EXPECT_EQ(read_all().size(), 42U);
  const auto content = disk.content(first_log_path());
  for (auto at = log->size_bytes(); at < content.size(); ++at) ASSERT_EQ(content[at], std::byte{0}) << at;
}

TEST_F(reserve_test, more_is_reserved_when_it_is_used_up) {
  put(2, "a");
  const auto first = file_bytes(first_log_path());
  while (log->size_bytes() <= first) put(50, std::string(100, 'b'));
  EXPECT_GT(file_bytes(first_log_path()), log->size_bytes());
  const auto before = read_all();
  disk.crash(crash_kind::process);
  open();
  EXPECT_EQ(read_all(), before);
}

TEST_F(reserve_test, a_closed_log_ends_where_its_records_do) {
  put(2, "a");
  const auto size = log->size_bytes();
  close();
  disk.crash(crash_kind::worst);
  EXPECT_EQ(file_bytes(first_log_path()), size);
  open(false, true);
  EXPECT_FALSE(report.notable()) << report.detail;
  EXPECT_EQ(put(2, "b"), 2);
}

TEST_F(reserve_test, after_a_kill_zeros_are_no_damage) {
  put(2, "a");
  const auto size = log->size_bytes();
  disk.crash(crash_kind::process);
  open();
  EXPECT_FALSE(report.notable()) << report.detail;
  EXPECT_EQ(file_bytes(first_log_path()), size);
  EXPECT_EQ(put(2, "b"), 2);
  EXPECT_EQ(read_all().size(), 4U);
}

TEST_F(reserve_test, a_torn_batch_before_the_zeros_is_reported) {
  put(2, "a");
  const auto size = log->size_bytes();
  put(2, "b");
  disk.flip_bit(first_log_path(), size + 65, 2);
  disk.crash(crash_kind::process);
  open();
  EXPECT_THAT(report.detail, HasSubstr("torn"));
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "a1"));
}

TEST_F(reserve_test, records_that_are_lost_below_the_recovery_point_are_damage_even_if_zeros_are_there) {
  put(2, "a");
  const auto size = log->size_bytes();
  put(2, "b");
  flush();
  const auto end = log->size_bytes();
  disk.crash(crash_kind::process);
  {
    auto f = disk.open(first_log_path(), open_mode::write_existing);
    const std::vector<std::byte> nothing(end - size);
    const bytes_view parts[] = {nothing};
    ASSERT_TRUE((*f)->write_at(parts, size));
  }
  open(false, false, offset{4});
  EXPECT_TRUE(report.damaged_below_recovery_point);
  EXPECT_TRUE(report.notable());
}

TEST_F(reserve_test, a_segment_that_gets_a_successor_gives_its_zeros_back) {
  config.segment_bytes = 1000;
  reconfigure();
  while (log->segment_count() < 3) put(2, "v");
  const auto before = read_all();
  flush();
  std::uint64_t first_two = 0;
  for (const auto& name : files()) {
    if (name.ends_with(".log") && file_bytes(dir + "/" + name) <= 1000) first_two += file_bytes(dir + "/" + name);
  }
  EXPECT_LT(first_two, log->size_bytes());
  EXPECT_GT(first_two, log->size_bytes() - 1000);
  const auto recovery_point = log->recovery_point();
  disk.crash(crash_kind::worst);
  open(false, false, recovery_point);
  EXPECT_EQ(read_all(), before);
  EXPECT_FALSE(report.notable()) << report.detail;
}

TEST_F(reserve_test, what_was_cut_does_not_come_back) {
  for (int i = 0; i < 5; ++i) put(2, "v");
  ASSERT_TRUE(log->truncate_to(offset{4}));
  put(2, "w", 1000, 2);
  disk.crash(crash_kind::process);
  open();
  EXPECT_THAT(values(read_all()), ElementsAre("v0", "v1", "v0", "v1", "w0", "w1"));
  ASSERT_TRUE(log->truncate_fully_and_start_at(offset{100}));
  EXPECT_EQ(put(2, "x", 1000, 3), 100);
  EXPECT_THAT(values(read_all()), ElementsAre("x0", "x1"));
}

TEST_F(reserve_test, a_disk_that_has_no_room_for_zeros_takes_records_yet) {
  disk.set_capacity_bytes(disk.used_bytes() + 1000);
  EXPECT_EQ(put(2, "a"), 0);
  EXPECT_EQ(put(2, "b"), 2);
  EXPECT_EQ(file_bytes(first_log_path()), log->size_bytes());
  disk.set_capacity_bytes(UINT64_MAX);
  EXPECT_EQ(put(2, "c"), 4);
  EXPECT_GT(file_bytes(first_log_path()), log->size_bytes());
  EXPECT_EQ(read_all().size(), 6U);
}

}  // namespace
}  // namespace jackdaw::log
