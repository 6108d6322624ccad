// What a slice of an answer may refer to, without a disk.
#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "jackdaw/log/disk.hpp"

namespace jackdaw::net::testing {

// A file without a descriptor, as the simulated disk has them; or with one, of something else: whoever uses that sends
// other bytes.
class file_in_memory final : public log::file {
 public:
  explicit file_in_memory(std::string content, int descriptor = -1)
      : content_(std::move(content)), descriptor_(descriptor) {}
  result<std::size_t> read_at(mutable_bytes into, std::uint64_t position) override {
    if (position >= content_.size()) return std::size_t{0};
    const auto n = std::min<std::size_t>(into.size(), content_.size() - position);
    std::memcpy(into.data(), content_.data() + position, n);
    return n;
  }
  std::optional<result<std::size_t>> try_read_at(mutable_bytes into, std::uint64_t position) override {
    return read_at(into, position);
  }
  result<void> write_at(std::span<const bytes_view>, std::uint64_t) override { return fail(errc::unsupported, ""); }
  result<void> truncate(std::uint64_t) override { return fail(errc::unsupported, ""); }
  result<std::uint64_t> size() override { return content_.size(); }
  result<void> sync() override { return {}; }
  bool is_cached(std::uint64_t, std::uint64_t) override { return true; }
  void prefetch(std::uint64_t, std::uint64_t) override {}
  int native_handle() const noexcept override { return descriptor_; }

 private:
  std::string content_;
  int descriptor_;
};

}  // namespace jackdaw::net::testing
