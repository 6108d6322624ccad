#include "commit_template.hpp"

#include <algorithm>

#include "jackdaw/protocol/messages/find_coordinator.hpp"
#include "jackdaw/protocol/messages/offset_commit.hpp"

namespace jackdaw::bench {
namespace {

constexpr std::int16_t commit_version = 9;
constexpr std::int16_t coordinator_version = 2;

// Where the offset stands in the frame: with the fields behind it, of values that occur nowhere else.
constexpr std::int64_t marked_offset = 0x0123456789abcdef;

std::size_t offset_position(bytes_view frame) {
  std::vector<std::byte> mark(sizeof marked_offset);
  store_be(mark.data(), marked_offset);
  const auto found = std::search(frame.begin(), frame.end(), mark.begin(), mark.end());
  return static_cast<std::size_t>(found - frame.begin());
}

// From the end it is the same in all frames of one shape.
constexpr std::size_t bytes_behind_offset = 8 + 4 + 1 + 1 + 1 + 1;  // itself, epoch, metadata, three lists of tags

}  // namespace

std::vector<std::byte> commit_frame(const commit_shape& shape) {
  protocol::offset_commit_request request;
  request.group_id = shape.group;
  auto& topic = request.topics.emplace_back();
  topic.name = shape.topic;
  auto& partition = topic.partitions.emplace_back();
  partition.partition_index = partition_id{shape.partition};
  partition.committed_offset = offset{marked_offset};
  partition.committed_metadata = "";
  auto frame = frame_of(request, commit_version);
  JD_ASSERT(offset_position(frame) == frame.size() - bytes_behind_offset, offset_position(frame), frame.size());
  set_committed_offset(frame, 0);
  return frame;
}

void set_committed_offset(std::vector<std::byte>& frame, std::int64_t offset) {
  store_be(frame.data() + frame.size() - bytes_behind_offset, offset);
}

request_outcome read_commit_response(bytes_view frame) {
  auto response = protocol::decode_response<protocol::offset_commit_response>(frame, commit_version);
  if (!response) return {0, to_string(response.error())};
  request_outcome outcome{response->id.value(), {}};
  for (const auto& topic : response->body.topics) {
    for (const auto& partition : topic.partitions) outcome.note(partition.error_code);
  }
  return outcome;
}

std::vector<std::byte> coordinator_frame(const std::string& group) {
  protocol::find_coordinator_request request;
  request.key = group;
  return frame_of(request, coordinator_version);
}

bool is_coordinated(bytes_view frame) {
  auto response = protocol::decode_response<protocol::find_coordinator_response>(frame, coordinator_version);
  return response && response->body.error_code == protocol::error_code::none;
}

}  // namespace jackdaw::bench
