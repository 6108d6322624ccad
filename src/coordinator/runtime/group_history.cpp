#include "jackdaw/coordinator/group_history.hpp"

#include <chrono>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::coordinator {
namespace {

std::int64_t ms_between(time_point from, time_point to) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(to - from).count();
}

// At a character's end.
void shorten(std::string& text) {
  if (text.size() <= group_history::text_max) return;
  std::size_t end = group_history::text_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text.shrink_to_fit();
}

std::size_t cost_of(const rebalance_cause& c) noexcept {
  return sizeof c + c.member_id.size() + c.reason.size() + c.client_id.size() + c.client_host.size();
}

std::size_t cost_of(const rebalance_report& r) noexcept {
  std::size_t bytes = sizeof r + r.slowest_member.size();
  for (const auto& c : r.causes) bytes += cost_of(c);
  for (const auto& d : r.dropped) bytes += sizeof(std::string) + d.size();
  return bytes;
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
    grow(sizeof(rebalance_report));
    began_ = now.steady;
  }
  auto& causes = reports_.back().causes;
  if (causes.size() >= causes_max) return;
  for (auto* text : {&cause.member_id, &cause.reason, &cause.client_id, &cause.client_host}) shorten(*text);
  causes.push_back(std::move(cause));
  grow(cost_of(causes.back()));
}

// The newest stays: it is far below what all may take.
void group_history::grow(std::size_t bytes) {
  bytes_ += bytes;
  while (reports_.size() > 1 && (reports_.size() > reports_max || bytes_ > bytes_max)) {
    JD_ASSERT(bytes_ >= cost_of(reports_.front()), bytes_, reports_.size());
    bytes_ -= cost_of(reports_.front());
    reports_.pop_front();
  }
}

void group_history::member_joined(const std::string& member_id) {
  if (reports_.empty()) return;
  auto& slowest = reports_.back().slowest_member;
  JD_ASSERT(bytes_ >= slowest.size(), bytes_, slowest.size());
  bytes_ -= slowest.size();
  slowest = member_id;
  shorten(slowest);
  grow(slowest.size());
}

void group_history::member_dropped(const std::string& member_id) {
  if (reports_.empty() || reports_.back().dropped.size() >= dropped_max) return;
  auto& name = reports_.back().dropped.emplace_back(member_id);
  shorten(name);
  grow(sizeof(std::string) + name.size());
}

void group_history::join_done(std::int32_t generation, std::size_t members, now_t now) {
  if (reports_.empty()) return;
  auto& r = reports_.back();
  JD_ASSERT(generation > r.generation, generation, r.generation);
  r.generation = generation;
  r.member_count = members;
  r.joined_after_ms = ms_between(began_, now.steady);
}

void group_history::assigned(std::int32_t moved, std::int32_t total) {
  JD_ASSERT(moved >= 0 && moved <= total, moved, total);
  if (reports_.empty()) return;
  reports_.back().partitions_moved = moved;
  reports_.back().partitions_assigned = total;
}

void group_history::sync_done(now_t now) {
  if (!reports_.empty()) reports_.back().synced_after_ms = ms_between(began_, now.steady);
}

}  // namespace jackdaw::coordinator
