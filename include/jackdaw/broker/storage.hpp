// The data directories of one process: opened, locked and scanned once at start, before any shard runs.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/base/random.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/log/disk.hpp"
#include "jackdaw/log/log_directory.hpp"

namespace jackdaw::broker {

class storage {
 public:
  // What a partition's directory held at start.
  struct found_log {
    std::size_t directory = 0;  // index into directories()
    bool clean = false;
    offset recovery_point{0};
    offset log_start_offset{0};
  };

  // log.dirs hold partitions; metadata.log.dir holds the metadata log alone, unless it is one of them: a partition
  // found there is refused with a sentence that says what to do. Formats empty directories, refuses foreign ones; `d`
  // outlives the storage. The cluster id is the configured one, else the one found, else a new one.
  static result<std::unique_ptr<storage>> open(log::disk& d, const broker_config& config, random_source& random);

  // ---- immutable: any thread
  log::disk& disk() const noexcept { return disk_; }
  const std::string& cluster_id() const noexcept { return cluster_id_; }
  // Those of log.dirs.
  std::size_t directory_count() const noexcept { return directories_.size(); }
  const std::string& directory_path(std::size_t i) const noexcept { return directories_[i]->path(); }
  const uuid& directory_id(std::size_t i) const noexcept { return directories_[i]->meta().directory_id; }
  bool was_clean(std::size_t i) const noexcept { return directories_[i]->was_clean(); }
  // Null when there was no such directory at start.
  const found_log* find(const log::topic_partition& tp) const noexcept;
  const std::map<log::topic_partition, found_log>& found() const noexcept { return found_; }
  // A partition that was moving to another data directory when the last run ended.
  struct found_future {
    std::optional<log::topic_partition> tp;  // nothing: nobody can say whose copy it is
    std::size_t directory = 0;
    std::string path;
  };
  const std::vector<found_future>& futures() const noexcept { return futures_; }
  // The index of the directory with this path; nothing if there is none.
  std::optional<std::size_t> find_directory(std::string_view path) const noexcept;
  // Removes what earlier runs began to delete. On a worker.
  void finish_deletions() const;
  // Where a new partition goes: spread by its id over all of log.dirs.
  std::size_t choose_directory(const uuid& topic, partition_id partition) const noexcept;
  // The directory that holds the metadata log.
  const std::string& metadata_directory() const noexcept { return metadata().path(); }
  // Its id: the voter's directory id.
  const uuid& metadata_directory_id() const noexcept { return metadata().meta().directory_id; }
  // Whether all directories are still those that were opened: errc::io with a sentence for one that was removed or
  // replaced under the running broker. On a worker (class bulk), every few seconds, until close_clean.
  result<void> check_directories() const;

  // ---- shard 0's thread only
  log::log_directory& directory(std::size_t i) noexcept { return *directories_[i]; }
  // After every log was closed: checkpoints and the clean-shutdown marker, which says the epoch that this broker had
  // (-1: it was never registered).
  result<void> close_clean(broker_epoch epoch);

 private:
  explicit storage(log::disk& d) : disk_(d) {}

  result<void> take_directory(std::unique_ptr<log::log_directory> opened, random_source& random);
  result<void> take_partition(const log::found_partition& p, random_source& random);
  const log::log_directory& metadata() const noexcept {
    return metadata_only_ ? *metadata_only_ : *directories_[metadata_index_];
  }
  result<void> take_metadata_directory(std::unique_ptr<log::log_directory> opened);
  result<void> put_away(const log::topic_partition& tp, std::size_t directory, random_source& random);

  log::disk& disk_;
  std::string cluster_id_;
  std::vector<std::unique_ptr<log::log_directory>> directories_;
  std::unique_ptr<log::log_directory> metadata_only_;  // null when one of directories_ holds the metadata log
  std::size_t metadata_index_ = 0;                     // then this one
  std::map<log::topic_partition, found_log> found_;
  std::vector<found_future> futures_;
};

}  // namespace jackdaw::broker
