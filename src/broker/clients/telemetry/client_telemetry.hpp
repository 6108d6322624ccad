// The clients that push metrics to this broker: who may do so when, and what they said last (KIP-714). A client
// instance is known to one shard, whatever connections it uses. Pure: time comes in as an argument.
//
//   get --subscription id--> client --push--> may_push --decoded by a worker--> keep
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/error_codes.hpp"
#include "jackdaw/protocol/messages/push_telemetry.hpp"
#include "otlp.hpp"
#include "subscriptions.hpp"

namespace jackdaw::broker {

struct kept_metric {
  double value = 0;  // of a counter: the sum of what was pushed since the client is known
  bool is_counter = false;
  std::int64_t time_ms = 0;  // the client's clock
};

// For whoever shows metrics.
struct client_metrics {
  controller::client_facts client;
  std::map<metric_key, kept_metric> metrics;
  timestamp_ms pushed_at;  // our clock; 0 before the first push
};

class client_telemetry {
 public:
  struct limits {
    std::size_t clients_max = 16'384;
    std::size_t metrics_max_bytes = 32 << 20;  // of all clients together; the longest silent lose theirs first
    std::size_t metrics_per_client_max = 4'096;
  };
  explicit client_telemetry(const limits& l) : limits_(l) {}

  // Clients learn of it at their next push.
  void set_subscriptions(telemetry_subscriptions s);

  struct subscription {
    protocol::error_code error = protocol::error_code::none;
    std::int32_t id = 0;
    wanted_metrics wanted;
  };
  // `instance` isn't reserved.
  subscription get(const uuid& instance, const controller::client_facts& client, now_t now);

  // Whether this push is taken; if so and it holds metrics, keep() follows once they are decoded.
  protocol::error_code may_push(const protocol::push_telemetry_request& push, std::size_t max_bytes,
                                const controller::client_facts& client, now_t now);
  void keep(const uuid& instance, std::vector<pushed_metric> metrics, now_t now);

  // Forgets clients that were silent for three of their intervals, and at least a minute.
  void forget_silent(now_t now);

  const client_metrics* find(const uuid& instance) const noexcept;
  // Every client that is known, the longest silent first: `f(uuid, const client_metrics&)`.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& [id, i] : instances_) f(id, i.kept);
  }
  std::size_t size() const noexcept { return instances_.size(); }
  std::size_t metrics_bytes() const noexcept { return metrics_bytes_; }

 private:
  struct instance {
    client_metrics kept;
    std::size_t bytes = 0;
    wanted_metrics wanted;
    std::int32_t subscription = 0;
    std::uint64_t version = 0;  // of the subscriptions that `wanted` is made of
    std::optional<time_point> got;
    std::optional<time_point> pushed;
    time_point heard{};
    bool asked_since_push = false;
    bool terminated = false;
    protocol::error_code last_error = protocol::error_code::none;
  };
  using instance_list = std::list<std::pair<uuid, instance>>;

  instance& known(const uuid& id, const controller::client_facts& client, now_t now);
  protocol::error_code check_push(const instance& i, const protocol::push_telemetry_request& push,
                                  std::size_t max_bytes) const;
  void drop_metrics(instance& i);
  void forget(instance_list::iterator at);

  limits limits_;
  telemetry_subscriptions subscriptions_;
  std::uint64_t version_ = 1;  // 0: none yet
  instance_list instances_;    // the longest silent first
  std::unordered_map<uuid, instance_list::iterator> by_id_;
  std::size_t metrics_bytes_ = 0;
};

// Ids that no client has: zero, and that of the metadata log's topic.
bool is_reserved_instance(const uuid& id) noexcept;

}  // namespace jackdaw::broker
