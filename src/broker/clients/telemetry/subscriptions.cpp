#include "subscriptions.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config.hpp"
#include "jackdaw/base/crc32c.hpp"

namespace jackdaw::broker {
namespace {

constexpr std::string_view everything = "*";

config_value value_of(std::string_view key, const config_layers& layers) {
  const config_key* row = find_key(config_scope::client_metrics, key);
  JD_ASSERT(row != nullptr, key);
  return effective_parsed(config_scope::client_metrics, *row, layers);
}

}  // namespace

std::int32_t subscription_id(const wanted_metrics& wanted, const uuid& client_instance) {
  std::string text;
  for (const auto& m : wanted.metrics) text += m + ',';
  text += std::to_string(wanted.interval_ms);
  const auto of_client = client_instance.high ^ client_instance.low;
  return static_cast<std::int32_t>(crc32c(as_bytes(text)) ^ static_cast<std::uint32_t>(of_client ^ (of_client >> 32)));
}

telemetry_subscriptions::telemetry_subscriptions(const metadata::image& image) {
  for (const auto& [key, values] : image.all_configs()) {
    if (key.type != metadata::config_resource::client_metrics) continue;
    config_layers layers;
    layers.resource = &*values;
    auto match = controller::client_match::parse(value_of("match", layers).list());
    if (!match) continue;  // it was checked when it was set
    subscription s{std::move(*match), value_of("metrics", layers).list(),
                   static_cast<std::int32_t>(value_of("interval.ms", layers).integer())};
    std::erase(s.metrics, std::string());
    all_.push_back(std::move(s));
  }
}

wanted_metrics telemetry_subscriptions::wanted_of(const controller::client_facts& client) const {
  std::set<std::string> metrics;
  std::optional<std::int32_t> interval_ms;
  for (const auto& s : all_) {
    if (!s.match.fits(client)) continue;
    metrics.insert(s.metrics.begin(), s.metrics.end());
    interval_ms = std::min(interval_ms.value_or(s.interval_ms), s.interval_ms);
  }
  wanted_metrics wanted;
  if (interval_ms) wanted.interval_ms = *interval_ms;
  if (metrics.contains(std::string(everything))) {
    wanted.metrics = {std::string(everything)};
  } else {
    wanted.metrics.assign(metrics.begin(), metrics.end());
  }
  return wanted;
}

}  // namespace jackdaw::broker
