// Bringing a log to the disk: what to sync, when it is due, and how to win a file back whose sync failed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/log/disk.hpp"
#include "jackdaw/log/log_config.hpp"

namespace jackdaw::log {

// A small file to be written whole (replace_file).
struct file_content {
  std::string path;
  std::string content;
};

// Everything below `end` is on the disk once all of this is done: replacements and files first, then directories. Any
// thread may do it. Then tell the log by flush_done or flush_failed.
struct flush_job {
  std::vector<file_content> replacements;
  std::vector<std::shared_ptr<file>> files;
  std::vector<std::string> directories;
  offset end = no_offset;
  offset recovery_end = no_offset;  // how far the recovery point may move then: `end`, unless an index can't be written
  std::uint64_t sequence = 0;       // the log's own count of what it asked to be synced
  std::uint32_t truncations = 0;
  bool has_metadata = false;  // partition.metadata is among `files`

  bool empty() const noexcept { return replacements.empty() && files.empty() && directories.empty(); }
  // Syncs all of it here and now.
  result<void> run(disk& d) const;
};

// Brings what many logs wrote last (partition_log::close_unsynced) to the disk, by syncing their file systems instead
// of each file: 10,000 logs in a second instead of ten. Any thread.
result<void> sync_in_bulk(disk& d, const std::vector<std::string>& data_directories,
                          const std::vector<file_content>& replacements);

// What is unflushed in one log; the broker keeps it beside the log's flush timer.
struct flush_state {
  std::int64_t unflushed_messages = 0;
  timestamp_ms last_flush{0};
};

enum class flush_decision {
  none,
  now,    // before the append is acknowledged
  later,  // at `flush_due` (flush.ms)
};

// After an append: does log.flush.interval.messages demand a flush before the acknowledgement, or flush.ms a timer?
flush_decision decide_flush(const log_config& config, const flush_state& state, timestamp_ms now) noexcept;
// When flush.ms asks for the next flush; timestamp_ms{INT64_MAX} if never.
timestamp_ms flush_due(const log_config& config, const flush_state& state) noexcept;

// After a failed sync the kernel may have forgotten which pages it still owes to the disk. The job reads what wasn't
// synced back (from the page cache, as a rule), checks every batch, writes it again in place and syncs. Run it on a
// worker, repeat it with a pause while it fails; the log refuses appends meanwhile and reads go on.
struct repair_job {
  struct range {
    std::shared_ptr<file> log_file;
    std::uint64_t position = 0;
    std::uint64_t end_position = 0;
    offset base_offset;
    bool ends_file = false;                             // nothing may follow in the file
    std::vector<std::shared_ptr<file>> synced_with_it;  // indexes
  };
  // What came of it. `valid_end` is where the log must be cut because batches beyond it are gone (the disk gave other
  // bytes back), else the log's end.
  struct outcome {
    offset valid_end = no_offset;
    bool complete = true;
  };

  std::vector<range> ranges;
  std::vector<std::string> directories;
  offset end = no_offset;
  std::uint32_t truncations = 0;

  result<outcome> run(disk& d) const;
};

}  // namespace jackdaw::log
