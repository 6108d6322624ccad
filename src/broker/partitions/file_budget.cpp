#include "file_budget.hpp"

#include <algorithm>

namespace jackdaw::broker {

// A log in use has a segment and its two indexes open. The rest of the process needs files, too: connections above all.
file_budget::file_budget(const shard_context& home, partition_table& table)
    : table_(table), max_(std::max<std::size_t>(2, home.server().open_files_max / 4 / home.shard_count())) {}

void file_budget::use(hosted_partition& p) {
  p.was_used = true;
  if (std::exchange(p.has_files, true)) return;
  with_files_.push_back(p.key());
}

// False when it must be synced first.
bool file_budget::release_one(hosted_partition& p) {
  p.log->release_files();
  if (p.log->has_unsynced_files() && !p.log->needs_repair()) return false;
  p.has_files = false;
  return true;
}

}  // namespace jackdaw::broker
