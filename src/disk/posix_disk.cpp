#include "jackdaw/disk/posix_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "errors.hpp"
#include "posix_file.hpp"

namespace jackdaw::disk {

namespace {

class posix_lock final : public log::file_lock {
 public:
  explicit posix_lock(int descriptor) noexcept : descriptor_(descriptor) {}
  ~posix_lock() override { ::close(descriptor_); }
  posix_lock(const posix_lock&) = delete;
  posix_lock& operator=(const posix_lock&) = delete;

 private:
  const int descriptor_;
};

int flags_of(log::open_mode mode) noexcept {
  switch (mode) {
    case log::open_mode::read_existing: return O_RDONLY;
    case log::open_mode::write_existing: return O_RDWR;
    case log::open_mode::create: return O_RDWR | O_CREAT;
    case log::open_mode::truncate: return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

bool is_directory(const std::string& path) {
  struct stat found;
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

constexpr mode_t file_mode = 0644;

}  // namespace

result<std::shared_ptr<log::file>> posix_disk::open(const std::string& path, log::open_mode mode) {
  const int descriptor = ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, file_mode);
  if (descriptor < 0) return system_error(errno, "open", path);
  return std::shared_ptr<log::file>(std::make_shared<posix_file>(descriptor, path));
}

result<std::vector<log::directory_entry>> posix_disk::list(const std::string& directory) {
  DIR* const stream = ::opendir(directory.c_str());
  if (stream == nullptr) return system_error(errno, "list", directory);
  std::vector<log::directory_entry> entries;
  errno = 0;
  while (const dirent* const found = ::readdir(stream)) {
    std::string name = found->d_name;
    if (name == "." || name == "..") continue;
    const bool unknown = found->d_type == DT_UNKNOWN || found->d_type == DT_LNK;
    const bool is_dir = unknown ? is_directory(directory + '/' + name) : found->d_type == DT_DIR;
    entries.push_back({std::move(name), is_dir});
    errno = 0;
  }
  const int code = errno;
  ::closedir(stream);
  if (code != 0) return system_error(code, "list", directory);
  return entries;
}

result<void> posix_disk::create_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return system_error(errno, "create directory", path);
}

result<void> posix_disk::create_directories(const std::string& path) {
  auto made = create_directory(path);
  if (made || made.error().code != errc::not_found) return made;
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return system_error(code.value(), "create directory", path);
  return {};
}

result<void> posix_disk::remove_all(const std::string& path) {
  std::error_code code;
  std::filesystem::remove_all(path, code);
  if (code) return system_error(code.value(), "remove", path);
  return {};
}

result<void> posix_disk::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return system_error(errno, "rename", from);
  return {};
}

result<void> posix_disk::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return system_error(errno, "remove", path);
  return {};
}

namespace {

result<void> sync_by(int (*sync)(int), const std::string& directory) {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, "open", directory);
  const int code = sync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  if (code != 0) return system_error(code, "sync", directory);
  return {};
}

}  // namespace

result<void> posix_disk::sync_directory(const std::string& path) { return sync_by(::fsync, path); }

result<void> posix_disk::sync_file_system(const std::string& path) { return sync_by(::syncfs, path); }

result<std::uint64_t> posix_disk::file_size(const std::string& path) {
  struct stat found;
  if (::stat(path.c_str(), &found) != 0) return system_error(errno, "examine", path);
  return static_cast<std::uint64_t>(found.st_size);
}

result<log::file_identity> posix_disk::identify(const std::string& path) {
  struct stat found;
  if (::stat(path.c_str(), &found) != 0) return system_error(errno, "examine", path);
  return log::file_identity{found.st_dev, found.st_ino};
}

bool posix_disk::exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

result<std::uint64_t> posix_disk::free_bytes(const std::string& path) {
  struct statvfs found;
  if (::statvfs(path.c_str(), &found) != 0) return system_error(errno, "examine", path);
  return static_cast<std::uint64_t>(found.f_bavail) * found.f_frsize;
}

result<std::uint64_t> posix_disk::total_bytes(const std::string& path) {
  struct statvfs found;
  if (::statvfs(path.c_str(), &found) != 0) return system_error(errno, "examine", path);
  return static_cast<std::uint64_t>(found.f_blocks) * found.f_frsize;
}

result<std::unique_ptr<log::file_lock>> posix_disk::lock(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, file_mode);
  if (descriptor < 0) return system_error(errno, "open", path);
  auto held = std::make_unique<posix_lock>(descriptor);
  // A record lock, as Apache Kafka takes it, but owned by the open file: it also keeps out this same process.
  struct flock whole {};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  if (::fcntl(descriptor, F_OFD_SETLK, &whole) != 0) {
    if (errno == EAGAIN || errno == EACCES) return fail(errc::busy, path + " is locked by another process");
    return system_error(errno, "lock", path);
  }
  return std::unique_ptr<log::file_lock>(std::move(held));
}

}  // namespace jackdaw::disk
