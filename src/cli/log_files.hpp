// Printing the files of a partition's directory: offline, with no broker.
#pragma once

#include <cstdint>
#include <string>

#include "context.hpp"
#include "jackdaw/base/bytes.hpp"

namespace jackdaw::cli {

struct dump_options {
  std::vector<std::string> paths;
  bool deep = false;
  bool print = false;
  std::int64_t from = 0;
  std::int64_t until = std::numeric_limits<std::int64_t>::max();
};

// A file's bytes for reading; none when it is empty.
class mapped_file {
 public:
  static outcome<mapped_file> open(const std::string& path);
  mapped_file(mapped_file&& other) noexcept;
  mapped_file& operator=(mapped_file&&) = delete;
  ~mapped_file();
  bytes_view bytes() const noexcept { return {data_, size_}; }

 private:
  mapped_file(const std::byte* data, std::size_t size) noexcept : data_(data), size_(size) {}
  const std::byte* data_;
  std::size_t size_;
};

// The offset that a file is named after: "00000000000000000042.log". Nothing for other names.
std::optional<std::int64_t> base_offset_of(const std::string& path);

// Each fails when the file is damaged, after printing what is whole.
outcome<void> dump_segment(const context& ctx, const std::string& path, const dump_options& o);
outcome<void> dump_offset_index(const context& ctx, const std::string& path, const dump_options& o);
outcome<void> dump_time_index(const context& ctx, const std::string& path, const dump_options& o);
outcome<void> dump_transaction_index(const context& ctx, const std::string& path, const dump_options& o);
outcome<void> dump_producer_snapshot(const context& ctx, const std::string& path, const dump_options& o);

}  // namespace jackdaw::cli
