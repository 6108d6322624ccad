// .txnindex: the aborted transactions whose markers lie in a segment, in the order of the markers.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/log/disk.hpp"
#include "jackdaw/log/producers.hpp"

namespace jackdaw::log {

inline constexpr std::size_t txn_index_entry_bytes = 34;

// All entries of the file; none if it isn't there. What doesn't fill an entry at the end is left out.
result<std::vector<aborted_transaction>> read_txn_index(disk& d, const std::string& path);
// Returns the file, which isn't synced.
result<std::shared_ptr<file>> append_txn_index(disk& d, const std::string& path, const aborted_transaction& entry);
// Keeps the entries whose marker lies below `end`.
result<void> truncate_txn_index(disk& d, const std::string& path, offset end);

}  // namespace jackdaw::log
