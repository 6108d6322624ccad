// Transaction markers inside control batches.
#pragma once

#include <optional>

#include "jackdaw/protocol/record_reader.hpp"
#include "producer_table.hpp"

namespace jackdaw::log {

// Nothing for control batches that end no transaction (a leader change, an empty one left by compaction).
result<std::optional<transaction_marker>> parse_marker(const protocol::batch_view& batch,
                                                       protocol::record_reader& reader);

}  // namespace jackdaw::log
