// What clients shall push: the cluster's client-metrics subscriptions (KIP-714), and what they come to for one client.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/controller/client_match.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::broker {

// What one client is asked for.
struct wanted_metrics {
  static constexpr std::int32_t interval_ms_default = 300'000;

  // Beginnings of names, sorted, each once; "*" alone is everything, nothing is nothing.
  std::vector<std::string> metrics;
  std::int32_t interval_ms = interval_ms_default;
  bool operator==(const wanted_metrics&) const = default;
};

// Changes when what is wanted changes; the same on every broker.
std::int32_t subscription_id(const wanted_metrics& wanted, const uuid& client_instance);

class telemetry_subscriptions {
 public:
  telemetry_subscriptions() = default;
  explicit telemetry_subscriptions(const metadata::image& image);

  // All subscriptions that fit the client, together: their metrics, and the shortest of their intervals.
  wanted_metrics wanted_of(const controller::client_facts& client) const;

 private:
  struct subscription {
    controller::client_match match;
    std::vector<std::string> metrics;
    std::int32_t interval_ms;
  };
  std::vector<subscription> all_;
};

}  // namespace jackdaw::broker
