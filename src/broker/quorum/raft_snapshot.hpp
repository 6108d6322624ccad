// Snapshots of the cluster state: files `<entries>-<term>.checkpoint` in the metadata log's directory, named as
// Kafka names them, holding record batches. docs/formats/metadata.md tells the bytes.
#pragma once

#include <optional>
#include <string>

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
// All but the newest.
result<void> remove_old_snapshots(log::disk& d, const std::string& directory);

}  // namespace jackdaw::broker
