#include "log_copy.hpp"

#include <algorithm>

#include "jackdaw/base/endian.hpp"

namespace jackdaw::broker {
namespace {

// So much may wait for the disk: the last flush is short then.
constexpr std::uint64_t flush_bytes = 16 << 20;

result<void> read_fully(const log::read_slice& slice, std::vector<std::byte>& into) {
  into.resize(slice.size_bytes);
  auto got = slice.file->read_at(into, slice.position);
  if (!got) return got.error();
  if (*got != into.size()) return fail(errc::io, "the log is shorter than it was");
  return {};
}

}  // namespace

result<void> log_copy::open(log::disk& d, offset start) {
  if (auto removed = d.remove_all(how_.directory); !removed) return removed;
  how_.log_start_offset = start;
  how_.is_new = true;
  auto opened = log::partition_log::open(d, how_);
  if (!opened) return opened.error();
  log_ = std::move(*opened);
  return {};
}

result<void> log_copy::add(log::disk& d, log::read_outcome piece) {
  if (piece.cold) {
    auto found = piece.cold->run();
    if (!found) return found.error();
    piece.slice = std::move(*found);
  }
  if (piece.slice.empty()) return log_ ? result<void>() : open(d, how_.log_start_offset);
  if (auto read = read_fully(piece.slice, bytes_); !read) return read;
  // A batch may begin below the log's start.
  if (!log_) {
    if (auto opened = open(d, offset{load_be<std::int64_t>(bytes_.data())}); !opened) return opened;
  }
  log::append_options options;
  options.now = how_.now;
  options.origin = log::append_origin::raft;  // batches keep what they have, and may be of any size
  const auto outcome = log_->append(bytes_, options, scratch_);
  if (!outcome.ok()) return fail(outcome.storage, outcome.message);
  unflushed_bytes_ += bytes_.size();
  return unflushed_bytes_ < flush_bytes ? result<void>() : flush(d);
}

result<void> log_copy::flush(log::disk& d) {
  unflushed_bytes_ = 0;
  const auto job = log_->prepare_flush();
  if (auto synced = job.run(d); !synced) return synced;
  log_->flush_done(job);
  return {};
}

result<void> log_copy::finish(log::disk& d, const std::string& source) {
  if (auto flushed = flush(d); !flushed) return flushed;
  // A mark of an earlier move that a power failure brought back would make two.
  if (d.exists(source + log::moved_here_marker)) {
    if (auto removed = d.remove(source + log::moved_here_marker); !removed) return removed;
    if (auto synced = d.sync_directory(source); !synced) return synced;
  }
  auto marker = d.open(how_.directory + log::moved_here_marker, log::open_mode::truncate);
  if (!marker) return marker.error();
  if (auto synced = (*marker)->sync(); !synced) return synced;
  if (auto synced = d.sync_directory(how_.directory); !synced) return synced;
  if (d.exists(final_directory_)) return fail(errc::io, final_directory_ + " is there already");
  if (auto renamed = d.rename(how_.directory, final_directory_); !renamed) return renamed;
  is_finished_ = true;
  log_->directory_renamed(final_directory_);
  return d.sync_directory(log::parent_directory(final_directory_));
}

result<void> log_copy::undo(log::disk& d, const std::string& to) {
  log_.reset();
  if (!d.exists(directory())) return {};
  if (auto renamed = d.rename(directory(), to); !renamed) return renamed;
  return d.sync_directory(log::parent_directory(to));
}

}  // namespace jackdaw::broker
