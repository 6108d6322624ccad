// A disk in memory that behaves as badly as real ones may: what was not synced is lost or torn when it crashes, names
// that weren't synced vanish, writes and syncs fail on demand. Every choice comes from one seed. For one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/log/disk.hpp"

namespace jackdaw::testing {

enum class disk_operation { open, read, write, truncate, sync, rename, remove, list, sync_directory };

// What a crash keeps of what was not synced.
enum class crash_kind {
  process,  // a killed process: everything stays
  power,    // a seeded choice: writes are kept, dropped or torn at sectors, names are kept or not
  worst,    // nothing that wasn't synced stays
};

class sim_disk final : public log::disk {
 public:
  explicit sim_disk(std::uint64_t seed);
  ~sim_disk() override;

  // Faults. The hook sees every operation with its path and may make it fail.
  using fault_hook = std::function<std::optional<errc>(disk_operation, const std::string& path)>;
  void set_fault_hook(fault_hook hook) { hook_ = std::move(hook); }
  // Bytes in all files together; writes beyond end after what fits, with errc::no_space.
  void set_capacity_bytes(std::uint64_t bytes) { capacity_bytes_ = bytes; }
  // From now on every sync fails and, as Linux does, forgets what it should have written.
  void set_syncs_fail(bool fail) { syncs_fail_ = fail; }
  void set_writes_fail(bool fail) { writes_fail_ = fail; }
  // False: reads would have to wait for the disk (try_read_at and is_cached say so).
  void set_cached(bool cached) { cached_ = cached; }
  // All open files are dead afterwards, all locks gone.
  void crash(crash_kind kind);
  // Turns one bit of a file over, on the disk and in memory.
  void flip_bit(const std::string& path, std::uint64_t position, unsigned bit);

  // For assertions.
  std::vector<std::byte> content(const std::string& path);
  std::uint64_t operations(disk_operation what) const noexcept { return counts_[static_cast<std::size_t>(what)]; }
  std::size_t open_files() const noexcept { return open_files_; }
  std::uint64_t used_bytes() const;

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

 private:
  struct node;
  class open_file;
  class held_lock;
  using node_ptr = std::shared_ptr<node>;

  std::optional<error> fault(disk_operation what, const std::string& path);
  node_ptr find(const std::string& path) const;
  // The directory that holds `path`, and the last part of its name.
  std::pair<node_ptr, std::string> parent_of(const std::string& path) const;
  void crash_node(node& n, crash_kind kind);
  void crash_file(node& n, crash_kind kind);

  random_source random_;
  node_ptr root_;
  std::uint64_t generation_ = 0;
  std::uint64_t capacity_bytes_ = UINT64_MAX;
  bool syncs_fail_ = false;
  bool writes_fail_ = false;
  bool cached_ = true;
  fault_hook hook_;
  std::uint64_t counts_[9] = {};
  std::size_t open_files_ = 0;
  std::set<std::string> locks_;
};

}  // namespace jackdaw::testing
