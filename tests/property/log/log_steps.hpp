// Steps of the property test that can be done in two ways, here and now or by jobs, and what a directory may hold.
#pragma once

#include <rapidcheck.h>

#include <set>
#include <string>

#include "jackdaw/base/random.hpp"
#include "jackdaw/log/partition_log.hpp"
#include "support/sim_disk.hpp"

namespace jackdaw::log {

inline result<void> truncate(partition_log& log, offset to, random_source& random) {
  if (random.one_in(2)) return log.truncate_to(to);
  const offset before = log.log_end_offset();
  auto job = log.prepare_truncation(to);
  const auto outcome = job.run();
  RC_ASSERT(log.log_end_offset() == before);
  return log.truncation_done(std::move(job), outcome);
}

inline void remove_files(partition_log& log, testing::sim_disk& disk) {
  auto job = log.prepare_removal({INT64_MAX});
  RC_ASSERT(bool(job.run(disk)));
  log.removal_done(std::move(job));
}

// Some files are renamed at once, some by a job, some are still waiting when the next thing happens.
inline void retain(partition_log& log, testing::sim_disk& disk, offset high_watermark, timestamp_ms now,
                   random_source& random) {
  if (random.one_in(2)) {
    RC_ASSERT(bool(log.apply_retention(high_watermark, now)));
    for (const auto& path : log.take_removable_files({INT64_MAX})) (void)disk.remove(path);
    return;
  }
  auto job = log.prepare_retention(high_watermark, now);
  RC_ASSERT(bool(job.run(disk)));
  RC_ASSERT(bool(log.retention_done(job)));
  if (random.one_in(2)) remove_files(log, disk);
}

// docs/formats/log.md says what a partition's directory holds; here there is nothing else.
inline void check_files(partition_log& log, testing::sim_disk& disk, const std::string& directory) {
  remove_files(log, disk);
  RC_ASSERT(!log.has_removable_files());
  constexpr std::size_t digits = 20;
  std::set<std::string> segments, others;
  for (const auto& entry : *disk.list(directory)) {
    const std::string& name = entry.name;
    if (name == "partition.metadata" || name == "leader-epoch-checkpoint") continue;
    if (name.ends_with(".quarantined")) continue;
    (name.ends_with(".log") ? segments : others).insert(name);
  }
  RC_ASSERT(segments.size() == log.segment_count());
  for (const std::string& name : others) {
    const std::string base = name.substr(0, digits);
    const std::string suffix = name.substr(base.size());
    if (suffix == ".index" || suffix == ".timeindex" || suffix == ".txnindex") {
      if (!segments.contains(base + ".log")) RC_FAIL("an index without its segment: " + name);
    } else if (suffix != ".snapshot" || segments.empty() || base + ".log" < *segments.begin()) {
      RC_FAIL("nobody owns " + name);
    }
  }
}

}  // namespace jackdaw::log
