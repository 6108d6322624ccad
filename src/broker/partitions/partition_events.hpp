// What the partitions of a shard tell others unasked. Whoever puts the shard together implements it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "context/partition_key.hpp"
#include "jackdaw/log/log_directory.hpp"
#include "partition_jobs.hpp"

namespace jackdaw::broker {

// What is to be written into the checkpoints of a data directory; nothing stays as it is.
struct checkpoint_row {
  std::size_t directory = 0;  // index into the storage's
  log::topic_partition name;
  std::optional<offset> recovery_point;
  std::optional<offset> log_start;
  std::optional<offset> high_watermark;
};

// Called on the shard's thread.
class partition_events {
 public:
  // Bytes came to a partition that a fetch of any shard waits for.
  virtual void data_arrived(fetch_key watcher, std::int64_t bytes) = 0;
  // To shard 0, which keeps the checkpoints; rows of one partition keep their order, removals included.
  virtual void checkpoints_moved(std::vector<checkpoint_row> rows) = 0;
  virtual void checkpoints_forgotten(std::size_t directory, const log::topic_partition& name) = 0;
  // To shard 0, which tells how far the check is of logs that were not closed cleanly: how many this shard has (each
  // shard says so once), and that one is done.
  virtual void recovery_begins(std::size_t logs) = 0;
  virtual void log_recovered(std::uint64_t bytes_checked) = 0;
  // While stopping: a log could not be closed, or is left unchecked. The next start must not trust the files.
  virtual void closed_uncleanly() = 0;

 protected:
  ~partition_events() = default;
};

}  // namespace jackdaw::broker
