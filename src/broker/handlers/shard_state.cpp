#include "shard_state.hpp"

#include <algorithm>

#include "fetch_operation.hpp"
#include "jackdaw/base/assert.hpp"
#include "partitions/topic_settings.hpp"
#include "quorum/active_coordinator.hpp"
#include "quorum/cluster_member.hpp"
#include "request.hpp"

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
      partitions(*this, *this),
      sessions(static_cast<std::size_t>(config().max_incremental_fetch_session_cache_slots) / shard_count() + 1,
               static_cast<std::size_t>(config().memory_fetch_sessions_bytes) / shard_count(), std::chrono::minutes(2)),
      quotas(*this,
             [this](shard_id to, const quota_uses& used) {
               env.post(to, [used](shard& s) { s.state().quotas.learn(*used); });
             }),
      telemetry(telemetry_limits(shard_count())) {}

shard_state::~shard_state() = default;

active_coordinator* shard_state::groups() const noexcept { return metadata ? metadata->coordinator() : nullptr; }

connection* shard_state::find_connection(connection_id id) noexcept {
  const auto found = connections.find(id);
  return found == connections.end() ? nullptr : &found->second;
}

void shard_state::apply(const std::shared_ptr<const metadata::delta>& change, unique_function<void()> applied) {
  JD_ASSERT(change->after->position().index >= image->position().index, change->after->position().index.value(),
            image->position().index.value());
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

}  // namespace jackdaw::broker
