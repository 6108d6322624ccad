#include "jackdaw/disk/posix_disk.hpp"

#include <gmock/gmock.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>

namespace jackdaw::disk {
namespace {

using log::open_mode;
using ::testing::ElementsAre;

class posix_disk_test : public ::testing::Test {
 protected:
  posix_disk_test() {
    std::string pattern = (std::filesystem::temp_directory_path() / "jackdaw-disk-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
  }
  ~posix_disk_test() override { std::filesystem::remove_all(root); }

  std::string path(const std::string& name) const { return root + '/' + name; }
  static std::string read(log::file& f, std::size_t size, std::uint64_t position = 0) {
    std::vector<std::byte> bytes(size);
    auto got = f.read_at(bytes, position);
    EXPECT_TRUE(got);
    return std::string(as_text(bytes).substr(0, *got));
  }

  std::string root;
  posix_disk disk;
};

TEST_F(posix_disk_test, writes_parts_and_reads_them_back) {
  auto f = disk.open(path("a"), open_mode::create).value();
  const bytes_view parts[] = {as_bytes("one "), as_bytes(""), as_bytes("two")};
  ASSERT_TRUE(f->write_at(parts, 3));
  EXPECT_EQ(f->size().value(), 10u);
  EXPECT_EQ(read(*f, 100, 3), "one two");
  EXPECT_EQ(read(*f, 3, 4), "ne ");
  EXPECT_EQ(read(*f, 3, 10), "");
  EXPECT_TRUE(f->sync());
  ASSERT_TRUE(f->truncate(6));
  EXPECT_EQ(read(*f, 100, 3), "one");
  EXPECT_EQ(disk.file_size(path("a")).value(), 6u);
  EXPECT_GE(f->native_handle(), 0);
}

TEST_F(posix_disk_test, writes_more_parts_than_one_call_takes) {
  auto f = disk.open(path("a"), open_mode::create).value();
  std::string expected;
  std::vector<std::string> pieces;
  for (int i = 0; i < 1000; ++i) pieces.push_back(std::to_string(i) + ';');
  std::vector<bytes_view> parts;
  for (const auto& p : pieces) {
    parts.push_back(as_bytes(p));
    expected += p;
  }
  ASSERT_TRUE(f->write_at(parts, 0));
  EXPECT_EQ(read(*f, 10'000), expected);
}

TEST_F(posix_disk_test, what_was_just_written_is_cached) {
  auto f = disk.open(path("a"), open_mode::create).value();
  const std::string text(300'000, 'x');
  const bytes_view parts[] = {as_bytes(text)};
  ASSERT_TRUE(f->write_at(parts, 0));
  EXPECT_TRUE(f->is_cached(0, text.size()));
  std::vector<std::byte> bytes(text.size() + 10);
  auto got = f->try_read_at(bytes, 0);
  ASSERT_TRUE(got && *got);
  EXPECT_EQ(**got, text.size());
}

TEST_F(posix_disk_test, open_modes) {
  EXPECT_EQ(disk.open(path("a"), open_mode::read_existing).error().code, errc::not_found);
  EXPECT_EQ(disk.open(path("a"), open_mode::write_existing).error().code, errc::not_found);
  {
    auto f = disk.open(path("a"), open_mode::create).value();
    const bytes_view parts[] = {as_bytes("text")};
    ASSERT_TRUE(f->write_at(parts, 0));
  }
  EXPECT_EQ(read(*disk.open(path("a"), open_mode::create).value(), 9), "text");
  EXPECT_EQ(read(*disk.open(path("a"), open_mode::read_existing).value(), 9), "text");
  EXPECT_EQ(disk.open(path("a"), open_mode::truncate).value()->size().value(), 0u);
}

TEST_F(posix_disk_test, directories) {
  ASSERT_TRUE(disk.create_directories(path("x/y/z")));
  ASSERT_TRUE(disk.create_directories(path("x/y/z")));
  ASSERT_TRUE(disk.open(path("x/f"), open_mode::create));
  auto entries = disk.list(path("x")).value();
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, "f");
  EXPECT_FALSE(entries[0].is_directory);
  EXPECT_EQ(entries[1].name, "y");
  EXPECT_TRUE(entries[1].is_directory);
  EXPECT_TRUE(disk.sync_directory(path("x")));
  ASSERT_TRUE(disk.rename(path("x/f"), path("x/g")));
  EXPECT_FALSE(disk.exists(path("x/f")));
  EXPECT_TRUE(disk.exists(path("x/g")));
  ASSERT_TRUE(disk.remove(path("x/g")));
  EXPECT_EQ(disk.remove(path("x/g")).error().code, errc::not_found);
  ASSERT_TRUE(disk.remove_all(path("x")));
  ASSERT_TRUE(disk.remove_all(path("x")));
  EXPECT_EQ(disk.list(path("x")).error().code, errc::not_found);
  EXPECT_EQ(disk.file_size(path("x")).error().code, errc::not_found);
}

TEST_F(posix_disk_test, an_open_file_outlives_its_name) {
  auto f = disk.open(path("a"), open_mode::create).value();
  const bytes_view parts[] = {as_bytes("still here")};
  ASSERT_TRUE(f->write_at(parts, 0));
  ASSERT_TRUE(disk.remove(path("a")));
  EXPECT_EQ(read(*f, 20), "still here");
}

TEST_F(posix_disk_test, a_lock_is_held_once) {
  auto held = disk.lock(path(".lock"));
  ASSERT_TRUE(held);
  EXPECT_EQ(disk.lock(path(".lock")).error().code, errc::busy);
  held->reset();
  EXPECT_TRUE(disk.lock(path(".lock")));
}

TEST_F(posix_disk_test, knows_the_space) {
  const auto free = disk.free_bytes(root).value();
  EXPECT_GT(free, 0u);
  EXPECT_GE(disk.total_bytes(root).value(), free);
}

TEST_F(posix_disk_test, a_full_device_is_told_from_a_broken_one) {
  // /dev/full refuses every write with ENOSPC.
  auto full = disk.open("/dev/full", open_mode::write_existing);
  ASSERT_TRUE(full);
  const bytes_view parts[] = {as_bytes("x")};
  EXPECT_EQ((*full)->write_at(parts, 0).error().code, errc::no_space);
  auto read_only = disk.open("/dev/null", open_mode::read_existing).value();
  EXPECT_EQ(read_only->write_at(parts, 0).error().code, errc::io);
}

TEST_F(posix_disk_test, replaces_files_whole) {
  ASSERT_TRUE(log::replace_file(disk, path("c"), as_bytes("first"), true));
  ASSERT_TRUE(log::replace_file(disk, path("c"), as_bytes("2nd"), true));
  const auto content = log::read_whole(disk, path("c")).value();
  EXPECT_EQ(as_text(content), "2nd");
  EXPECT_FALSE(disk.exists(path("c.tmp")));
  EXPECT_EQ(log::read_whole(disk, path("c"), 2).error().code, errc::too_large);
}

}  // namespace
}  // namespace jackdaw::disk
