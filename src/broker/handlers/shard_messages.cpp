// Messages between shards that more than one place sends.
#include <fmt/format.h>

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

}  // namespace

void write_recovery_points(shard_state& zero) { write_checkpoints(zero, &log::log_directory::recovery_points); }

void write_log_starts(shard_state& zero) { write_checkpoints(zero, &log::log_directory::log_starts); }

void write_high_watermarks(shard_state& zero) { write_checkpoints(zero, &log::log_directory::high_watermarks); }

void submit_metadata(shard_state& home, decide_function decide, unique_function<void(result<void>)> done) {
  submit_metadata(
      home, [](shard_state&) {}, std::move(decide), std::move(done));
}

void submit_metadata(shard_state& home, unique_function<void(shard_state& zero)> prepare, decide_function decide,
                     unique_function<void(result<void>)> done) {
  home.env.post(shard_zero, [prepare = std::move(prepare), decide = std::move(decide), done = std::move(done),
                             to = home.id()](shard& s) mutable {
    auto& zero = s.state();
    prepare(zero);
    zero.metadata->submit(std::move(decide), [&zero, to, done = std::move(done)](result<void> outcome) mutable {
      zero.env.post(
          to, [done = std::move(done), outcome = std::move(outcome)](shard&) mutable { done(std::move(outcome)); });
    });
  });
}

void publish(shard_state& zero, std::shared_ptr<const metadata::delta> change, unique_function<void()> applied) {
  struct barrier {
    std::uint32_t left;
    unique_function<void()> applied;
  };
  auto b = std::make_shared<barrier>(barrier{zero.shard_count(), std::move(applied)});  // only shard 0 looks into it
  for (std::uint32_t i = 0; i < zero.shard_count(); ++i) {
    zero.env.post(shard_id{i}, [b, change](shard& s) {
      s.state().apply(change, [b, &env = s.state().env] {
        env.post(shard_zero, [b](shard&) {
          if (--b->left == 0) b->applied();
        });
      });
    });
  }
}

}  // namespace jackdaw::broker
