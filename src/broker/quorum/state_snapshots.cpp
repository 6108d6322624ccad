#include "state_snapshots.hpp"

#include <fmt/format.h>

#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/time.hpp"
#include "raft_snapshot.hpp"

namespace jackdaw::broker {
void state_snapshots::more_applied() {
  const auto limit = static_cast<std::uint64_t>(home_.config().metadata_log_max_record_bytes_between_snapshots);
  if (quorum_.bytes_since_snapshot() >= limit) return take();
  const auto interval_ms = home_.config().metadata_log_max_snapshot_interval_ms;
  if (interval_ms == 0 || is_due_) return;
  is_due_ = true;
  timer_ = home_.timers.schedule(home_.now.steady + duration_of_ms(interval_ms), [this] {
    is_due_ = false;
    take();
  });
}

void state_snapshots::take() {
  // The end of the one that is being written looks again.
  if (is_running_ || !quorum_.is_open()) return;
  is_running_ = true;
  quorum_.snapshot_begins();
  if (std::exchange(is_due_, false)) home_.timers.cancel(timer_);
  struct attempt {
    metadata::image_ptr image;
    coordinator::group_table groups;
    raft::snapshot_info info;
    result<void> outcome{};
  };
  auto a = std::make_shared<attempt>();
  a->image = state_.committed();
  a->groups = state_.groups().share();
  a->info.position = {a->image->position().index, a->image->position().term};
  JD_ASSERT(a->info.position.index <= quorum_.raft()->commit_index(), a->info.position.index.value());
  a->info.voters = quorum_.raft()->voters_at(a->info.position.index);
  home_.env.run_on_worker(
      work_class::bulk,
      [a, directory = quorum_.directory(), &disk = home_.disk()] {
        a->outcome = write_snapshot(disk, directory, *a->image, a->groups, a->info);
        if (a->outcome) static_cast<void>(remove_old_snapshots(disk, directory));  // else with the next one
      },
      [this, a] { ended(a->info.position.index, a->outcome); });
}

void state_snapshots::ended(raft_index last, const result<void>& outcome) {
  JD_ASSERT(is_running_, last.value());
  is_running_ = false;
  if (outcome) {
    quorum_.snapshot_taken(last);
  } else {
    home_.log(log_level::error, fmt::format("a snapshot of the metadata failed: {}", to_string(outcome.error())));
  }
  if (!outcome || last < state_.committed()->position().index) more_applied();
}

}  // namespace jackdaw::broker
