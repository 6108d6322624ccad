// Creating and closing logs, one or very many: with many, a sync of the file system costs less than one of each file.
#include <iterator>
#include <set>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/log/jobs.hpp"
#include "jackdaw/log/partition_log.hpp"

namespace jackdaw::log {

namespace {

constexpr std::size_t bulk_min = 64;

result<void> sync_new(disk& d, const std::string& directory) {
  auto metadata = d.open(directory + "/partition.metadata", open_mode::write_existing);
  if (metadata) {
    if (auto synced = (*metadata)->sync(); !synced) return synced;
  } else if (metadata.error().code != errc::not_found) {
    return metadata.error();  // a log without a topic id has none
  }
  return d.sync_directory(directory);
}

}  // namespace

std::vector<result<std::unique_ptr<partition_log>>> create_logs(disk& d, std::vector<open_options> wanted) {
  std::vector<result<std::unique_ptr<partition_log>>> made;
  made.reserve(wanted.size());
  const bool in_bulk = wanted.size() >= bulk_min;
  std::set<std::string> parents;
  for (auto& options : wanted) {
    options.is_new = true;
    std::string directory = options.directory;
    auto log = partition_log::open(d, std::move(options));
    if (log && !in_bulk) {
      if (auto synced = sync_new(d, directory); !synced) log = synced.error();
    }
    if (log) parents.insert(parent_directory(directory));
    made.push_back(std::move(log));
  }
  for (const auto& parent : parents) {
    const auto synced = in_bulk ? d.sync_file_system(parent) : d.sync_directory(parent);
    for (auto& log : made) {
      if (!log || parent_directory((*log)->directory()) != parent) continue;
      if (synced) {
        (*log)->metadata_synced_ = true;
      } else {
        log = synced.error();
      }
    }
  }
  JD_ASSERT(made.size() == wanted.size(), made.size(), wanted.size());
  return made;
}

std::vector<closed_log> close_logs(disk& d, std::vector<std::unique_ptr<partition_log>> logs,
                                   const std::vector<std::string>& data_directories) {
  std::vector<closed_log> closed;
  closed.reserve(logs.size());
  const bool in_bulk = logs.size() >= bulk_min;
  std::vector<file_content> replacements;
  std::vector<offset> before;  // recovery points
  for (auto& log : logs) {
    JD_ASSERT(log != nullptr);
    before.push_back(log->recovery_point());
    closed_log one{log->log_end_offset(), log->log_start_offset()};
    if (in_bulk) {
      auto left = log->close_unsynced();
      if (!left) one.outcome = left.error();
      if (left) std::move(left->begin(), left->end(), std::back_inserter(replacements));
    } else {
      one.outcome = log->close(true);
    }
    if (!one.outcome) one.recovery_point = before.back();
    closed.push_back(std::move(one));
    log.reset();  // its files, too: there may be more logs than files that can be open at a time
  }
  JD_ASSERT(closed.size() == logs.size() && before.size() == logs.size(), closed.size(), before.size(), logs.size());
  if (!in_bulk) return closed;
  if (auto synced = sync_in_bulk(d, data_directories, replacements); !synced) {
    for (std::size_t i = 0; i < closed.size(); ++i) {
      if (closed[i].outcome) closed[i] = {before[i], closed[i].log_start_offset, synced.error()};
    }
  }
  return closed;
}

}  // namespace jackdaw::log
