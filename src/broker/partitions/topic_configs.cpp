#include "topic_configs.hpp"

#include <algorithm>

#include "jackdaw/base/time.hpp"
#include "topic_settings.hpp"

namespace jackdaw::broker {

const topic_configs::made& topic_configs::of(const metadata::topic& topic) {
  auto& m = made_[topic.id()];
  if (m.log) return m;
  const auto settings = effective_topic_config(layers_for_topic(*home_.image, home_.config(), topic.name()));
  m.log = std::make_shared<const log::log_config>(to_log_config(settings, home_.dynamic));
  m.leader.min_insync_replicas = settings.min_insync_replicas;
  m.leader.replica_lag_max = duration_of_ms(std::max<std::int64_t>(home_.config().replica_lag_time_max_ms, 0));
  return m;
}

}  // namespace jackdaw::broker
