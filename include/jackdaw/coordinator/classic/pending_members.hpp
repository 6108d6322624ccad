// Member ids that were given out and that nobody has joined with yet (KIP-394), each until its time is over.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::coordinator {

class pending_members {
 public:
  pending_members() = default;
  pending_members(pending_members&&) = default;  // a copy's times would name the original's ids
  pending_members& operator=(pending_members&&) = default;

  void add(const std::string& id, time_point until) {
    erase(id);
    until_.emplace(until, members_.emplace(id, until).first);
    bytes_ += cost_of(id);
    JD_ASSERT(until_.size() == members_.size(), id, until_.size(), members_.size());
  }
  // True if it was there.
  bool erase(const std::string& id) {
    const auto found = members_.find(id);
    if (found == members_.end()) return false;
    auto [at, end] = until_.equal_range(found->second);
    const auto timed = std::find_if(at, end, [&](const auto& u) { return u.second == found; });
    JD_ASSERT(timed != end, id, members_.size());
    until_.erase(timed);
    bytes_ -= cost_of(id);
    members_.erase(found);
    JD_ASSERT(members_.empty() == (bytes_ == 0), members_.size(), bytes_);
    return true;
  }
  // Those whose time is over. True if there were any.
  bool erase_until(time_point now) {
    const bool are_any = next() <= now;
    while (next() <= now) erase(std::string(until_.begin()->second->first));
    return are_any;
  }
  void clear() noexcept {
    until_.clear();
    members_.clear();
    bytes_ = 0;
  }
  bool contains(const std::string& id) const { return members_.contains(id); }
  bool empty() const noexcept { return members_.empty(); }
  // When the first one's time is over; time_point::max() when there is none.
  time_point next() const noexcept { return until_.empty() ? time_point::max() : until_.begin()->first; }
  // About what they take of memory.
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  using member_map = std::map<std::string, time_point>;

  // Two nodes of trees, and the name.
  static std::size_t cost_of(const std::string& id) noexcept { return 160 + id.size(); }

  member_map members_;
  std::multimap<time_point, member_map::iterator> until_;
  std::size_t bytes_ = 0;
};

}  // namespace jackdaw::coordinator
