// What members of classic groups ask: JoinGroup, SyncGroup, Heartbeat, LeaveGroup, on top of the runtime of all groups.
#pragma once

#include <optional>
#include <string>

#include "jackdaw/coordinator/runtime/group_runtime.hpp"

namespace jackdaw::coordinator {

// Lives no longer than its runtime. Joins and syncs are answered through effects, of this call or a later one.
class classic_requests {
 public:
  explicit classic_requests(group_runtime& runtime) : runtime_(runtime) {}

  // `new_member_id` is what a new member is called, drawn by the caller.
  void join(const std::string& group, join_request request, waiter w, const std::string& new_member_id, now_t now,
            coordinator_effects& out);
  void sync(const std::string& group, sync_request request, waiter w, now_t now, coordinator_effects& out);
  protocol::error_code heartbeat(const std::string& group, const member_claim& claim, now_t now);
  // By member id, or by instance id with an empty member id.
  protocol::error_code leave(const std::string& group, const std::string& member_id,
                             const std::optional<std::string>& instance_id, const std::string& reason, now_t now,
                             coordinator_effects& out);

 private:
  std::optional<protocol::error_code> refuse_join(const std::string& group, const join_request& r);
  // Null if there is no such group here, or it is of another kind.
  classic_group* find(const std::string& group) noexcept;

  group_runtime& runtime_;
};

}  // namespace jackdaw::coordinator
