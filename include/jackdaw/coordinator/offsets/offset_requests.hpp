// Committed offsets, beside the groups that they are of: who may commit, what expires, what goes with its topic.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/coordinator/runtime/group_runtime.hpp"

namespace jackdaw::coordinator {

struct commit_request {
  std::string group;
  std::string member_id;
  std::optional<std::string> instance_id;
  std::int32_t generation = -1;
  std::int64_t retention_ms = -1;                   // of OffsetCommit up to version 4
  std::vector<metadata::committed_offset> offsets;  // times are filled in here
  bool knows_absent_groups = true;  // GROUP_ID_NOT_FOUND, since version 9; before, the generation is what is wrong
};

// Lives no longer than its runtime. Every waiter is answered by a rows_answer: an error of the whole, or a row for each
// offset that was named.
class offset_requests {
 public:
  explicit offset_requests(group_runtime& runtime) : runtime_(runtime) {}

  void commit(commit_request request, waiter w, now_t now, coordinator_effects& out);
  void remove(const std::string& group, const std::vector<offset_key>& offsets, waiter w, coordinator_effects& out);

  // Offsets and groups that are past their retention, among up to `count` groups from `after` on. Empty when the last
  // group was reached; else where to go on. The waiter is answered once they are removed.
  std::string expire(const std::string& after, std::size_t count, waiter w, now_t now, coordinator_effects& out);
  // Offsets for which `is_gone` holds (their topic is), in the same way.
  using gone_function = std::function<bool(const offset_key&, const stored_offset&)>;
  std::string forget_if(const gone_function& is_gone, const std::string& after, std::size_t count, waiter w,
                        coordinator_effects& out);

 private:
  protocol::error_code check_commit(const commit_request& r, now_t now);
  void expire_group(const std::string& name, const group_entry& entry, now_t now, std::vector<metadata::record>& out);

  group_runtime& runtime_;
};

}  // namespace jackdaw::coordinator
