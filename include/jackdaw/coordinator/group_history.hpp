// Why a group rebalanced, and how long it took: what `jackdaw group explain` tells. The last rebalances are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "jackdaw/base/time.hpp"

namespace jackdaw::coordinator {

enum class cause_kind { joined, joined_again, left, session_over, did_not_sync, protocols_changed, store_failed };

// What began a rebalance, and who.
struct rebalance_cause {
  cause_kind kind = cause_kind::joined;
  std::string member_id;
  std::string reason;  // as the client gave it; may be empty
  std::string client_id{};
  std::string client_host{};
};

struct rebalance_report {
  timestamp_ms began;
  std::vector<rebalance_cause> causes;    // the first began it; the others came while it was prepared
  std::int32_t generation = -1;           // that it led to; -1: not yet
  std::int64_t joined_after_ms = -1;      // until all had joined
  std::int64_t synced_after_ms = -1;      // until the leader's assignment was there and stored
  std::string slowest_member;             // the last one to join
  std::vector<std::string> dropped;       // that did not join in time
  std::size_t member_count = 0;           // afterwards
  std::int32_t partitions_moved = -1;     // to another member, of those
  std::int32_t partitions_assigned = -1;  // assigned; -1: not a consumer's assignment
};

class group_history {
 public:
  // Old reports go when there are more, or when they take more together. Of each text so many bytes are kept: clients
  // choose them.
  static constexpr std::size_t reports_max = 20;
  static constexpr std::size_t bytes_max = 256 << 10;
  static constexpr std::size_t text_max = 300;
  // Of one rebalance: a thousand members that come at once are one story.
  static constexpr std::size_t causes_max = 100;
  static constexpr std::size_t dropped_max = 100;

  void caused(rebalance_cause cause, bool begins, now_t now);
  void member_joined(const std::string& member_id);
  void member_dropped(const std::string& member_id);
  void join_done(std::int32_t generation, std::size_t members, now_t now);
  void assigned(std::int32_t moved, std::int32_t total);
  void sync_done(now_t now);

  // The newest last.
  // About what it takes of memory.
  std::size_t bytes() const noexcept { return bytes_; }
  const std::deque<rebalance_report>& reports() const noexcept { return reports_; }

 private:
  void grow(std::size_t bytes);

  std::deque<rebalance_report> reports_;
  std::size_t bytes_ = 0;
  time_point began_{};
};

// As docs/formats/group_history.md has it: "session_over".
const char* name_of(cause_kind kind) noexcept;

}  // namespace jackdaw::coordinator
