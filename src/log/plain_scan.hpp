// The quick way through records that are all right, which nearly all are.
#pragma once

#include <optional>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::log {

// Walks over uncompressed records, `batch` being the header that they belong to. The largest timestamp if every record
// is well formed, has the next offset delta and keeps the rules. Nothing if not, or if it can't tell: then
// protocol::inspect_client_batch finds out what is wrong, if anything is.
std::optional<timestamp_ms> scan_plain_records(const protocol::batch_view& batch, bytes_view records,
                                               const protocol::record_rules& rules) noexcept;

}  // namespace jackdaw::log
