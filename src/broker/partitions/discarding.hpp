// Directories that nobody wants any more: renamed first, so that their names are free, removed by a worker when it has
// the time.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "context/shard_context.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/log/log_directory.hpp"

namespace jackdaw::broker {

// A path in a data directory that no other deletion gives.
std::string discarded_path(shard_context& home, std::size_t directory, const log::topic_partition& tp);
// Removes what has such a path, on a worker.
void remove_discarded(shard_context& home, std::string path);

struct unwanted_directory {
  std::size_t directory = 0;  // index into the storage's
  log::topic_partition name;
};
// Partitions' directories, those that are there. `renamed` follows when their names are free.
void discard(shard_context& home, const std::vector<unwanted_directory>& unwanted, unique_function<void()> renamed);

}  // namespace jackdaw::broker
