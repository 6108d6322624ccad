// The hash by which Kafka's clients spread keys over partitions.
#pragma once

#include <cstdint>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/ids.hpp"

namespace jackdaw::protocol {

std::int32_t murmur2(bytes_view key) noexcept;
// The partition of a key as the Java client's default partitioner picks it; `partitions` is at least 1.
partition_id partition_of_key(bytes_view key, std::int32_t partitions) noexcept;

}  // namespace jackdaw::protocol
