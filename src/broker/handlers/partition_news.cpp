// What the partitions of a shard tell others (partition_events), as messages between shards.
#include "fetch_operation.hpp"
#include "quorum/cluster_member.hpp"
#include "request.hpp"
#include "shard_state.hpp"

namespace jackdaw::broker {
namespace {

void tell_here(shard_state& here, std::uint64_t fetch_id, std::int64_t bytes) {
  if (const auto found = here.fetches.find(fetch_id); found != here.fetches.end()) found->second->data_arrived(bytes);
}

}  // namespace

void shard_state::data_arrived(fetch_key watcher, std::int64_t bytes) {
  if (watcher.home == id()) return tell_here(*this, watcher.fetch_id, bytes);
  env.post(watcher.home, [watcher, bytes](shard& s) { tell_here(s.state(), watcher.fetch_id, bytes); });
}

void shard_state::checkpoints_moved(std::vector<checkpoint_row> rows) {
  env.post(shard_zero, [storage = options.server->storage, rows = std::move(rows)](shard&) {
    for (const auto& r : rows) {
      auto& directory = storage->directory(r.directory);
      if (r.recovery_point) directory.recovery_points().set(r.name, *r.recovery_point);
      if (r.log_start) directory.log_starts().set(r.name, *r.log_start);
      if (r.high_watermark) directory.high_watermarks().set(r.name, *r.high_watermark);
    }
  });
}

void shard_state::checkpoints_forgotten(std::size_t directory, const log::topic_partition& name) {
  // In the order of this shard's other messages: a new partition of that name sets its checkpoints after this.
  env.post(shard_zero, [storage = options.server->storage, directory, name](shard&) {
    auto& d = storage->directory(directory);
    d.recovery_points().remove(name);
    d.log_starts().remove(name);
    d.high_watermarks().remove(name);
  });
}

void shard_state::recovery_begins(std::size_t logs) {
  env.post(shard_zero, [logs](shard& s) {
    auto& zero = s.state();
    if (auto news = zero.recovery.begins(logs, zero.shard_count(), zero.now.steady)) zero.log(log_level::info, *news);
  });
}

void shard_state::log_recovered(std::uint64_t bytes_checked) {
  env.post(shard_zero, [bytes_checked](shard& s) {
    auto& zero = s.state();
    if (auto news = zero.recovery.recovered(bytes_checked, zero.now.steady)) zero.log(log_level::info, *news);
  });
}

}  // namespace jackdaw::broker
