// A partition whose log is open here, and what this broker is to it:
//
//   leading    appends and answers, knows who waits for which high watermark
//   following  holds the log for the broker that leads; clients are sent there
//   offline    holds the log, and nobody leads
//
// The role follows the cluster's state (partition_roles), nothing else.
#pragma once

#include <memory>
#include <utility>
#include <variant>
#include <vector>

#include "ack_queue.hpp"
#include "context/partition_key.hpp"
#include "jackdaw/base/timer_queue.hpp"
#include "jackdaw/log/log_directory.hpp"
#include "jackdaw/log/partition_log.hpp"
#include "jackdaw/replica/partition_leader.hpp"
#include "partition_jobs.hpp"

namespace jackdaw::broker {

// A fetch that waits for data of a partition: a replica's for the log's end, a client's for the high watermark.
struct partition_watcher {
  fetch_key fetch;
  bool is_replica = false;
};

struct leading {
  replica::partition_leader core;
  ack_queue for_all{};   // acks=all: until the high watermark is there
  ack_queue for_sync{};  // else: until this broker holds it, synced where the topic asks for that
  // Bytes that were appended and that readers don't see yet, by the offset behind them.
  std::vector<std::pair<offset, std::int64_t>> unseen{};
  timer_queue::handle isr_timer{};
};

struct following {
  broker_id leader;
};

struct offline {};

struct hosted_partition {
  hosted_partition(log::topic_partition tp, const uuid& id, std::size_t in_directory,
                   std::unique_ptr<log::partition_log> opened)
      : name(std::move(tp)), topic_id(id), directory(in_directory), log(std::move(opened)) {}

  log::topic_partition name;
  uuid topic_id;
  std::size_t directory = 0;  // index into the storage's
  std::unique_ptr<log::partition_log> log;

  std::variant<offline, following, leading> role;
  leader_epoch epoch;       // that the role is of
  offset committed_before;  // the high watermark as it was known when this broker didn't lead

  log::flush_state unflushed;
  offset must_sync_to;                // an append below it is held by this broker only once it is synced
  timer_queue::handle flush_timer{};  // flush.ms
  bool is_flush_wanted = false;       // in a next round
  bool is_syncing = false;            // in a round that is under way
  bool is_repairing = false;
  bool is_held = false;  // about to be switched to another data directory: appends wait
  std::vector<unique_function<void()>> held;
  bool has_files = false;                   // used since its files were last let go of: some may be open
  bool was_used = false;                    // since the file budget last looked
  bool checkpoint_due = false;              // the recovery point moved since the last checkpoint
  bool high_watermark_due = false;          // the same of the high watermark
  std::vector<partition_watcher> watchers;  // fetches that wait for data here

  partition_key key() const noexcept { return {topic_id, name.partition}; }
  leading* as_leading() noexcept { return std::get_if<leading>(&role); }
  const leading* as_leading() const noexcept { return std::get_if<leading>(&role); }
  offset high_watermark() const noexcept {
    const auto* l = as_leading();
    return l != nullptr ? l->core.high_watermark() : committed_before;
  }
};

}  // namespace jackdaw::broker
