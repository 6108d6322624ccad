// What a newer image of the cluster means for the partitions of a shard: new ones, deleted ones, other roles, other
// settings. Costs what changed, not what there is.
#pragma once

#include <cstddef>
#include <vector>

#include "context/shard_context.hpp"
#include "discarding.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/metadata/image_builder.hpp"
#include "log_housekeeping.hpp"
#include "log_mover.hpp"
#include "partition_events.hpp"
#include "partition_opener.hpp"
#include "partition_roles.hpp"
#include "partition_table.hpp"
#include "topic_configs.hpp"

namespace jackdaw::broker {

class partition_changes {
 public:
  partition_changes(shard_context& home, partition_events& events, partition_table& table, topic_configs& configs,
                    partition_roles& roles, partition_opener& opener, log_housekeeping& housekeeping, log_mover& mover)
      : home_(home),
        events_(events),
        table_(table),
        configs_(configs),
        roles_(roles),
        opener_(opener),
        housekeeping_(housekeeping),
        mover_(mover) {}

  // `applied` comes when nobody uses the directories of deleted partitions any more, so that their names are free.
  void apply(const metadata::delta& change, unique_function<void()> applied);
  // A worker opened the log of a partition that was deleted meanwhile.
  void let_go(std::size_t directory, const log::topic_partition& name);

 private:
  void apply_settings(const metadata::delta& change);
  void follow(const partition_key& key, const metadata::delta& change);
  void remove(const partition_key& key, const log::topic_partition& name, const partition_problem& why);
  void discard_all(std::vector<unwanted_directory> unwanted);
  void dropped();

  shard_context& home_;
  partition_events& events_;
  partition_table& table_;
  topic_configs& configs_;
  partition_roles& roles_;
  partition_opener& opener_;
  log_housekeeping& housekeeping_;
  log_mover& mover_;
  std::vector<unwanted_directory> unwanted_;           // of the change that is being applied
  std::size_t dropping_ = 0;                           // openings, moves, renames of what is deleted
  std::vector<unique_function<void()>> when_dropped_;  // changes that are applied when those have ended
};

}  // namespace jackdaw::broker
