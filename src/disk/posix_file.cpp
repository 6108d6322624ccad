#include "posix_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "errors.hpp"
#include "jackdaw/base/assert.hpp"

namespace jackdaw::disk {

namespace {

// Kernels read ahead in steps of at least this: one probe in each finds what isn't there.
constexpr std::uint64_t probe_step_bytes = 128 * 1024;
constexpr std::size_t parts_at_once = 64;

off_t as_off(std::uint64_t position) { return static_cast<off_t>(position); }

// Reads what is in the page cache; -1 with EAGAIN where that ends.
ssize_t read_no_wait(int descriptor, void* into, std::size_t size, std::uint64_t position) {
  const iovec part{into, size};
  return ::preadv2(descriptor, &part, 1, as_off(position), RWF_NOWAIT);
}

// Drops the first `count` bytes; returns how many parts are used up.
std::size_t advance(std::span<iovec> parts, std::size_t count) {
  std::size_t done = 0;
  for (iovec& part : parts) {
    if (count < part.iov_len) {
      part.iov_base = static_cast<char*>(part.iov_base) + count;
      part.iov_len -= count;
      break;
    }
    count -= part.iov_len;
    ++done;
  }
  JD_ASSERT(count == 0 || done < parts.size(), count, parts.size());  // the kernel took no more than it was given
  return done;
}

}  // namespace

posix_file::~posix_file() { ::close(descriptor_); }

result<std::size_t> posix_file::read_at(mutable_bytes into, std::uint64_t position) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = ::pread(descriptor_, into.data() + done, into.size() - done, as_off(position + done));
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "read", path_);
    }
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::optional<result<std::size_t>> posix_file::try_read_at(mutable_bytes into, std::uint64_t position) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t got = read_no_wait(descriptor_, into.data() + done, into.size() - done, position + done);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      if (errno == EAGAIN) return std::nullopt;
      return read_at(into, position);  // a file system without RWF_NOWAIT
    }
    done += static_cast<std::size_t>(got);
  }
  return result<std::size_t>(done);
}

result<void> posix_file::write_at(std::span<const bytes_view> parts, std::uint64_t position) {
  std::array<iovec, parts_at_once> vectors;
  while (!parts.empty()) {
    const std::size_t count = std::min(parts.size(), vectors.size());
    for (std::size_t i = 0; i < count; ++i) {
      vectors[i] = {const_cast<std::byte*>(parts[i].data()), parts[i].size()};
    }
    for (std::span<iovec> left(vectors.data(), count); !left.empty();) {
      const ssize_t put = ::pwritev(descriptor_, left.data(), static_cast<int>(left.size()), as_off(position));
      if (put < 0) {
        if (errno == EINTR) continue;
        return system_error(errno, "write", path_);
      }
      position += static_cast<std::uint64_t>(put);
      left = left.subspan(advance(left, static_cast<std::size_t>(put)));
    }
    parts = parts.subspan(count);
  }
  return {};
}

result<void> posix_file::truncate(std::uint64_t size) {
  if (::ftruncate(descriptor_, as_off(size)) != 0) return system_error(errno, "truncate", path_);
  return {};
}

result<std::uint64_t> posix_file::size() {
  struct stat found;
  if (::fstat(descriptor_, &found) != 0) return system_error(errno, "examine", path_);
  return static_cast<std::uint64_t>(found.st_size);
}

result<void> posix_file::sync() {
  while (::fdatasync(descriptor_) != 0) {
    if (errno != EINTR) return system_error(errno, "sync", path_);
  }
  return {};
}

bool posix_file::is_cached(std::uint64_t position, std::uint64_t length) {
  if (length == 0) return true;
  const std::uint64_t last = position + length - 1;
  for (std::uint64_t at = position;; at = std::min(at + probe_step_bytes, last)) {
    std::byte probe;
    if (read_no_wait(descriptor_, &probe, 1, at) < 0 && errno == EAGAIN) return false;
    if (at == last) return true;
  }
}

void posix_file::prefetch(std::uint64_t position, std::uint64_t length) {
  ::posix_fadvise(descriptor_, as_off(position), as_off(length), POSIX_FADV_WILLNEED);
}

}  // namespace jackdaw::disk
