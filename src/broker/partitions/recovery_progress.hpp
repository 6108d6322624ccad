// What is said in the log while logs are checked that were not closed cleanly: how many there are, how far it is, how
// long it took. Kept by shard 0 from what all shards tell it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "jackdaw/base/time.hpp"

namespace jackdaw::broker {

class recovery_progress {
 public:
  // A shard has counted its logs; each of `shards` does so once. A sentence, when there is something to say.
  std::optional<std::string> begins(std::size_t logs, std::uint32_t shards, time_point now);
  // One log has been checked.
  std::optional<std::string> recovered(std::uint64_t bytes_checked, time_point now);

 private:
  std::optional<std::string> say(time_point now);

  std::uint32_t shards_told_ = 0;
  bool all_told_ = false;
  std::size_t logs_ = 0;
  std::size_t done_ = 0;
  std::uint64_t bytes_ = 0;
  time_point began_{};
  time_point last_said_{};
};

}  // namespace jackdaw::broker
