// What follows when a partition's log or high watermark gets somewhere: appends that wait are acknowledged, fetches
// that wait hear of it, checkpoints are due.
//
//   appended --held by this broker (synced where asked)--> core --all in sync have it--> high watermark --> readers,
//   acks
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "context/shard_context.hpp"
#include "partition_events.hpp"
#include "partition_jobs.hpp"
#include "partition_table.hpp"

namespace jackdaw::broker {

class partition_progress {
 public:
  partition_progress(shard_context& home, partition_events& events, partition_table& table)
      : home_(home), events_(events), table_(table) {}

  // ---- a leading partition's log
  // Records were appended, up to the log's end. `is_held`: they count as this broker's copy already.
  void appended(hosted_partition& p, std::int64_t bytes, bool is_held);
  // This broker holds everything before `end`, as durably as the topic asks.
  void holds(hosted_partition& p, offset end);
  // The high watermark moved, or what acks=all asks for is another now.
  void moved(hosted_partition& p);

  // ---- appends that wait
  // Whether nothing with this end needs to wait.
  static bool is_acknowledged(const leading& l, offset end, bool for_all) noexcept;
  // `job->done` follows when all its items are acknowledged, refused or too late.
  void wait(append_job_ptr job);
  // Those that wait for this partition, and won't get it.
  void refuse_waiting(leading& l, protocol::error_code code, const std::string& why);

  // ---- fetches that wait
  void watch(read_job& job);
  void unwatch(fetch_key key);
  // They learn what became of the partition when they look again.
  void wake_watchers(const hosted_partition& p);
  // After a bunch of events: tells those that wait what came.
  void tell_watchers();

  // ---- checkpoints
  void note_checkpoints(hosted_partition& p);
  void note_high_watermark(hosted_partition& p);
  // Tells those that moved since the last call.
  void checkpoint_recovery_points();
  void checkpoint_high_watermarks();
  void recovery_point_moved(hosted_partition& p);

 private:
  struct news {
    partition_key key;
    std::int64_t bytes = 0;
    bool end_moved = false;             // for replicas
    bool high_watermark_moved = false;  // for clients
  };

  void note_news(const hosted_partition& p, std::int64_t bytes, bool end_moved, bool high_watermark_moved);
  void became_visible(hosted_partition& p, leading& l);
  void release(hosted_partition& p, leading& l);
  void timed_out(const std::shared_ptr<waiting_append>& append);
  void answer(std::vector<ack_queue::waiter> ready);

  shard_context& home_;
  partition_events& events_;
  partition_table& table_;
  std::map<fetch_key, std::vector<partition_key>> watched_;
  std::vector<news> news_;
  std::vector<partition_key> recovery_points_due_;
  std::vector<partition_key> high_watermarks_due_;
};

}  // namespace jackdaw::broker
