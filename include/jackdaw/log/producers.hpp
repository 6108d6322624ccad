// What others see of the producers that wrote to a partition.
#pragma once

#include <cstdint>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::log {

// One producer as DescribeProducers shows it.
struct producer_description {
  producer_id id;
  producer_epoch epoch;
  std::int32_t last_sequence = -1;
  timestamp_ms last_timestamp{-1};
  std::int32_t coordinator_epoch = -1;
  offset transaction_start = no_offset;  // -1: no transaction is open
};

// A transaction that was aborted, as a read_committed reader must know it and as .txnindex stores it.
struct aborted_transaction {
  producer_id id;
  offset first_offset;
  offset last_offset;         // that of the abort marker
  offset last_stable_offset;  // when the marker was written
  bool operator==(const aborted_transaction&) const = default;
};

}  // namespace jackdaw::log
