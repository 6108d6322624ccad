// What the log asks of a file system. The real one is disk::posix_disk; tests have one that tears and forgets.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/result.hpp"

namespace jackdaw::log {

// An open file. It stays readable until the last reference goes, even when it has been renamed or removed by name.
// Reads are safe from any thread at any time; writes, truncate and sync from one thread at a time (a sync may run
// beside writes, and then covers those that had returned before it began).
// Errors: errc::no_space (full; may go away by itself), errc::io (the disk failed).
class file {
 public:
  virtual ~file() = default;

  // Fills `into` from `position`; fewer bytes than asked only at the end of the file.
  virtual result<std::size_t> read_at(mutable_bytes into, std::uint64_t position) = 0;
  // The same from memory only: nothing if it would have to wait for the disk.
  virtual std::optional<result<std::size_t>> try_read_at(mutable_bytes into, std::uint64_t position) = 0;
  // Writes all parts one after the other from `position`, in one system call if the system allows. After an error
  // any part of the range may have been written.
  virtual result<void> write_at(std::span<const bytes_view> parts, std::uint64_t position) = 0;
  virtual result<void> truncate(std::uint64_t size) = 0;
  virtual result<std::uint64_t> size() = 0;
  // Waits until the bytes and the size are on the disk (fdatasync). After an error nothing since the last successful
  // sync can be trusted to be there, whatever a later sync says, until it is written again.
  virtual result<void> sync() = 0;
  // True if reading the range probably needs no disk. A hint: it may be wrong a moment later.
  virtual bool is_cached(std::uint64_t position, std::uint64_t length) = 0;
  // Starts reading the range into memory, without waiting.
  virtual void prefetch(std::uint64_t position, std::uint64_t length) = 0;
  // For sendfile; -1 if there is none (simulated).
  virtual int native_handle() const noexcept = 0;
};

enum class open_mode {
  read_existing,   // errc::not_found if it isn't there
  write_existing,  // read and write; errc::not_found if it isn't there
  create,          // read and write; made if it isn't there
  truncate,        // read and write; made if it isn't there, emptied if it is
};

struct directory_entry {
  std::string name;
  bool is_directory = false;
};

// Which file or directory a name stands for; another one of the same name differs, unless this one was let go of
// before.
struct file_identity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  bool operator==(const file_identity&) const = default;
};

// Held as long as it lives, by one process at a time.
class file_lock {
 public:
  virtual ~file_lock() = default;
};

// All calls may come from any thread. A new, renamed or removed name is on the disk for sure only after
// sync_directory of the directory that holds it.
class disk {
 public:
  virtual ~disk() = default;

  virtual result<std::shared_ptr<file>> open(const std::string& path, open_mode mode) = 0;
  // errc::not_found if there is no such directory. In no particular order, without "." and "..".
  virtual result<std::vector<directory_entry>> list(const std::string& directory) = 0;
  // Fine if it exists; errc::not_found if its parent isn't there.
  virtual result<void> create_directory(const std::string& path) = 0;
  // Makes missing parents, too; fine if it exists.
  virtual result<void> create_directories(const std::string& path) = 0;
  // With everything in it; fine if it isn't there.
  virtual result<void> remove_all(const std::string& path) = 0;
  // Replaces `to` if it is a file.
  virtual result<void> rename(const std::string& from, const std::string& to) = 0;
  // A file; errc::not_found if it isn't there.
  virtual result<void> remove(const std::string& path) = 0;
  virtual result<void> sync_directory(const std::string& path) = 0;
  // Everything of the file system that holds `path`: for very many files at once, and only then.
  virtual result<void> sync_file_system(const std::string& path) = 0;
  virtual result<std::uint64_t> file_size(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;
  // errc::not_found if nothing has that name.
  virtual result<file_identity> identify(const std::string& path) = 0;
  virtual result<std::uint64_t> free_bytes(const std::string& path) = 0;
  virtual result<std::uint64_t> total_bytes(const std::string& path) = 0;
  // Makes the file if needed; errc::busy if another process (or another holder in this one) has it.
  virtual result<std::unique_ptr<file_lock>> lock(const std::string& path) = 0;
};

// The whole file, at most `size_max` bytes (else errc::too_large).
result<std::vector<std::byte>> read_whole(disk& d, const std::string& path, std::uint64_t size_max = 1 << 30);
// Replaces `path` so that after a crash it holds the old bytes or the new, never a mixture: written beside it under
// the name path + ".tmp", synced, renamed. With `durable` the directory is synced, too.
result<void> replace_file(disk& d, const std::string& path, bytes_view content, bool durable);
// "a/b/c" -> "a/b"
std::string parent_directory(const std::string& path);

}  // namespace jackdaw::log
