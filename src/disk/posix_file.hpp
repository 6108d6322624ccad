// A file of the real disk.
#pragma once

#include <string>

#include "jackdaw/log/disk.hpp"

namespace jackdaw::disk {

class posix_file final : public log::file {
 public:
  // Takes the descriptor over.
  posix_file(int descriptor, std::string path) noexcept : descriptor_(descriptor), path_(std::move(path)) {}
  ~posix_file() override;
  posix_file(const posix_file&) = delete;
  posix_file& operator=(const posix_file&) = delete;

  result<std::size_t> read_at(mutable_bytes into, std::uint64_t position) override;
  std::optional<result<std::size_t>> try_read_at(mutable_bytes into, std::uint64_t position) override;
  result<void> write_at(std::span<const bytes_view> parts, std::uint64_t position) override;
  result<void> truncate(std::uint64_t size) override;
  result<std::uint64_t> size() override;
  result<void> sync() override;
  bool is_cached(std::uint64_t position, std::uint64_t length) override;
  void prefetch(std::uint64_t position, std::uint64_t length) override;
  int native_handle() const noexcept override { return descriptor_; }

 private:
  const int descriptor_;
  const std::string path_;  // at the time of opening: for error texts
};

}  // namespace jackdaw::disk
