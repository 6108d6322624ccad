#include "jackdaw/broker/storage.hpp"

#include <algorithm>

namespace jackdaw::broker {
namespace {

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
  s->metadata_directory_ = config.metadata_log_dir;
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
    s->directories_.push_back(std::move(*opened));
    auto& directory = *s->directories_.back();
    auto partitions = directory.scan(false);
    if (!partitions) return partitions.error();
    for (const auto& p : *partitions) {
      found_log f;
      f.directory = s->directories_.size() - 1;
      f.clean = directory.was_clean();
      f.recovery_point = directory.recovery_points().find(p.tp).value_or(offset{0});
      f.log_start_offset = directory.log_starts().find(p.tp).value_or(offset{0});
      s->found_.emplace(p.tp, f);
    }
  }
  return s;
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
  return {};
}

}  // namespace jackdaw::broker
