#include "jackdaw/coordinator/group_history.hpp"

#include <chrono>
#include <utility>

namespace jackdaw::coordinator {
namespace {

std::int64_t ms_between(time_point from, time_point to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

}  // namespace

const char* name_of(cause_kind kind) noexcept {
  switch (kind) {
    case cause_kind::joined: return "joined";
    case cause_kind::joined_again: return "joined_again";
    case cause_kind::left: return "left";
    case cause_kind::session_over: return "session_over";
    case cause_kind::did_not_sync: return "did_not_sync";
    case cause_kind::protocols_changed: return "protocols_changed";
    case cause_kind::store_failed: return "store_failed";
  }
  return "";
}

void group_history::caused(rebalance_cause cause, bool begins, now_t now) {
  if (begins || reports_.empty()) {
    rebalance_report r;
    r.began = now.wall;
    reports_.push_back(std::move(r));
    if (reports_.size() > reports_max) reports_.pop_front();
    began_ = now.steady;
  }
  constexpr std::size_t causes_max = 100;  // a thousand members that come at once are one story
  if (reports_.back().causes.size() < causes_max) reports_.back().causes.push_back(std::move(cause));
}

void group_history::member_joined(const std::string& member_id) {
  if (!reports_.empty()) reports_.back().slowest_member = member_id;
}

void group_history::member_dropped(const std::string& member_id) {
  if (!reports_.empty()) reports_.back().dropped.push_back(member_id);
}

void group_history::join_done(std::int32_t generation, std::size_t members, now_t now) {
  if (reports_.empty()) return;
  auto& r = reports_.back();
  r.generation = generation;
  r.member_count = members;
  r.joined_after_ms = ms_between(began_, now.steady);
}

void group_history::assigned(std::int32_t moved, std::int32_t total) {
  if (reports_.empty()) return;
  reports_.back().partitions_moved = moved;
  reports_.back().partitions_assigned = total;
}

void group_history::sync_done(now_t now) {
  if (!reports_.empty()) reports_.back().synced_after_ms = ms_between(began_, now.steady);
}

}  // namespace jackdaw::coordinator
