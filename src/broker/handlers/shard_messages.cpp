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

void tell_fetch(shard_state& from, fetch_key watcher, std::int64_t bytes) {
  if (watcher.home == from.id()) return tell_here(from, watcher.fetch_id, bytes);
  from.env.post(watcher.home, [watcher, bytes](shard& s) { tell_here(s.state(), watcher.fetch_id, bytes); });
}

void post_checkpoints(shard_state& from, std::size_t directory, const log::topic_partition& tp, offset recovery_point,
                      offset log_start) {
  from.env.post(shard_zero, [storage = from.options.server->storage, directory, tp, recovery_point, log_start](shard&) {
    storage->directory(directory).recovery_points().set(tp, recovery_point);
    storage->directory(directory).log_starts().set(tp, log_start);
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

namespace {

// Long names lose their end, so that the name stays one that file systems take.
std::string discarded_name(const log::topic_partition& tp, const uuid& unique) {
  constexpr std::size_t name_max = 255;
  const auto suffix = fmt::format(".{}-delete", to_string(unique));
  return log::directory_name(tp).substr(0, name_max - suffix.size()) + suffix;
}

}  // namespace

std::string discarded_path(shard_state& owner, std::size_t directory, const log::topic_partition& tp) {
  return owner.options.server->storage->directory_path(directory) + '/' + discarded_name(tp, random_uuid(owner.random));
}

void forget_checkpoints(shard_state& owner, std::size_t directory, const log::topic_partition& tp) {
  // In the order of this shard's other messages: a new partition of that name sets its checkpoints after this.
  owner.env.post(shard_zero, [storage = owner.options.server->storage, directory, tp](shard&) {
    storage->directory(directory).recovery_points().remove(tp);
    storage->directory(directory).log_starts().remove(tp);
  });
}

void remove_discarded(shard_state& owner, std::string path) {
  owner.env.run_on_worker(
      work_class::bulk,
      [storage = owner.options.server->storage, path = std::move(path)] {
        static_cast<void>(storage->disk().remove_all(path));
      },
      []() {});
}

void discard(shard_state& owner, std::size_t directory, const log::topic_partition& tp) {
  forget_checkpoints(owner, directory, tp);
  auto& storage = *owner.options.server->storage;
  const auto from = storage.directory_path(directory) + '/' + log::directory_name(tp);
  if (!storage.disk().exists(from)) return;
  auto to = discarded_path(owner, directory, tp);
  if (auto renamed = storage.disk().rename(from, to); !renamed) {
    owner.log(log_level::error, fmt::format("cannot delete {}: {}", from, to_string(renamed.error())));
    return;
  }
  remove_discarded(owner, std::move(to));
}

void post_recovery_begins(shard_state& from, std::size_t logs) {
  from.env.post(shard_zero, [logs](shard& s) {
    auto& zero = s.state();
    if (auto news = zero.recovery.begins(logs, zero.shard_count(), zero.now.steady)) zero.log(log_level::info, *news);
  });
}

void post_recovered(shard_state& from, std::uint64_t bytes_checked) {
  from.env.post(shard_zero, [bytes_checked](shard& s) {
    auto& zero = s.state();
    if (auto news = zero.recovery.recovered(bytes_checked, zero.now.steady)) zero.log(log_level::info, *news);
  });
}

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
