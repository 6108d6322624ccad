// When shard 0 takes snapshots of the replicated state, and what follows.
#include <fmt/format.h>

#include "group_host.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/base/time.hpp"
#include "metadata_host.hpp"
#include "raft_snapshot.hpp"

namespace jackdaw::broker {

// By bytes at once, by time when what was committed has waited for so long.
void metadata_host::maybe_snapshot() {
  const auto limit = static_cast<std::uint64_t>(home_.config().metadata_log_max_record_bytes_between_snapshots);
  if (bytes_since_snapshot_ >= limit) return take_snapshot();
  const auto interval_ms = home_.config().metadata_log_max_snapshot_interval_ms;
  if (interval_ms == 0 || is_snapshot_due_) return;
  is_snapshot_due_ = true;
  snapshot_timer_ = home_.timers.schedule(home_.now.steady + duration_of_ms(interval_ms), [this] {
    is_snapshot_due_ = false;
    take_snapshot();
  });
}

void metadata_host::take_snapshot() {
  // The end of the one that is being written looks again.
  if (snapshotting_ || closing_ || !raft_) return;
  snapshotting_ = true;
  bytes_since_snapshot_ = 0;
  if (std::exchange(is_snapshot_due_, false)) home_.timers.cancel(snapshot_timer_);
  struct attempt {
    metadata::image_ptr image;
    coordinator::group_table groups;
    raft::snapshot_info info;
    result<void> outcome{};
  };
  auto a = std::make_shared<attempt>();
  a->image = committed_;
  a->groups = home_.groups->core().table().share();
  a->info.position = {committed_->position().index, committed_->position().term};
  a->info.voters = raft_->voters_at(a->info.position.index);
  home_.env.run_on_worker(
      work_class::bulk,
      [a, directory = log_->directory(), &disk = home_.options.server->storage->disk()] {
        a->outcome = write_snapshot(disk, directory, *a->image, a->groups, a->info);
        if (a->outcome) static_cast<void>(remove_old_snapshots(disk, directory));  // else with the next one
      },
      [this, a]() { snapshot_ended(a->info.position.index, a->outcome); });
}

void metadata_host::snapshot_ended(raft_index last, const result<void>& outcome) {
  snapshotting_ = false;
  if (!raft_) return;
  if (outcome) {
    raft_->snapshot_taken(last, home_.now.steady);
    pump();
  } else {
    home_.log(log_level::error, fmt::format("a snapshot of the metadata failed: {}", to_string(outcome.error())));
  }
  if (!outcome || last < committed_->position().index) maybe_snapshot();
}

}  // namespace jackdaw::broker
