// Shard 0's part in groups: the coordinator's core with its clock, its log, and the requests that wait for it.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "context/timers.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/coordinator/group_coordinator.hpp"

namespace jackdaw::broker {

class shard_state;

// Shard 0's thread. What is called back runs there, too, at once or later, exactly once.
class group_host {
 public:
  explicit group_host(shard_state& zero);

  // This node coordinates: everything that was committed before is replayed.
  void begin();
  void end();

  using code = protocol::error_code;
  using codes = std::vector<code>;
  void join(const std::string& group, coordinator::join_request request,
            unique_function<void(coordinator::join_answer)> done);
  void sync(const std::string& group, coordinator::sync_request request,
            unique_function<void(coordinator::sync_answer)> done);
  code heartbeat(const std::string& group, const coordinator::member_claim& claim);
  code leave(const std::string& group, const std::string& member_id, const std::optional<std::string>& instance_id,
             const std::string& reason);
  // `done` runs once the offsets are on the disk: an error of the whole commit, or a code for each offset.
  void commit(coordinator::commit_request request, unique_function<void(code, codes)> done);
  void remove_offsets(const std::string& group, const std::vector<coordinator::offset_key>& offsets,
                      unique_function<void(code, codes)> done);
  void remove_groups(const std::vector<std::string>& groups, unique_function<void(codes)> done);

  // Offsets go when their topics are gone, and when their retention is over: a few groups at a time.
  void topics_deleted();
  void expire_offsets();

  void on_wake();
  time_point wake_at() const noexcept { return core_.next_deadline(); }

  coordinator::group_coordinator& core() noexcept { return core_; }
  time_point now() const noexcept;

 private:
  struct sweep {
    bool is_running = false;
    bool again = false;  // from the start: something changed meanwhile
    std::string after;   // the last group that was looked at
  };

  void perform(coordinator::coordinator_effects effects);
  void store(coordinator::store_job job);
  void append(std::optional<metadata::record> record, unique_function<void(code)> done);
  void sweep_topics();
  void sweep_expired();
  void append_swept(std::vector<metadata::record> records);

  shard_state& zero_;
  coordinator::group_coordinator core_;
  coordinator::waiter last_waiter_ = coordinator::no_waiter;
  std::unordered_map<coordinator::waiter, unique_function<void(coordinator::join_answer)>> joins_;
  std::unordered_map<coordinator::waiter, unique_function<void(coordinator::sync_answer)>> syncs_;
  sweep topics_;
  sweep expired_;
};

}  // namespace jackdaw::broker
