#include "jackdaw/broker/storage.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {
namespace {

constexpr std::string_view metadata_topic = "__cluster_metadata";

// The cluster id that a directory belongs to; empty when it isn't formatted.
result<std::string> cluster_of(log::disk& d, const std::string& directory) {
  const std::string path = directory + "/meta.properties";
  if (!d.exists(path)) return std::string();
  auto bytes = log::read_whole(d, path, 1 << 20);
  if (!bytes) return bytes.error();
  auto meta = log::meta_properties::decode(as_text(*bytes));
  if (!meta) return fail(meta.error().code, path + ": " + meta.error().detail);
  return meta->cluster_id;
}

}  // namespace

result<std::unique_ptr<storage>> storage::open(log::disk& d, const broker_config& config, random_source& random) {
  std::unique_ptr<storage> s(new storage(d));
  std::vector<std::string> paths = config.log_dirs;
  if (std::find(paths.begin(), paths.end(), config.metadata_log_dir) == paths.end())
    paths.push_back(config.metadata_log_dir);
  s->cluster_id_ = config.cluster_id;
  for (const auto& path : paths) {
    if (!s->cluster_id_.empty()) break;
    auto found = cluster_of(d, path);
    if (!found) return found.error();
    s->cluster_id_ = *found;
  }
  if (s->cluster_id_.empty()) s->cluster_id_ = to_string(random_uuid(random));
  for (const auto& path : paths) {
    auto opened = log::log_directory::open(d, path, {s->cluster_id_, config.node_id, uuid{}}, random_uuid(random));
    if (!opened) return opened.error();
    const bool has_partitions = s->directories_.size() < config.log_dirs.size();
    const bool has_metadata = path == config.metadata_log_dir;
    if (has_partitions && has_metadata) s->metadata_index_ = s->directories_.size();
    auto taken =
        has_partitions ? s->take_directory(std::move(*opened), random) : s->take_metadata_directory(std::move(*opened));
    if (!taken) return taken.error();
  }
  JD_ASSERT(s->directories_.size() == config.log_dirs.size(), s->directories_.size(), config.log_dirs.size());
  return s;
}

result<void> storage::take_metadata_directory(std::unique_ptr<log::log_directory> opened) {
  auto partitions = opened->scan(false);
  if (!partitions) return partitions.error();
  for (const auto& p : *partitions) {
    if (p.tp.topic == metadata_topic) continue;
    return fail(errc::invalid_argument,
                "metadata.log.dir " + opened->path() + " holds the partition " + log::directory_name(p.tp) +
                    ", but partitions are kept in log.dirs only: add the directory to log.dirs");
  }
  metadata_only_ = std::move(opened);
  return {};
}

result<void> storage::check_directories() const {
  for (const auto& directory : directories_) {
    if (auto checked = directory->check(); !checked) return checked;
  }
  return metadata_only_ ? metadata_only_->check() : result<void>{};
}

result<void> storage::take_directory(std::unique_ptr<log::log_directory> opened, random_source& random) {
  directories_.push_back(std::move(opened));
  const auto& directory = *directories_.back();
  auto partitions = directory.scan(false);
  if (!partitions) return partitions.error();
  for (const auto& p : *partitions) {
    if (auto taken = take_partition(p, random); !taken) return taken;
  }
  auto futures = directory.futures();
  if (!futures) return futures.error();
  for (auto& f : *futures) futures_.push_back({std::move(f.tp), directories_.size() - 1, std::move(f.path)});
  return {};
}

// A crash right after a move can leave a partition in two data directories: it is where it moved to.
result<void> storage::take_partition(const log::found_partition& p, random_source& random) {
  auto& directory = *directories_.back();
  found_log f;
  f.directory = directories_.size() - 1;
  f.clean = directory.was_clean();
  f.recovery_point = directory.recovery_points().find(p.tp).value_or(offset{0});
  f.log_start_offset = directory.log_starts().find(p.tp).value_or(offset{0});
  const auto earlier = found_.find(p.tp);
  if (earlier == found_.end()) {
    found_.emplace(p.tp, f);
    return {};
  }
  const auto has_moved_to = [&](std::size_t i) {
    return disk_.exists(directories_[i]->partition_path(p.tp) + log::moved_here_marker);
  };
  const std::size_t other = earlier->second.directory;
  if (has_moved_to(f.directory) == has_moved_to(other)) {
    return fail(errc::invalid_argument, "the partition " + log::directory_name(p.tp) + " is in two data directories, " +
                                            directory_path(other) + " and " + directory_path(f.directory) +
                                            ": take the one away that isn't wanted");
  }
  if (has_moved_to(other)) return put_away(p.tp, f.directory, random);
  earlier->second = f;
  return put_away(p.tp, other, random);
}

result<void> storage::put_away(const log::topic_partition& tp, std::size_t directory, random_source& random) {
  auto away = directories_[directory]->mark_deleted(tp, random_uuid(random));
  if (!away) return away.error();
  return disk_.sync_directory(directory_path(directory));
}

std::optional<std::size_t> storage::find_directory(std::string_view path) const noexcept {
  for (std::size_t i = 0; i < directories_.size(); ++i) {
    if (directories_[i]->path() == path) return i;
  }
  return std::nullopt;
}

const storage::found_log* storage::find(const log::topic_partition& tp) const noexcept {
  const auto at = found_.find(tp);
  return at == found_.end() ? nullptr : &at->second;
}

void storage::finish_deletions() const {
  for (const auto& directory : directories_) {
    const auto left = directory->leftover_deletions();
    if (!left) continue;
    for (const auto& path : *left) static_cast<void>(disk_.remove_all(path));
  }
}

std::size_t storage::choose_directory(const uuid& topic, partition_id partition) const noexcept {
  const auto spread = std::hash<uuid>{}(topic) + static_cast<std::size_t>(partition.value());
  return spread % directories_.size();
}

result<void> storage::close_clean(broker_epoch epoch) {
  for (auto& directory : directories_) {
    if (auto closed = directory->close_clean(epoch); !closed) return closed;
  }
  return metadata_only_ ? metadata_only_->close_clean(epoch) : result<void>{};
}

}  // namespace jackdaw::broker
