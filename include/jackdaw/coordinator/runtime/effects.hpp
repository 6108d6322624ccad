// What the coordinators' runtime gives and takes, whatever the kind of a group.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "jackdaw/coordinator/classic/classic_messages.hpp"
#include "jackdaw/coordinator/group_messages.hpp"
#include "jackdaw/coordinator/runtime/newest_groups.hpp"
#include "jackdaw/metadata/records.hpp"

namespace jackdaw::coordinator {

// Of commits and removals: an error of the whole, or one for each that was asked for, in that order.
struct rows_answer {
  protocol::error_code error = protocol::error_code::none;
  std::vector<protocol::error_code> rows;
};

using answer = std::variant<join_answer, sync_answer, rows_answer>;
// Most often there is one.
using answer_list = boost::container::small_vector<std::pair<waiter, answer>, 1>;

// What a group's call brought about besides its return value.
struct group_effects {
  std::vector<std::pair<waiter, answer>> answers;
  // To be stored; then the group is told by ended(), with `generation`, and these answers become true.
  std::vector<metadata::record> records;
  std::int32_t generation = 0;
  std::vector<std::pair<waiter, answer>> when_stored;
};

// Records for the log. The caller appends them in this order and says how each ended by finished().
struct proposal {
  newest_groups::batch_id id = 0;
  metadata::record_batch records;
};

struct coordinator_effects {
  answer_list answers;
  boost::container::small_vector<proposal, 1> proposals;
};

// The answer to somebody whose request can't be done.
inline void refuse(answer& a, protocol::error_code why) {
  if (auto* join = std::get_if<join_answer>(&a)) {
    *join = refused_join(why, std::move(join->member_id));
  } else if (auto* sync = std::get_if<sync_answer>(&a)) {
    *sync = refused_sync(why);
  } else {
    std::get<rows_answer>(a).error = why;
  }
}

struct group_settings {
  std::int32_t initial_rebalance_delay_ms = 3000;
  std::int32_t max_size = 2147483647;
};

struct coordinator_settings {
  group_settings classic;
  std::int32_t session_timeout_min_ms = 6000;
  std::int32_t session_timeout_max_ms = 1800000;
  std::int32_t offset_metadata_max_bytes = 4096;
  // Of a generation's subscriptions and assignments together; with more it can't be stored.
  std::size_t generation_bytes_max = 16 << 20;
  std::int64_t offsets_retention_ms = 7LL * 24 * 3600 * 1000;
  // Of all groups' members and offsets. With more, new members and offsets are refused by an error that clients retry.
  std::size_t memory_max_bytes = std::size_t{1} << 30;
};

}  // namespace jackdaw::coordinator
