// What this broker is to its open partitions, driven by nothing but the cluster's state.
//
//                        the state names this broker leader
//   offline, following ------------------------------------> leading --another epoch--> leading anew
//          ^                                                    | another leader, or none
//          '-- who waits is sent away: NOT_LEADER_OR_FOLLOWER <--'
#pragma once

#include <string>

#include "context/shard_context.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/metadata/records.hpp"
#include "partition_progress.hpp"
#include "partition_table.hpp"
#include "topic_configs.hpp"

namespace jackdaw::broker {

// Takes what a leader wants its ISR to be to whoever decides, who answers by a new state of the partition, or by
// partition_store::isr_refused.
using isr_proposer = unique_function<void(const partition_key&, leader_epoch, const replica::isr_proposal& wanted)>;

class partition_roles {
 public:
  partition_roles(shard_context& home, partition_table& table, topic_configs& configs, partition_progress& progress)
      : home_(home), table_(table), configs_(configs), progress_(progress) {}

  // From now on leaders propose. Until then an ISR changes only when somebody else changes it.
  void set_isr_proposer(isr_proposer proposer) { proposer_ = std::move(proposer); }
  void isr_refused(hosted_partition& p, leader_epoch epoch);

  // The partition's state in the newest image, when its log was opened and when it changed.
  void follow(hosted_partition& p, const metadata::topic& topic);
  void settings_changed(hosted_partition& p, const metadata::topic& topic);
  // Whether a fetch by a replica is to be believed.
  protocol::error_code check_replica(const hosted_partition& p, const reader_identity& who,
                                     const fetch_target& target) const;
  // It has everything before `from`.
  void fetched(hosted_partition& p, broker_id replica, offset from);
  // Records were appended: from now on replicas that don't fetch them lag.
  void appended(hosted_partition& p) {
    if (proposer_) wait_for_lag(p);
  }
  // The log lost its end (a repair found batches gone): what was known of it counts no more.
  void log_was_cut(hosted_partition& p);
  // Its log is about to be closed: whoever waits for it is told.
  void resign(hosted_partition& p, protocol::error_code code, const std::string& why);

 private:
  void lead(hosted_partition& p, const metadata::topic& topic, const metadata::partition_state& state);
  void propose_isr(hosted_partition& p);
  void wait_for_lag(hosted_partition& p);

  shard_context& home_;
  partition_table& table_;
  topic_configs& configs_;
  partition_progress& progress_;
  isr_proposer proposer_;
};

}  // namespace jackdaw::broker
