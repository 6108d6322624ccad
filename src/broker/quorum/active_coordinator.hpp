// Groups on the node that coordinates them: the coordinator's core with its clock, its way into the log, and the
// requests that wait for it. Exists only while this node leads and has applied all that was committed before; its end
// answers whoever waits with NOT_COORDINATOR and takes along every decision that isn't committed.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "context/shard_context.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/coordinator/group_coordinator.hpp"
#include "proposer.hpp"
#include "waiting_answers.hpp"

namespace jackdaw::broker {

// Shard 0's thread. What is called back runs there, too, at once or later, exactly once.
class active_coordinator {
 public:
  // All three outlive it. `committed` changes only by what goes through `log`.
  active_coordinator(shard_context& zero, coordinator::group_table& committed, proposer& log);
  active_coordinator(const active_coordinator&) = delete;
  active_coordinator& operator=(const active_coordinator&) = delete;
  ~active_coordinator();

  using code = protocol::error_code;
  using rows_answer = coordinator::rows_answer;
  void join(const std::string& group, coordinator::join_request request,
            unique_function<void(coordinator::join_answer)> done);
  void sync(const std::string& group, coordinator::sync_request request,
            unique_function<void(coordinator::sync_answer)> done);
  code heartbeat(const std::string& group, const coordinator::member_claim& claim);
  code leave(const std::string& group, const std::string& member_id, const std::optional<std::string>& instance_id,
             const std::string& reason);
  // `done` runs once the offsets are on the disk: an error of the whole commit, or a code for each offset.
  void commit(coordinator::commit_request request, unique_function<void(rows_answer)> done);
  void remove_offsets(const std::string& group, const std::vector<coordinator::offset_key>& offsets,
                      unique_function<void(rows_answer)> done);
  void remove_groups(const std::vector<std::string>& groups, unique_function<void(rows_answer)> done);

  // Offsets go when their topics are gone from this image, and when their retention is over: a few groups at a time.
  void topics_deleted(metadata::image_ptr image);
  void expire_offsets();

  void on_wake();
  time_point wake_at() const noexcept { return core_.groups.next_deadline(); }

  const coordinator::group_runtime& groups() const noexcept { return core_.groups; }
  time_point now() const noexcept { return zero_.now.steady; }

 private:
  struct sweep {
    bool is_running = false;
    bool again = false;  // from the start: something changed meanwhile
    std::string after;   // the last group that was looked at
    timer_queue::handle next{};
  };
  coordinator::waiter wait_for_sweep();
  void perform(coordinator::coordinator_effects effects);
  void propose(coordinator::proposal p);
  void sweep_topics();
  void sweep_expired();

  shard_context& zero_;
  proposer& log_;
  coordinator::group_coordinator core_;
  waiting_answers waiting_;
  std::deque<coordinator::proposal> to_propose_;
  coordinator::newest_groups::batch_id last_proposed_ = 0;  // to the log, which takes them in the order of ids
  bool is_proposing_ = false;
  metadata::image_ptr image_;
  sweep topics_;
  sweep expired_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();  // for the log, which may outlive this
};

}  // namespace jackdaw::broker
