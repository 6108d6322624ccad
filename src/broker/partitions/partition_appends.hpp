// Produce's part in the partitions of a shard: validates and appends, and says when that is acknowledged.
#pragma once

#include <string>
#include <vector>

#include "context/shard_context.hpp"
#include "file_budget.hpp"
#include "flush_rounds.hpp"
#include "partition_jobs.hpp"
#include "partition_opener.hpp"
#include "partition_progress.hpp"
#include "partition_roles.hpp"
#include "partition_table.hpp"

namespace jackdaw::broker {

class partition_appends {
 public:
  partition_appends(shard_context& home, partition_table& table, file_budget& files, partition_roles& roles,
                    flush_rounds& flushes, partition_progress& progress, partition_opener& opener)
      : home_(home),
        table_(table),
        files_(files),
        roles_(roles),
        flushes_(flushes),
        progress_(progress),
        opener_(opener) {}

  // Appends each item, those of one partition in the order of the calls. `done` comes once each is refused, or as
  // durable as the topic's flush settings ask and, for acks=all, as replicated.
  void append(append_job_ptr job);

 private:
  void append_when_open(append_job_ptr job, const std::vector<std::size_t>& unopened);
  void append_one(hosted_partition& p, append_item& item, const append_job& job);
  void take(hosted_partition& p, append_item& item, const append_job& job, const log::append_outcome& outcome,
            std::int64_t size);
  void with_writable(const partition_key& key, opened_function then);
  void finish(append_job_ptr job);

  shard_context& home_;
  partition_table& table_;
  file_budget& files_;
  partition_roles& roles_;
  flush_rounds& flushes_;
  partition_progress& progress_;
  partition_opener& opener_;
  log::append_scratch scratch_;
};

}  // namespace jackdaw::broker
