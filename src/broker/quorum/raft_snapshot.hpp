// Snapshots of the cluster state: files `<entries>-<term>.checkpoint` in the metadata log's directory, named as
// Kafka names them, holding record batches. docs/formats/metadata.md tells the bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/coordinator/group_table.hpp"
#include "jackdaw/log/disk.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/raft/types.hpp"

namespace jackdaw::broker {

struct loaded_snapshot {
  raft::snapshot_info info;
  metadata::image_ptr image;
  coordinator::group_table groups;
};

// Durable when it returns; a crash on the way leaves no snapshot. Any thread.
result<void> write_snapshot(log::disk& d, const std::string& directory, const metadata::image& image,
                            const coordinator::group_table& groups, const raft::snapshot_info& info);
// Nothing when there is none; errc::corrupt when the newest one is damaged.
result<std::optional<loaded_snapshot>> load_newest_snapshot(log::disk& d, const std::string& directory);
// All but the newest, and what is left of one that was being received.
result<void> remove_old_snapshots(log::disk& d, const std::string& directory);

// A piece of a snapshot's file.
struct snapshot_bytes {
  std::vector<std::byte> bytes;
  bool is_last = false;
};
// At most `bytes_max` bytes from `at_byte` on. errc::not_found: that snapshot is not there any more. Any thread.
result<snapshot_bytes> read_snapshot_bytes(log::disk& d, const std::string& directory, const raft::log_position& which,
                                           std::uint64_t at_byte, std::size_t bytes_max);
// Keeps a piece of another node's snapshot, under a name that nobody takes for a snapshot; at byte 0 it starts anew.
result<void> keep_snapshot_bytes(log::disk& d, const std::string& directory, const raft::log_position& which,
                                 std::uint64_t at_byte, bytes_view bytes);
// All pieces are there: durable under the snapshot's name when this returns. errc::corrupt: it isn't whole, or isn't
// one.
result<loaded_snapshot> finish_snapshot(log::disk& d, const std::string& directory, const raft::log_position& which);

}  // namespace jackdaw::broker
