#include "jackdaw/raft/membership.hpp"

#include "jackdaw/base/assert.hpp"

namespace jackdaw::raft {

membership::membership(const snapshot_info& snapshot, const restored_log& log) {
  sets_.emplace_back(snapshot.position.index, snapshot.voters);
  for (const auto& [index, voters] : log.voters()) {
    if (index > snapshot.position.index) append(index, voters);
  }
}

const voter_set& membership::at(raft_index index) const noexcept {
  auto found = sets_.rbegin();
  while (found->first > index && std::next(found) != sets_.rend()) ++found;
  return found->second;
}

void membership::append(raft_index index, voter_set voters) {
  JD_ASSERT(index > sets_.back().first, index.value(), sets_.back().first.value());
  sets_.emplace_back(index, std::move(voters));
}

void membership::truncate_from(raft_index index) {
  while (sets_.size() > 1 && sets_.back().first >= index) sets_.pop_back();
}

void membership::forget_before(raft_index index) {
  while (sets_.size() > 1 && sets_[1].first <= index) sets_.pop_front();
}

void membership::reset(const snapshot_info& snapshot) {
  sets_.clear();
  sets_.emplace_back(snapshot.position.index, snapshot.voters);
}

}  // namespace jackdaw::raft
