#include "partition_store.hpp"

#include <fmt/format.h>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/log/jobs.hpp"

namespace jackdaw::broker {

using protocol::error_code;

partition_store::partition_store(shard_context& home, partition_events& events)
    : home_(home),
      events_(events),
      files_(home, table_),
      configs_(home),
      progress_(home, events, table_),
      roles_(home, table_, configs_, progress_),
      flushes_(home, table_, files_, roles_, progress_, [this] { work_ended(); }),
      opener_(
          home, events, table_, configs_, roles_, progress_, flushes_, [this] { go_on_closing(); },
          [this](std::size_t directory, const log::topic_partition& name) { changes_.let_go(directory, name); }),
      housekeeping_(home, table_, progress_, flushes_, [this] { work_ended(); }),
      mover_(home, events, table_, configs_, files_, progress_, housekeeping_, [this] { go_on_closing(); }),
      changes_(home, events, table_, configs_, roles_, opener_, housekeeping_, mover_),
      appends_(home, table_, files_, roles_, flushes_, progress_, opener_),
      reads_(home, table_, files_, roles_, progress_, opener_) {}

void partition_store::isr_refused(const partition_key& key, leader_epoch epoch) {
  if (auto* p = table_.find(key)) roles_.isr_refused(*p, epoch);
}

// ---- time

void partition_store::end_of_batch() {
  progress_.tell_watchers();
  files_.keep([this](hosted_partition& p) { flushes_.want(p); });
  flushes_.begin();
}

void partition_store::work_ended() {
  end_of_batch();
  go_on_closing();
}

void partition_store::housekeeping() {
  // Time passes for logs that nobody uses, too. At start they would only be in the way.
  if (!std::exchange(all_opened_, true)) opener_.open_all_found();
  housekeeping_.run(mover_);
}

void partition_store::expire_producers() {
  table_.for_each([this](hosted_partition& p) { p.log->expire_producers(home_.now.wall); });
}

boost::system::result<offset, partition_problem> partition_store::delete_records(hosted_partition& p, offset before) {
  if (!p.log->config().cleanup_delete) {
    return partition_problem{error_code::policy_violation, "cleanup.policy of the topic does not contain delete"};
  }
  const offset target = before.value() == -1 ? p.high_watermark() : before;
  if (target > p.high_watermark() || target.value() < 0) {
    return partition_problem{error_code::offset_out_of_range, "the offset is above the high watermark"};
  }
  if (target > p.log->log_start_offset()) {
    if (auto moved = p.log->move_log_start(target); !moved) {
      return partition_problem{error_code::kafka_storage_error, moved.error().detail};
    }
    progress_.note_checkpoints(p);
  }
  return p.log->log_start_offset();
}

void partition_store::resume_moves() {
  for (const auto& found : home_.storage().futures()) {
    const auto* topic = found.tp ? home_.image->find_topic(found.tp->topic) : nullptr;
    const bool is_known = topic != nullptr && topic->has(found.tp->partition);
    const auto owner = is_known ? home_.owner_of(topic->id(), found.tp->partition) : shard_zero;
    if (owner != home_.id()) continue;
    if (!is_known) {
      remove_discarded(home_, found.path);
      continue;
    }
    opener_.with_held({topic->id(), found.tp->partition}, [this, &found](open_outcome opened) {
      if (!opened) return;
      if ((*opened)->directory == found.directory) return remove_discarded(home_, found.path);
      mover_.move(**opened, found.directory, found.path);
    });
  }
}

// ---- the end

void partition_store::close(unique_function<void()> done) {
  closed_ = std::move(done);
  opener_.close();
  mover_.close();
  end_of_batch();
  go_on_closing();
}

void partition_store::go_on_closing() {
  if (!closed_ || housekeeping_.is_busy() || mover_.is_busy()) return;
  if (flushes_.is_idle() && opener_.is_idle()) finish_close();
}

// A worker closes them: with very many, or on a slow disk, that takes its time, and other nodes still ask this shard.
void partition_store::finish_close() {
  // What was not checked in this run must be checked in the next.
  if (!opener_.is_all_trusted()) events_.closed_uncleanly();
  struct closing {
    std::vector<std::unique_ptr<log::partition_log>> logs;
    std::vector<checkpoint_row> rows;
    std::vector<log::closed_log> closed;
  };
  auto all = std::make_shared<closing>();
  table_.for_each([&](hosted_partition& p) {
    home_.timers.cancel(p.flush_timer);
    roles_.resign(p, error_code::not_leader_or_follower, "the broker is shutting down");
    all->rows.push_back({p.directory, p.name, {}, {}, p.high_watermark()});
    all->logs.push_back(std::move(p.log));
  });
  table_.clear();
  std::vector<std::string> directories;
  for (std::size_t i = 0; i < home_.storage().directory_count(); ++i)
    directories.push_back(home_.storage().directory_path(i));
  home_.env.run_on_worker(
      work_class::sync,
      [all, directories = std::move(directories), &disk = home_.disk()] {
        all->closed = log::close_logs(disk, std::move(all->logs), directories);
      },
      [this, all, done = std::exchange(closed_, nullptr)]() mutable {
        JD_ASSERT(all->closed.size() == all->rows.size(), all->closed.size(), all->rows.size());
        for (std::size_t i = 0; i < all->rows.size(); ++i) {
          auto& row = all->rows[i];
          const auto& closed = all->closed[i];
          if (!closed.outcome) closing_failed(log::directory_name(row.name), closed.outcome.error());
          row.recovery_point = closed.recovery_point;
          row.log_start = closed.log_start_offset;
        }
        events_.checkpoints_moved(std::move(all->rows));
        done();
      });
}

void partition_store::closing_failed(const std::string& what, const error& why) {
  home_.log(log_level::error, fmt::format("closing {} failed: {}", what, to_string(why)));
  events_.closed_uncleanly();
}

}  // namespace jackdaw::broker
