#include "topic_configs.hpp"

#include <algorithm>

#include "jackdaw/base/time.hpp"
#include "topic_settings.hpp"

namespace jackdaw::broker {

std::shared_ptr<const log::log_config> topic_configs::of_logs(const metadata::topic& topic) {
  auto& config = configs_[topic.id()];
  if (!config) {
    const auto settings = effective_topic_config(layers_for_topic(*home_.image, home_.config(), topic.name()));
    config = std::make_shared<const log::log_config>(to_log_config(settings, home_.dynamic));
  }
  return config;
}

replica::leader_settings topic_configs::of_leaders(const metadata::topic& topic) const {
  const auto settings = effective_topic_config(layers_for_topic(*home_.image, home_.config(), topic.name()));
  replica::leader_settings s;
  s.min_insync_replicas = settings.min_insync_replicas;
  s.replica_lag_max = duration_of_ms(std::max<std::int64_t>(home_.config().replica_lag_time_max_ms, 0));
  return s;
}

}  // namespace jackdaw::broker
