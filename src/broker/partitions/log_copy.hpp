// A partition's log on its way into another data directory: the copy there, and how it becomes the log itself.
// Made on the partition's shard; add() and finish() run on workers, one at a time, everything else while none does.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/log/log_directory.hpp"
#include "jackdaw/log/partition_log.hpp"

namespace jackdaw::broker {

class log_copy {
 public:
  // `how.directory` is the future directory, `final_directory` what it is called in the end.
  log_copy(log::open_options how, std::string final_directory)
      : how_(std::move(how)), final_directory_(std::move(final_directory)) {}

  // Appends what the source's read gave, as it is. The first call removes what an earlier run left.
  result<void> add(log::disk& d, log::read_outcome piece);
  // Everything to the disk, then renames the directory: from here on a restart takes this for the partition's log.
  // `source` is the directory that it leaves.
  result<void> finish(log::disk& d, const std::string& source);
  // The directory is put away under the name `to`: it is nobody's any more.
  result<void> undo(log::disk& d, const std::string& to);

  // Where the copy is now; the next offset that it needs (the source's log start before there is one); its size.
  const std::string& directory() const noexcept { return is_finished_ ? final_directory_ : how_.directory; }
  offset end() const noexcept { return log_ ? log_->log_end_offset() : how_.log_start_offset; }
  std::uint64_t size_bytes() const noexcept { return log_ ? log_->size_bytes() : 0; }
  bool is_finished() const noexcept { return is_finished_; }
  // The finished log, for whoever owns the partition.
  std::unique_ptr<log::partition_log> take() noexcept { return std::move(log_); }

 private:
  result<void> open(log::disk& d, offset start);
  result<void> flush(log::disk& d);

  log::open_options how_;
  std::string final_directory_;
  bool is_finished_ = false;
  std::unique_ptr<log::partition_log> log_;
  std::vector<std::byte> bytes_;
  log::append_scratch scratch_;
  std::uint64_t unflushed_bytes_ = 0;
};

}  // namespace jackdaw::broker
