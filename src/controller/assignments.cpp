#include "assignments.hpp"

#include <algorithm>

namespace jackdaw::controller {

using protocol::error_code;

verdict check_assignment(const metadata::image& image, std::span<const broker_id> brokers,
                         std::size_t replication_factor) {
  const auto wrong = [](std::string message) {
    return refuse(error_code::invalid_replica_assignment, std::move(message));
  };
  if (brokers.empty()) return wrong("The manual partition assignment includes an empty replica list.");
  std::vector<broker_id> sorted(brokers.begin(), brokers.end());
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const std::string id = std::to_string(sorted[i].value());
    if (image.find_broker(sorted[i]) == nullptr)
      return wrong("The manual partition assignment includes broker " + id + ", but no such broker is registered.");
    if (i > 0 && sorted[i] == sorted[i - 1])
      return wrong("The manual partition assignment includes the broker " + id + " more than once.");
  }
  if (replication_factor != 0 && brokers.size() != replication_factor)
    return wrong("The manual partition assignment includes a partition with " + std::to_string(brokers.size()) +
                 " replica(s), but this is not consistent with previous partitions, which have " +
                 std::to_string(replication_factor) + " replica(s).");
  return {};
}

verdict check_leader(const metadata::partition_state& state, partition_id partition) {
  if (!state.isr.empty()) return {};
  return refuse(error_code::invalid_replica_assignment,
                "All brokers specified in the manual partition assignment for "
                "partition " +
                    std::to_string(partition.value()) + " are fenced or in controlled shutdown.");
}

}  // namespace jackdaw::controller
