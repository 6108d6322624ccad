#include "jackdaw/broker/shard.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "handlers/api_table.hpp"
#include "handlers/fetch_operation.hpp"
#include "handlers/request.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/base/time.hpp"
#include "partitions/topic_settings.hpp"
#include "quorum/active_coordinator.hpp"
#include "quorum/cluster_member.hpp"

namespace jackdaw::broker {

namespace {

// Those of the process, shared by its shards.
client_telemetry::limits telemetry_limits(std::uint32_t shards) {
  client_telemetry::limits l;
  l.clients_max = std::max<std::size_t>(1, l.clients_max / shards);
  l.metrics_max_bytes /= shards;
  return l;
}

}  // namespace

shard_state::shard_state(shard_options given, environment& environment)
    : shard_context(std::move(given), environment),
      partitions(*this),
      sessions(static_cast<std::size_t>(config().max_incremental_fetch_session_cache_slots) / shard_count() + 1,
               static_cast<std::size_t>(config().memory_fetch_sessions_bytes) / shard_count(), std::chrono::minutes(2)),
      quotas(*this),
      telemetry(telemetry_limits(shard_count())) {}

shard_state::~shard_state() = default;

active_coordinator* shard_state::groups() const noexcept { return metadata ? metadata->coordinator() : nullptr; }

connection* shard_state::find_connection(connection_id id) noexcept {
  const auto found = connections.find(id);
  return found == connections.end() ? nullptr : &found->second;
}

shard::shard(shard_options options, environment& env)
    : state_(std::make_unique<shard_state>(std::move(options), env)) {}

shard::~shard() = default;

shard_id shard::id() const noexcept { return state_->id(); }

void shard::open_connection(connection_info info, now_t now) {
  set_now(now);
  const auto id = info.id;
  const bool added = state_->connections.emplace(id, connection{.info = std::move(info)}).second;
  JD_ASSERT(added, id.value());
  ++state_->activity.accepted;
}

void shard::close_connection(connection_id id, now_t now) {
  set_now(now);
  const auto found = state_->connections.find(id);
  if (found == state_->connections.end()) return;
  const auto fetches = std::move(found->second.parked_fetches);
  state_->connections.erase(found);
  for (const auto fetch : fetches) {
    if (auto op = state_->fetches.extract(fetch)) op.mapped()->stop_waiting();
  }
}

void shard::handle(connection_id id, std::shared_ptr<buffer> frame, reply_sink sink, now_t now) {
  set_now(now);
  protocol::reader in(frame->view());
  auto header = protocol::decode_request_header(in);
  if (!header) return sink(reply::close_connection(header.error().detail));
  const auto key = header->api_key;
  const auto version = header->api_version;
  const auto* entry = find_answered_api(key);
  const auto* api = protocol::find_api(key);
  if (entry == nullptr || api == nullptr) {
    return sink(reply::close_connection(fmt::format("api key {} is not answered here", key)));
  }
  const bool in_range = version >= entry->version_min && version <= entry->version_max;
  if (!in_range && entry->key != protocol::api_key::api_versions) {
    return sink(reply::close_connection(fmt::format("{} v{} is not answered here; v{} to v{} are", api->name, version,
                                                    entry->version_min, entry->version_max)));
  }
  const auto body_at = in.position();
  auto* c = state_->find_connection(id);
  if (c == nullptr) return sink(reply::close_connection("its connection is closed already"));
  if (!may_send(*c->who, entry->needs)) {
    return sink(reply::close_connection(fmt::format("{} may not send {}", to_string(*c->who), api->name)));
  }
  const bool is_timed = state_->quotas.are_set();
  if (is_timed) state_->quotas.begin_request(*c, header->client_id.value_or(std::string_view{}));
  entry->handle(std::make_unique<request>(*state_, id, c->who, *api, std::move(*header), std::move(frame), body_at,
                                          std::move(sink)));
  if (is_timed) state_->quotas.end_request();
}

void shard::set_now(now_t now) { state_->now = now; }

void shard::on_wake(now_t now) {
  set_now(now);
  state_->told_wake();
  state_->timers.run_due(now.steady);
  if (auto* groups = state_->groups()) groups->on_wake();
  if (state_->metadata) state_->metadata->on_wake();
}

void shard::end_of_batch(now_t now) {
  set_now(now);
  state_->partitions.end_of_batch();
  if (state_->metadata) state_->metadata->end_of_batch();
  state_->update_wake();
}

void shard_state::apply(const std::shared_ptr<const metadata::delta>& change, unique_function<void()> applied) {
  image = change->after;
  note_settings(*change);
  quotas.apply(*change);
  note_subscriptions(*change);
  partitions.apply(*change, std::move(applied));
}

// The first change comes on top of a snapshot, whose settings it doesn't name.
void shard_state::note_settings(const metadata::delta& change) {
  const bool is_named = std::any_of(change.configs.begin(), change.configs.end(),
                                    [](const auto& c) { return c.type == metadata::config_resource::broker; });
  if (!is_named && std::exchange(has_settings_, true)) return;
  has_settings_ = true;
  auto now_set = effective_dynamic_config(layers_for_broker(*image, config()));
  if (now_set == dynamic) return;
  dynamic = std::move(now_set);
  partitions.settings_changed();
  if (id() == shard_id{0} && options.settings_changed) options.settings_changed(dynamic);
}

void shard_state::note_subscriptions(const metadata::delta& change) {
  const bool is_named = std::any_of(change.configs.begin(), change.configs.end(),
                                    [](const auto& c) { return c.type == metadata::config_resource::client_metrics; });
  if (!is_named && std::exchange(has_subscriptions_, true)) return;
  has_subscriptions_ = true;
  telemetry.set_subscriptions(telemetry_subscriptions(*image));
}

void shard_state::update_wake() {
  auto next = timers.next();
  if (metadata) next = std::min(next, metadata->wake_at());
  if (const auto* coordinator = groups()) next = std::min(next, coordinator->wake_at());
  if (next == told_wake_) return;
  told_wake_ = next;
  env.wake_at(next);
}

namespace {

// Every shard has cluster state now, and so knows which of the logs on the disk are its.
void begin_recovery(shard_state& zero) {
  for (std::uint32_t i = 0; i < zero.shard_count(); ++i) {
    zero.env.post(shard_id{i}, [](shard& s) {
      s.state().partitions.recover_found();
      s.state().partitions.resume_moves();
    });
  }
  auto storage = zero.options.server->storage;
  zero.env.run_on_worker(
      work_class::bulk, [storage] { storage->finish_deletions(); }, []() {});
}

}  // namespace

void shard::start(unique_function<void(result<void>)> ready) {
  state_->start_housekeeping();
  if (state_->id() != shard_id{0}) return ready({});
  state_->metadata = std::make_unique<cluster_member>(
      *state_, [&s = *state_](auto change, auto applied) { publish(s, std::move(change), std::move(applied)); });
  state_->metadata->start([&s = *state_, ready = std::move(ready)](result<void> outcome) mutable {
    if (outcome) begin_recovery(s);
    ready(std::move(outcome));
  });
}

void shard::on_peer_message(broker_id from, peer_lane lane, bytes_view message, now_t now) {
  set_now(now);
  if (state_->metadata) state_->metadata->on_peer_message(from, lane, message);
}

void shard::on_peer_up(broker_id id, now_t now) {
  set_now(now);
  if (state_->metadata) state_->metadata->peer_up(id);
}

void shard::on_peer_down(broker_id id, now_t now) {
  set_now(now);
  if (state_->metadata) state_->metadata->peer_down(id);
}

broker_epoch shard::epoch() const noexcept {
  return state_->metadata ? state_->metadata->epoch().value_or(broker_epoch{}) : broker_epoch{};
}

void shard::stop(unique_function<void()> done) {
  auto& s = *state_;
  // Members that wait for each other needn't hold up the end.
  if (s.metadata) s.metadata->end_coordinating();
  s.partitions.close([&s, done = std::move(done)]() mutable {
    if (!s.metadata) return done();
    s.metadata->close([&s, done = std::move(done)](bool clean) mutable {
      s.closed_cleanly = s.closed_cleanly && clean;
      done();
    });
  });
}

bool shard::closed_cleanly() const noexcept { return state_->closed_cleanly; }

namespace {

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

}  // namespace

void shard_state::start_housekeeping() {
  const auto every = [this](std::int64_t ms, auto task) {
    if (ms > 0) repeat(duration_of_ms(config().log_initial_task_delay_ms), duration_of_ms(ms), task);
  };
  // As in Kafka the initial delay is for what works on logs; what expires is looked for from the first interval on.
  const auto after_each = [this](std::int64_t ms, auto task) {
    if (ms > 0) repeat(duration_of_ms(ms), duration_of_ms(ms), task);
  };
  const auto& c = config();
  every(c.log_retention_check_interval_ms, [](shard_state& s) { s.partitions.housekeeping(); });
  after_each(c.producer_id_expiration_check_interval_ms, [](shard_state& s) { s.partitions.expire_producers(); });
  every(c.log_flush_offset_checkpoint_interval_ms, [](shard_state& s) { s.partitions.checkpoint(); });
  repeat(std::chrono::minutes(1), std::chrono::minutes(1), [](shard_state& s) { s.telemetry.forget_silent(s.now); });
  if (id() != shard_id{0}) return;
  repeat(directories_watched_every, directories_watched_every, watch_directories);
  every(c.log_flush_offset_checkpoint_interval_ms, write_recovery_points);
  after_each(c.offsets_retention_check_interval_ms, [](shard_state& s) {
    if (auto* groups = s.groups()) groups->expire_offsets();
  });
  every(c.log_flush_start_offset_checkpoint_interval_ms, write_log_starts);
}

void shard_state::repeat(duration first, duration period, void (*task)(shard_state&)) {
  timers.schedule(now.steady + first, [this, period, task] {
    task(*this);
    repeat(period, period, task);
  });
}

}  // namespace jackdaw::broker
