// An OffsetCommit request that is built once and sent many times, and what comes before a group's first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "request_template.hpp"

namespace jackdaw::bench {

struct commit_shape {
  std::string group;  // of no member: a consumer that assigns its partitions itself
  std::string topic;
  std::int32_t partition = 0;
};

std::vector<std::byte> commit_frame(const commit_shape& shape);
// Each commit is of another offset, as a consumer's are.
void set_committed_offset(std::vector<std::byte>& frame, std::int64_t offset);
request_outcome read_commit_response(bytes_view frame);

// Whether the group has a coordinator; asking for it makes Kafka's.
std::vector<std::byte> coordinator_frame(const std::string& group);
bool is_coordinated(bytes_view frame);

}  // namespace jackdaw::bench
