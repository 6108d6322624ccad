// One data directory of the broker (an entry of log.dirs): who owns it, how it was left, what is in it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/log/disk.hpp"

namespace jackdaw::log {

struct topic_partition {
  std::string topic;
  partition_id partition;
  auto operator<=>(const topic_partition&) const = default;
};

// "topic-3"
std::string directory_name(const topic_partition& tp);
// Nothing unless it is a name that directory_name gives.
std::optional<topic_partition> parse_directory_name(std::string_view name);

// "topic-3.<32 hexadecimal digits>-future": the copy of a partition that moves to this data directory. Long topic names
// lose their end, so that the name stays one that file systems take; such a copy can't be told whose it is.
std::string future_directory_name(const topic_partition& tp, const uuid& unique);
std::optional<topic_partition> parse_future_directory_name(std::string_view name);
bool is_future_directory_name(std::string_view name);

// A file in a partition's directory: the partition has just moved here, and where it was before may not be gone yet.
inline constexpr const char* moved_here_marker = "/moved-here";

// meta.properties, version 1.
struct meta_properties {
  std::string cluster_id;
  broker_id node;
  uuid directory_id;

  std::string encode() const;
  static result<meta_properties> decode(std::string_view text);
};

// A checkpoint file of offsets (recovery points, log starts), Kafka's version 0. set() and remove() cost the same
// however many partitions there are: writing takes the table away to a worker and merges on return what changed
// meanwhile. Owned by one thread.
class offset_checkpoint {
 public:
  using table = std::map<topic_partition, offset>;
  // Run it on any thread, then hand it back.
  class write_job {
   public:
    result<void> run(disk& d);

   private:
    friend class offset_checkpoint;
    std::string path_;
    std::unique_ptr<table> table_;
    std::vector<std::pair<topic_partition, std::optional<offset>>> changes_;
    bool written_ = false;
  };

  // A missing file is an empty table; a damaged one errc::corrupt.
  static result<offset_checkpoint> load(disk& d, std::string path);

  void set(const topic_partition& tp, offset value);
  void remove(const topic_partition& tp);
  // While a write is under way only what was set since it began.
  std::optional<offset> find(const topic_partition& tp) const;
  bool is_dirty() const noexcept { return !changes_.empty(); }
  // Nothing if there is nothing to write, or a write is under way.
  std::optional<write_job> prepare_write();
  // After a failed run the changes stay dirty.
  void write_done(write_job job);

 private:
  std::string path_;
  std::unique_ptr<table> table_;  // null while a write has it
  std::map<topic_partition, std::optional<offset>> changes_;
};

struct found_partition {
  topic_partition tp;
  std::string path;
  std::optional<uuid> topic_id;  // from partition.metadata, if asked for
};

class log_directory {
 public:
  // Locks the directory, makes it and formats it if it isn't formatted (`expected` is then what it gets; a zero
  // directory_id is replaced by `new_directory_id`). An empty expected cluster_id takes any that is there. Refuses with
  // a sentence that says what to do: errc::busy when another process holds it, errc::invalid_argument when it belongs
  // to another cluster or node, errc::corrupt.
  static result<std::unique_ptr<log_directory>> open(disk& d, std::string path, meta_properties expected,
                                                     uuid new_directory_id);

  const std::string& path() const noexcept { return path_; }
  const meta_properties& meta() const noexcept { return meta_; }
  // True if it was closed by close_clean; the marker is gone from the disk now, so that a kill is noticed.
  bool was_clean() const noexcept { return was_clean_; }
  // The broker epoch in the clean-shutdown marker; -1 if none.
  broker_epoch previous_broker_epoch() const noexcept { return previous_epoch_; }

  // Whether it is still what was opened: errc::io with a sentence when the directory, its lock or meta.properties was
  // removed, or another directory has taken its place. A few system calls: on a worker, every few seconds. From open()
  // until close_clean() begins, on any thread.
  result<void> check() const;

  std::string partition_path(const topic_partition& tp) const { return path_ + '/' + directory_name(tp); }
  // Every partition directory. `with_topic_ids` reads each partition.metadata.
  result<std::vector<found_partition>> scan(bool with_topic_ids) const;
  // Copies of partitions that were moving here.
  struct found_future {
    std::optional<topic_partition> tp;  // nothing: its name doesn't say
    std::string path;
  };
  result<std::vector<found_future>> futures() const;
  // Directories that wait for removal since an earlier run: give them to a worker (disk::remove_all).
  result<std::vector<std::string>> leftover_deletions() const;
  // Renames a partition's directory to <topic>-<partition>.<unique>-delete; returns the new path, for a worker to
  // remove.
  result<std::string> mark_deleted(const topic_partition& tp, uuid unique);

  offset_checkpoint& recovery_points() noexcept { return recovery_points_; }
  offset_checkpoint& log_starts() noexcept { return log_starts_; }

  // After all logs have been closed: writes both checkpoints and the clean-shutdown marker, waits for the disk, and
  // lets go of the lock.
  result<void> close_clean(broker_epoch epoch);

 private:
  log_directory(disk& d, std::string path) : disk_(d), path_(std::move(path)) {}
  result<void> load_meta(meta_properties expected, uuid new_directory_id);
  result<void> remove_leftovers();
  result<void> load_checkpoints();
  result<void> take_marker();

  disk& disk_;
  std::string path_;
  std::unique_ptr<file_lock> lock_;
  file_identity lock_identity_;  // while the lock is held no other file can have it
  meta_properties meta_;
  bool was_clean_ = false;
  broker_epoch previous_epoch_;
  offset_checkpoint recovery_points_;
  offset_checkpoint log_starts_;
};

}  // namespace jackdaw::log
