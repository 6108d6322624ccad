// Asking for offsets of many partitions at once.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "jackdaw/cli/failure.hpp"
#include "jackdaw/net/client.hpp"

namespace jackdaw::cli {

inline constexpr std::int64_t latest_offset = -1;
inline constexpr std::int64_t earliest_offset = -2;

// By partition: the first offset whose record is not older than `timestamp`, or a special value above; -1 when there
// is no such record. The client must know the topic.
outcome<std::map<partition_id, offset>> list_offsets(net::client& client, std::string_view topic,
                                                     const std::vector<partition_id>& partitions,
                                                     std::int64_t timestamp);

std::vector<partition_id> all_partitions(const net::topic_metadata& topic);

// The topic, or a failure that names it; "not found" says how to see what there is.
outcome<const net::topic_metadata*> find_topic(net::client& client, std::string_view name);

}  // namespace jackdaw::cli
