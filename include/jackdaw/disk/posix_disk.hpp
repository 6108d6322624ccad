// The real file system. Safe from any thread.
#pragma once

#include "jackdaw/log/disk.hpp"

namespace jackdaw::disk {

class posix_disk final : public log::disk {
 public:
  result<std::shared_ptr<log::file>> open(const std::string& path, log::open_mode mode) override;
  result<std::vector<log::directory_entry>> list(const std::string& directory) override;
  result<void> create_directory(const std::string& path) override;
  result<void> create_directories(const std::string& path) override;
  result<void> remove_all(const std::string& path) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> remove(const std::string& path) override;
  result<void> sync_directory(const std::string& path) override;
  result<void> sync_file_system(const std::string& path) override;
  result<std::uint64_t> file_size(const std::string& path) override;
  bool exists(const std::string& path) override;
  result<log::file_identity> identify(const std::string& path) override;
  result<std::uint64_t> free_bytes(const std::string& path) override;
  result<std::uint64_t> total_bytes(const std::string& path) override;
  result<std::unique_ptr<log::file_lock>> lock(const std::string& path) override;
};

}  // namespace jackdaw::disk
