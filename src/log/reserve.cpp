// Zeros ahead of the log's end (preallocate). A sync that finds the file's size and blocks unchanged needs no commit of
// the file system's journal: it is one write instead of two or three that wait for each other.
#include <algorithm>
#include <array>

#include "log_state.hpp"
#include "recovery.hpp"

namespace jackdaw::log {

namespace {

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t step_bytes = 64 * 1024;
constexpr std::size_t steps = 4;  // at a time

bytes_view zeros() {
  static const std::vector<std::byte> step(step_bytes);
  return step;
}

}  // namespace

// Zeros are no part of the log: without room for them the batch alone may still fit.
result<void> partition_log::write_at_end(file& f, bytes_view bytes) {
  const std::uint64_t at = state_->last().size_bytes();
  const std::uint64_t end = at + bytes.size();
  const auto write = [&](std::span<const bytes_view> parts) {
    auto written = f.write_at(parts, at);
    if (!written) {
      // What got through is beyond the log's end: the next append overwrites it, recovery cuts it.
      (void)f.truncate(at);
      state_->reserved_to = 0;
    }
    return written;
  };
  if (config_->preallocate && end > state_->reserved_to) {
    std::array<bytes_view, 1 + steps> parts;
    parts.fill(zeros());
    parts.front() = bytes;
    parts.back() = zeros().first(step_bytes - end % page_bytes);
    if (write(parts)) {
      state_->reserved_to = end + steps * step_bytes - end % page_bytes;
      return {};
    }
  }
  const bytes_view alone[] = {bytes};
  return write(alone);
}

// Before the segment gets a successor or the log is closed: its file ends where its records do.
result<void> partition_log::give_back_reserve() {
  state& s = *state_;
  if (s.reserved_to <= s.last().size_bytes()) return {};
  auto f = s.last().log_file(disk_, directory_);
  if (!f) return f.error();
  if (auto cut = (*f)->truncate(s.last().size_bytes()); !cut) return cut;
  s.reserved_to = 0;
  s.must_sync(std::move(*f));
  return {};
}

result<bool> only_zeros(file& f, std::uint64_t from, std::uint64_t to) {
  std::vector<std::byte> chunk(step_bytes);
  while (from < to) {
    auto got = f.read_at(mutable_bytes(chunk).first(std::min<std::uint64_t>(chunk.size(), to - from)), from);
    if (!got) return got.error();
    if (*got == 0) break;
    const bytes_view read = bytes_view(chunk).first(*got);
    if (std::any_of(read.begin(), read.end(), [](std::byte b) { return b != std::byte{0}; })) return false;
    from += *got;
  }
  return true;
}

}  // namespace jackdaw::log
