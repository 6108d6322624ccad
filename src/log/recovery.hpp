// Opening a partition's directory: what is there, what of it can be trusted, what must be cut or put aside.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/log/partition_log.hpp"
#include "log_state.hpp"

namespace jackdaw::log {

// The files of a partition's directory, by kind.
struct directory_content {
  std::vector<offset> segments;   // rising
  std::vector<offset> snapshots;  // rising
  std::vector<offset> txn_indexes;
  std::vector<std::string> indexes;    // names
  std::vector<std::string> leftovers;  // names that nobody needs any more
  bool has_metadata = false;
};

// errc::not_found if there is no such directory; errc::unsupported if it holds an unfinished compaction of another
// broker.
result<directory_content> examine_directory(disk& d, const std::string& directory);

// The file partition.metadata.
std::string encode_partition_metadata(const uuid& topic_id);
result<uuid> decode_partition_metadata(std::string_view text);

// Walks over a segment from its rewound end, checks every batch and notes it; stops before the first that is damaged or
// has offsets from `limit` on. Returns where that is; the file's size if there is none.
struct segment_check {
  std::uint64_t valid_bytes = 0;
  std::string damage;  // in words; empty if all is well
};
result<segment_check> check_segment(disk& d, const std::string& directory, segment& s, std::uint64_t file_size,
                                    offset limit, std::uint32_t index_interval_bytes, leader_epochs& epochs);
// True if there is nothing but zeros in the range, or nothing at all.
result<bool> only_zeros(file& f, std::uint64_t from, std::uint64_t to);
// True if a whole, valid batch with offsets from `next` on lies behind `position`.
result<bool> valid_batch_behind(file& f, std::uint64_t position, std::uint64_t file_size, offset next);

}  // namespace jackdaw::log
