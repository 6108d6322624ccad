// A topic's effective settings out of the image and this broker's configuration.
#pragma once

#include <memory>

#include "jackdaw/base/config.hpp"
#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/base/config_topic.hpp"
#include "jackdaw/log/log_config.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::broker {

// The layers that give a topic (or, with no name, a broker) its settings. Points into `image` and `config`.
config_layers layers_for_topic(const metadata::image& image, const broker_config& config, std::string_view topic);
config_layers layers_for_broker(const metadata::image& image, const broker_config& config);

log::log_config to_log_config(const topic_config& settings, const dynamic_config& broker);

}  // namespace jackdaw::broker
