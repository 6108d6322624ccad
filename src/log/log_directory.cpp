#include "jackdaw/log/log_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "jackdaw/base/assert.hpp"
#include "recovery.hpp"
#include "text_lines.hpp"

namespace jackdaw::log {

namespace {

constexpr const char* meta_name = "/meta.properties";
constexpr const char* lock_name = "/.lock";
constexpr const char* marker_name = "/.kafka_cleanshutdown";
constexpr std::string_view deleted_suffix = "-delete";
constexpr std::string_view future_suffix = "-future";
constexpr std::size_t hex_digits = 32;
constexpr std::size_t directory_name_max = 255;

std::string encode_marker(broker_epoch epoch) {
  return "{\"version\":0,\"brokerEpoch\":" + std::to_string(epoch.value()) + '}';
}

// The marker's JSON has one number that matters; -1 if it isn't there (older markers are empty files).
broker_epoch decode_marker(std::string_view text) {
  constexpr std::string_view key = "\"brokerEpoch\":";
  const auto at = text.find(key);
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at + key.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto end = rest.find_first_of(",} ");
  return broker_epoch{parse_number(rest.substr(0, end)).value_or(-1)};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\t')) text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  return text;
}

error not_ours(const std::string& path, const char* what, const std::string& has, const std::string& wanted) {
  return fail(errc::invalid_argument, path + " belongs to " + what + ' ' + has +
                                          ", but this broker is configured for " + wanted +
                                          ": use another directory in log.dirs, or correct the configuration");
}

}  // namespace

std::string directory_name(const topic_partition& tp) { return tp.topic + '-' + std::to_string(tp.partition.value()); }

std::optional<topic_partition> parse_directory_name(std::string_view name) {
  const auto dash = name.rfind('-');
  if (dash == std::string_view::npos || dash == 0 || dash + 1 == name.size()) return std::nullopt;
  const auto number = parse_number(name.substr(dash + 1));
  if (!number || *number < 0 || *number > INT32_MAX) return std::nullopt;
  topic_partition tp{std::string(name.substr(0, dash)), partition_id{static_cast<std::int32_t>(*number)}};
  if (directory_name(tp) != name) return std::nullopt;
  return tp;
}

std::string future_directory_name(const topic_partition& tp, const uuid& unique) {
  const std::string name = directory_name(tp);
  const auto kept = std::min(name.size(), directory_name_max - hex_digits - 1 - future_suffix.size());
  auto future = fmt::format("{}.{:016x}{:016x}{}", name.substr(0, kept), unique.high, unique.low, future_suffix);
  JD_ASSERT(future.size() <= directory_name_max, future);
  return future;
}

bool is_future_directory_name(std::string_view name) { return name.ends_with(future_suffix); }

std::optional<topic_partition> parse_future_directory_name(std::string_view name) {
  const std::size_t tail = hex_digits + 1 + future_suffix.size();
  if (!is_future_directory_name(name) || name.size() <= tail || name[name.size() - tail] != '.') return std::nullopt;
  if (name.size() == directory_name_max) return std::nullopt;  // it may have been cut
  return parse_directory_name(name.substr(0, name.size() - tail));
}

std::string meta_properties::encode() const {
  return "version=1\nnode.id=" + std::to_string(node.value()) + "\ncluster.id=" + cluster_id +
         "\ndirectory.id=" + to_string(directory_id) + '\n';
}

result<meta_properties> meta_properties::decode(std::string_view text) {
  meta_properties out;
  bool has_version = false;
  for (text_lines lines(text); !lines.at_end();) {
    const std::string_view line = trimmed(lines.next());
    const auto equals = line.find('=');
    if (line.starts_with('#') || equals == std::string_view::npos) continue;
    const std::string_view key = trimmed(line.substr(0, equals));
    const std::string_view value = trimmed(line.substr(equals + 1));
    if (key == "version") has_version = value == "0" || value == "1";
    if (key == "cluster.id") out.cluster_id = std::string(value);
    if (key == "node.id" || key == "broker.id") {
      out.node = broker_id{static_cast<std::int32_t>(parse_number(value).value_or(-1))};
    }
    if (key == "directory.id") out.directory_id = parse_uuid(value).value_or(uuid{});
  }
  if (!has_version || out.cluster_id.empty() || out.node.value() < 0) {
    return fail(errc::corrupt, "meta.properties lacks a known version, cluster.id or node.id");
  }
  return out;
}

result<std::unique_ptr<log_directory>> log_directory::open(disk& d, std::string path, meta_properties expected,
                                                           uuid new_directory_id) {
  if (auto made = d.create_directories(path); !made) return made.error();
  if (auto synced = d.sync_directory(parent_directory(path)); !synced) return synced.error();
  std::unique_ptr<log_directory> dir(new log_directory(d, std::move(path)));
  auto lock = d.lock(dir->path_ + lock_name);
  if (!lock && lock.error().code == errc::busy) {
    return fail(errc::busy, "another process uses the data directory " + dir->path_ +
                                ": stop it, or give this broker a log.dirs of its own");
  }
  if (!lock) return lock.error();
  dir->lock_ = std::move(*lock);
  auto identity = d.identify(dir->path_ + lock_name);
  if (!identity) return identity.error();
  dir->lock_identity_ = *identity;
  if (auto removed = dir->remove_leftovers(); !removed) return removed.error();
  if (auto known = dir->load_meta(std::move(expected), new_directory_id); !known) return known.error();
  if (auto loaded = dir->load_checkpoints(); !loaded) return loaded.error();
  if (auto taken = dir->take_marker(); !taken) return taken.error();
  return dir;
}

result<void> log_directory::check() const {
  const auto gone = [this](const std::string& what) {
    return fail(errc::io, "the data directory " + path_ + " was removed or replaced while the broker uses it: " + what);
  };
  const auto lock = disk_.identify(path_ + lock_name);
  if (!lock) return gone(lock.error().detail);
  if (*lock != lock_identity_) return gone(path_ + lock_name + " is another file than at start");
  if (const auto meta = disk_.identify(path_ + meta_name); !meta) return gone(meta.error().detail);
  return {};
}

// What a crash left of files that were being replaced.
result<void> log_directory::remove_leftovers() {
  auto entries = disk_.list(path_);
  if (!entries) return entries.error();
  for (const auto& entry : *entries) {
    if (entry.is_directory || !entry.name.ends_with(".tmp")) continue;
    if (auto removed = disk_.remove(path_ + '/' + entry.name); !removed) return removed;
  }
  return {};
}

namespace {

// A new directory's name is in its parent, whose name may be as new, and so on: without these everything below may
// be gone after a power cut, however well it was synced itself.
result<void> sync_ancestors(disk& d, std::string path) {
  for (std::string parent = parent_directory(path); parent != path; parent = parent_directory(path)) {
    if (auto synced = d.sync_directory(parent); !synced) return synced;
    if (parent == "." || parent == "/") break;
    path = parent;
  }
  return {};
}

}  // namespace

result<void> log_directory::load_meta(meta_properties expected, uuid new_directory_id) {
  const std::string file = path_ + meta_name;
  auto content = read_whole(disk_, file);
  if (!content && content.error().code != errc::not_found) return content.error();
  if (content) {
    auto found = meta_properties::decode(as_text(*content));
    if (!found) return fail(errc::corrupt, file + " is damaged: " + found.error().detail);
    if (found->cluster_id != expected.cluster_id && !expected.cluster_id.empty()) {
      return not_ours(path_, "cluster", found->cluster_id, "cluster " + expected.cluster_id);
    }
    if (found->node != expected.node) {
      return not_ours(path_, "node", std::to_string(found->node.value()),
                      "node " + std::to_string(expected.node.value()));
    }
    meta_ = std::move(*found);
    if (!meta_.directory_id.is_zero()) return {};
    meta_.directory_id = new_directory_id;
  } else {
    meta_ = std::move(expected);
    if (meta_.directory_id.is_zero()) meta_.directory_id = new_directory_id;
  }
  const std::string text = meta_.encode();
  if (auto written = replace_file(disk_, file, as_bytes(text), true); !written) return written;
  return sync_ancestors(disk_, path_);
}

result<void> log_directory::load_checkpoints() {
  auto points = offset_checkpoint::load(disk_, path_ + "/recovery-point-offset-checkpoint");
  if (!points) return points.error();
  recovery_points_ = std::move(*points);
  auto starts = offset_checkpoint::load(disk_, path_ + "/log-start-offset-checkpoint");
  if (!starts) return starts.error();
  log_starts_ = std::move(*starts);
  auto watermarks = offset_checkpoint::load(disk_, path_ + "/replication-offset-checkpoint");
  if (!watermarks) return watermarks.error();
  high_watermarks_ = std::move(*watermarks);
  return {};
}

// Takes the clean-shutdown marker away before anything is written.
result<void> log_directory::take_marker() {
  auto content = read_whole(disk_, path_ + marker_name, 4096);
  if (!content && content.error().code == errc::not_found) return {};
  if (!content) return content.error();
  was_clean_ = true;
  previous_epoch_ = decode_marker(as_text(*content));
  if (auto removed = disk_.remove(path_ + marker_name); !removed) return removed;
  return disk_.sync_directory(path_);
}

result<std::vector<found_partition>> log_directory::scan(bool with_topic_ids) const {
  auto entries = disk_.list(path_);
  if (!entries) return entries.error();
  std::vector<found_partition> found;
  for (const auto& entry : *entries) {
    if (!entry.is_directory) continue;
    auto tp = parse_directory_name(entry.name);
    if (!tp) continue;
    found_partition one{std::move(*tp), path_ + '/' + entry.name, std::nullopt};
    if (with_topic_ids) {
      auto text = read_whole(disk_, one.path + "/partition.metadata", 4096);
      if (!text && text.error().code != errc::not_found) return text.error();
      if (text) {
        if (auto id = decode_partition_metadata(as_text(*text))) one.topic_id = *id;
      }
    }
    found.push_back(std::move(one));
  }
  return found;
}

result<std::vector<log_directory::found_future>> log_directory::futures() const {
  auto entries = disk_.list(path_);
  if (!entries) return entries.error();
  std::vector<found_future> found;
  for (const auto& entry : *entries) {
    if (entry.is_directory && is_future_directory_name(entry.name))
      found.push_back({parse_future_directory_name(entry.name), path_ + '/' + entry.name});
  }
  return found;
}

result<std::vector<std::string>> log_directory::leftover_deletions() const {
  auto entries = disk_.list(path_);
  if (!entries) return entries.error();
  std::vector<std::string> found;
  for (const auto& entry : *entries) {
    if (entry.is_directory && entry.name.ends_with(deleted_suffix)) found.push_back(path_ + '/' + entry.name);
  }
  return found;
}

result<std::string> log_directory::mark_deleted(const topic_partition& tp, uuid unique) {
  const std::string id = to_string(unique);
  std::string kept = directory_name(tp);
  // Long topic names lose their end, so that the name stays one that file systems take.
  kept.resize(std::min(kept.size(), directory_name_max - id.size() - 1 - deleted_suffix.size()));
  std::string target = path_ + '/' + kept + '.' + id + std::string(deleted_suffix);
  if (auto renamed = disk_.rename(partition_path(tp), target); !renamed) return renamed.error();
  recovery_points_.remove(tp);
  log_starts_.remove(tp);
  high_watermarks_.remove(tp);
  return target;
}

result<void> log_directory::close_clean(broker_epoch epoch) {
  JD_ASSERT(lock_ != nullptr, path_);
  for (auto* checkpoint : {&recovery_points_, &log_starts_, &high_watermarks_}) {
    auto job = checkpoint->prepare_write();
    if (!job) continue;
    auto written = job->run(disk_);
    checkpoint->write_done(std::move(*job));
    if (!written) return written;
  }
  const std::string marker = encode_marker(epoch);
  if (auto written = replace_file(disk_, path_ + marker_name, as_bytes(marker), true); !written) return written;
  lock_.reset();
  return {};
}

}  // namespace jackdaw::log
