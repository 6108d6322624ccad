// Which of the logs that were there at start hold records. An empty one has nothing to check and nothing to expire.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "context/partition_key.hpp"
#include "jackdaw/log/disk.hpp"

namespace jackdaw::broker {

// Used by one thread at a time, a worker while it looks. Looks at some and returns, so that whoever waits for one log
// doesn't wait until a hundred thousand others have been looked at.
class log_search {
 public:
  using candidate = std::pair<partition_key, std::string>;  // and its directory
  explicit log_search(std::vector<candidate> among) : among_(std::move(among)) {}

  void look_at_some(log::disk& disk);
  bool is_over() const noexcept { return looked_at_ == among_.size(); }
  const std::vector<partition_key>& found() const noexcept { return found_; }

 private:
  std::vector<candidate> among_;
  std::size_t looked_at_ = 0;
  std::vector<partition_key> found_;
};

}  // namespace jackdaw::broker
