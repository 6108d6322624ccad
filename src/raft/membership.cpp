#include "jackdaw/raft/membership.hpp"

#include <algorithm>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::raft {
namespace {

// Somebody votes, and each once: what decode_voters() takes for a set.
bool is_sound(const voter_set& set) {
  const auto out_of_order = [](const voter& a, const voter& b) { return a.id >= b.id; };
  return !set.voters.empty() &&
         std::adjacent_find(set.voters.begin(), set.voters.end(), out_of_order) == set.voters.end();
}

}  // namespace

membership::membership(const snapshot_info& snapshot, const restored_log& log) {
  JD_ASSERT(is_sound(snapshot.voters), snapshot.position.index.value(), snapshot.voters.size());
  sets_.emplace_back(snapshot.position.index, snapshot.voters);
  for (const auto& [index, voters] : log.voters()) {
    if (index > snapshot.position.index) append(index, voters);
  }
}

const voter_set& membership::at(raft_index index) const noexcept {
  JD_ASSERT(index >= sets_.front().first, index.value(), sets_.front().first.value());
  auto found = sets_.rbegin();
  while (found->first > index && std::next(found) != sets_.rend()) ++found;
  return found->second;
}

void membership::append(raft_index index, voter_set voters) {
  JD_ASSERT(index > sets_.back().first, index.value(), sets_.back().first.value());
  JD_ASSERT(is_sound(voters), index.value(), voters.size());
  sets_.emplace_back(index, std::move(voters));
}

void membership::truncate_from(raft_index index) {
  JD_ASSERT(index > sets_.front().first, index.value(), sets_.front().first.value());
  while (sets_.size() > 1 && sets_.back().first >= index) sets_.pop_back();
}

void membership::forget_before(raft_index index) {
  while (sets_.size() > 1 && sets_[1].first <= index) sets_.pop_front();
}

void membership::reset(const snapshot_info& snapshot) {
  JD_ASSERT(is_sound(snapshot.voters), snapshot.position.index.value(), snapshot.voters.size());
  sets_.clear();
  sets_.emplace_back(snapshot.position.index, snapshot.voters);
}

}  // namespace jackdaw::raft
