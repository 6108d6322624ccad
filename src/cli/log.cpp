// jackdaw log dump
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "jackdaw/net/unique_fd.hpp"
#include "log_files.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

namespace fs = std::filesystem;

outcome<mapped_file> mapped_file::open(const std::string& path) {
  const auto failed = [&] { return failure{exit_status::failed, path + ": " + std::strerror(errno)}; };
  const net::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failed();
  struct stat about {};
  if (::fstat(fd.get(), &about) != 0) return failed();
  const auto size = static_cast<std::size_t>(about.st_size);
  if (size == 0) return mapped_file{nullptr, 0};
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (at == MAP_FAILED) return failed();
  ::madvise(at, size, MADV_SEQUENTIAL);
  return mapped_file{static_cast<const std::byte*>(at), size};
}

mapped_file::mapped_file(mapped_file&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

mapped_file::~mapped_file() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::optional<std::int64_t> base_offset_of(const std::string& path) {
  const std::string stem = fs::path(path).stem().string();
  std::int64_t value = 0;
  const auto [end, status] = std::from_chars(stem.data(), stem.data() + stem.size(), value);
  if (stem.empty() || status != std::errc{} || end != stem.data() + stem.size()) return std::nullopt;
  return value;
}

namespace {

using dump_function = outcome<void> (*)(const context&, const std::string&, const dump_options&);

struct file_kind {
  std::string_view extension;
  dump_function dump;
};

constexpr file_kind kinds[] = {{".log", dump_segment},
                               {".index", dump_offset_index},
                               {".timeindex", dump_time_index},
                               {".txnindex", dump_transaction_index},
                               {".snapshot", dump_producer_snapshot}};

dump_function function_for(const fs::path& path) {
  for (const auto& kind : kinds) {
    if (path.extension() == kind.extension) return kind.dump;
  }
  return nullptr;
}

// A directory stands for its segments.
std::vector<std::string> files_of(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> out;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".log") out.push_back(entry.path().string());
  }
  std::sort(out.begin(), out.end());
  return out;
}

outcome<void> dump(context& ctx, const dump_options& o) {
  std::optional<failure> failed;
  for (const auto& given : o.paths) {
    const auto files = files_of(given);
    if (files.empty())
      return failure{exit_status::not_found, given + " holds no .log files; name a partition's directory"};
    for (const auto& path : files) {
      const dump_function function = function_for(path);
      if (function == nullptr) return usage(path + " is none of .log, .index, .timeindex, .txnindex, .snapshot");
      if (!ctx.is_json()) context::print(path + "\n");
      if (auto done = function(ctx, path, o); !done) {
        failed = done.error();
        if (!ctx.is_json()) context::print("DAMAGED: " + failed->text + "\n");
      }
    }
  }
  if (failed) return *failed;
  return boost::system::in_place_value;
}

}  // namespace

void add_log(command app, context& ctx) {
  const command noun = add_noun(app, "log", "The files of partitions, without a broker");
  add_verb<dump_options>(
      noun, ctx, "dump", "Prints and checks segments, indexes and producer snapshots",
      [](command verb, dump_options& o) {
        verb.add_option("paths", o.paths, "Files, or directories of partitions").required().existing_path();
        verb.add_flag("-d,--deep", o.deep, "Records, too");
        verb.add_flag("-p,--print", o.print, "With the records' keys and values");
        verb.add_option("--from", o.from, "Batches that end at this offset or later").show_default();
        verb.add_option("--until", o.until, "Batches that start before this offset");
        verb.footer("With -o json each line is an object.");
      },
      dump);
}

}  // namespace jackdaw::cli
