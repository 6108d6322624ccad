#include "client_telemetry.hpp"

#include <algorithm>
#include <utility>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;

std::chrono::milliseconds interval_of(const wanted_metrics& wanted) {
  return std::chrono::milliseconds(wanted.interval_ms);
}

// An estimate of what a series costs, for the bound on all of them.
std::size_t cost_of(const metric_key& key) {
  std::size_t bytes = sizeof(metric_key) + sizeof(kept_metric) + 64 + key.name.size();
  for (const auto& [name, value] : key.labels) bytes += 128 + name.size() + value.size();
  return bytes;
}

constexpr std::int8_t last_codec = 4;

}  // namespace

bool is_reserved_instance(const uuid& id) noexcept { return id.high == 0 && id.low <= 1; }

void client_telemetry::set_subscriptions(telemetry_subscriptions s) {
  subscriptions_ = std::move(s);
  ++version_;
}

client_telemetry::instance& client_telemetry::known(const uuid& id, const controller::client_facts& client, now_t now) {
  const auto found = by_id_.find(id);
  auto at = found == by_id_.end() ? instances_.end() : found->second;
  if (at == instances_.end()) {
    if (instances_.size() >= limits_.clients_max) forget(instances_.begin());
    at = instances_.emplace(instances_.end(), id, instance{});
    by_id_[id] = at;
    JD_ASSERT(by_id_.size() == instances_.size(), by_id_.size(), instances_.size());
  } else {
    instances_.splice(instances_.end(), instances_, at);
  }
  auto& i = at->second;
  i.heard = now.steady;
  i.kept.client = client;
  if (i.version == version_) return i;
  const bool is_new = std::exchange(i.version, version_) == 0;
  auto wanted = subscriptions_.wanted_of(client);
  if (!is_new && wanted == i.wanted) return i;
  // Something else is wanted of it, so it may ask at once, whenever it asked last.
  i.wanted = std::move(wanted);
  i.subscription = subscription_id(i.wanted, id);
  i.got.reset();
  i.pushed.reset();
  i.terminated = false;
  i.last_error = error_code::none;
  return i;
}

client_telemetry::subscription client_telemetry::get(const uuid& id, const controller::client_facts& client,
                                                     now_t now) {
  auto& i = known(id, client, now);
  // Who was just told that something of its push doesn't fit needs to know what does.
  const bool may_retry =
      i.last_error == error_code::unknown_subscription_id || i.last_error == error_code::unsupported_compression_type;
  const auto last = std::max(i.got.value_or(time_point::min()), i.pushed.value_or(time_point::min()));
  if (!may_retry && last != time_point::min() && now.steady - last < interval_of(i.wanted)) {
    i.last_error = error_code::throttling_quota_exceeded;
    return {error_code::throttling_quota_exceeded, 0, {{}, 0}};
  }
  i.got = now.steady;
  i.asked_since_push = true;
  i.last_error = error_code::none;
  return {error_code::none, i.subscription, i.wanted};
}

error_code client_telemetry::may_push(const protocol::push_telemetry_request& push, std::size_t max_bytes,
                                      const controller::client_facts& client, now_t now) {
  if (is_reserved_instance(push.client_instance_id)) return error_code::invalid_request;
  auto& i = known(push.client_instance_id, client, now);
  if (i.terminated) return error_code::invalid_request;
  // The first push after a new subscription comes at a random time within the interval.
  const bool is_first = !i.pushed || i.asked_since_push;
  if (!push.terminating && !is_first && now.steady - *i.pushed < interval_of(i.wanted)) {
    i.last_error = error_code::throttling_quota_exceeded;
    return i.last_error;
  }
  i.pushed = now.steady;
  i.asked_since_push = false;
  i.last_error = check_push(i, push, max_bytes);
  if (i.last_error == error_code::none) i.terminated = push.terminating;
  return i.last_error;
}

error_code client_telemetry::check_push(const instance& i, const protocol::push_telemetry_request& push,
                                        std::size_t max_bytes) const {
  if (push.subscription_id != i.subscription) return error_code::unknown_subscription_id;
  if (push.compression_type < 0 || push.compression_type > last_codec) return error_code::unsupported_compression_type;
  if (push.metrics.size() > max_bytes) return error_code::telemetry_too_large;
  return error_code::none;
}

void client_telemetry::keep(const uuid& id, std::vector<pushed_metric> metrics, now_t now) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return;  // forgotten meanwhile
  auto& i = found->second->second;
  i.kept.pushed_at = now.wall;
  for (auto& m : metrics) {
    const auto at = i.kept.metrics.find(m.key);
    if (at == i.kept.metrics.end()) {
      if (i.kept.metrics.size() >= limits_.metrics_per_client_max) continue;
      const auto cost = cost_of(m.key);
      i.bytes += cost;
      metrics_bytes_ += cost;
      i.kept.metrics.emplace(std::move(m.key), kept_metric{m.value, m.is_counter, m.time_ms});
      continue;
    }
    at->second = {m.is_delta ? at->second.value + m.value : m.value, m.is_counter, m.time_ms};
  }
  for (auto& [other, silent] : instances_) {
    if (metrics_bytes_ <= limits_.metrics_max_bytes) break;
    drop_metrics(silent);
  }
}

void client_telemetry::drop_metrics(instance& i) {
  JD_ASSERT(metrics_bytes_ >= i.bytes, metrics_bytes_, i.bytes);
  metrics_bytes_ -= i.bytes;
  i.bytes = 0;
  i.kept.metrics.clear();
}

void client_telemetry::forget(instance_list::iterator at) {
  drop_metrics(at->second);
  by_id_.erase(at->first);
  instances_.erase(at);
  JD_ASSERT(by_id_.size() == instances_.size(), by_id_.size(), instances_.size());
}

void client_telemetry::forget_silent(now_t now) {
  for (auto at = instances_.begin(); at != instances_.end();) {
    const auto next = std::next(at);
    const auto patience = std::max<duration>(std::chrono::minutes(1), 3 * interval_of(at->second.wanted));
    if (now.steady - at->second.heard > patience) forget(at);
    at = next;
  }
}

const client_metrics* client_telemetry::find(const uuid& id) const noexcept {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &found->second->second.kept;
}

}  // namespace jackdaw::broker
