// Reads from the partitions of a shard: what is in memory at once, the rest by a worker.
#pragma once

#include <cstdint>
#include <optional>

#include "context/shard_context.hpp"
#include "file_budget.hpp"
#include "partition_jobs.hpp"
#include "partition_opener.hpp"
#include "partition_progress.hpp"
#include "partition_roles.hpp"
#include "partition_table.hpp"

namespace jackdaw::broker {

class partition_reads {
 public:
  partition_reads(shard_context& home, partition_table& table, file_budget& files, partition_roles& roles,
                  partition_progress& progress, partition_opener& opener)
      : home_(home), table_(table), files_(files), roles_(roles), progress_(progress), opener_(opener) {}

  // `job->done` gets it back filled; when that is too little, its watcher is told of what comes later.
  void read(read_job_ptr job);

 private:
  protocol::error_code admit(const hosted_partition& p, const fetch_target& target,
                             const reader_identity& reader) const;
  std::optional<log::cold_read> read_one(hosted_partition& p, read_item& item, const read_job& job, std::int64_t& left,
                                         bool& first);
  void read_when_open(read_job_ptr job);
  void take_cold(read_item& item, result<log::read_slice> slice);
  void finish_read(read_job_ptr job);

  shard_context& home_;
  partition_table& table_;
  file_budget& files_;
  partition_roles& roles_;
  partition_progress& progress_;
  partition_opener& opener_;
};

}  // namespace jackdaw::broker
