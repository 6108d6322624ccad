#include "housekeeping.hpp"

#include <chrono>
#include <memory>

#include "handlers/fetch_operation.hpp"
#include "handlers/request.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/base/time.hpp"
#include "quorum/active_coordinator.hpp"
#include "quorum/cluster_member.hpp"

namespace jackdaw::broker {
namespace {

using checkpoint_of = log::offset_checkpoint& (log::log_directory::*)();

void write_checkpoints(shard_state& zero, checkpoint_of which) {
  const auto& storage = zero.options.server->storage;
  for (std::size_t i = 0; i < storage->directory_count(); ++i) {
    auto job = (storage->directory(i).*which)().prepare_write();
    if (!job) continue;
    auto shared = std::make_shared<log::offset_checkpoint::write_job>(std::move(*job));
    zero.env.run_on_worker(
        work_class::bulk, [shared, storage] { static_cast<void>(shared->run(storage->disk())); },
        [shared, storage, i, which]() { (storage->directory(i).*which)().write_done(std::move(*shared)); });
  }
}

void write_recovery_points(shard_state& zero) { write_checkpoints(zero, &log::log_directory::recovery_points); }

void write_log_starts(shard_state& zero) { write_checkpoints(zero, &log::log_directory::log_starts); }

void write_high_watermarks(shard_state& zero) { write_checkpoints(zero, &log::log_directory::high_watermarks); }

constexpr duration directories_watched_every = std::chrono::seconds(2);

// A data directory that somebody removed or replaced under the broker is a failed disk: what is acknowledged from then
// on would be gone after a restart. Nobody need open a file for it to be noticed.
void watch_directories(shard_state& zero) {
  auto outcome = std::make_shared<result<void>>();
  zero.env.run_on_worker(
      work_class::bulk, [outcome, storage = zero.options.server->storage] { *outcome = storage->check_directories(); },
      [outcome, &zero] {
        if (!*outcome) zero.env.fail(outcome->error());
      });
}

void repeat(shard_state& s, duration first, duration period, void (*task)(shard_state&)) {
  s.timers.schedule(s.now.steady + first, [&s, period, task] {
    task(s);
    repeat(s, period, period, task);
  });
}

}  // namespace

void start_housekeeping(shard_state& s) {
  const auto every = [&s](std::int64_t ms, auto task) {
    if (ms > 0) repeat(s, duration_of_ms(s.config().log_initial_task_delay_ms), duration_of_ms(ms), task);
  };
  // As in Kafka the initial delay is for what works on logs; what expires is looked for from the first interval on.
  const auto after_each = [&s](std::int64_t ms, auto task) {
    if (ms > 0) repeat(s, duration_of_ms(ms), duration_of_ms(ms), task);
  };
  const auto& c = s.config();
  every(c.log_retention_check_interval_ms, [](shard_state& here) { here.partitions.housekeeping(); });
  after_each(c.producer_id_expiration_check_interval_ms, [](shard_state& here) { here.partitions.expire_producers(); });
  every(c.log_flush_offset_checkpoint_interval_ms, [](shard_state& here) { here.partitions.checkpoint(); });
  every(c.replica_high_watermark_checkpoint_interval_ms,
        [](shard_state& here) { here.partitions.checkpoint_high_watermarks(); });
  repeat(s, std::chrono::minutes(1), std::chrono::minutes(1),
         [](shard_state& here) { here.telemetry.forget_silent(here.now); });
  if (s.id() != shard_id{0}) return;
  repeat(s, directories_watched_every, directories_watched_every, watch_directories);
  every(c.log_flush_offset_checkpoint_interval_ms, write_recovery_points);
  every(c.replica_high_watermark_checkpoint_interval_ms, write_high_watermarks);
  after_each(c.offsets_retention_check_interval_ms, [](shard_state& here) {
    if (auto* groups = here.groups()) groups->expire_offsets();
  });
  every(c.log_flush_start_offset_checkpoint_interval_ms, write_log_starts);
}

}  // namespace jackdaw::broker
