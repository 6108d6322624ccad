// Whether a resource may have the settings that somebody wants for it.
#pragma once

#include <string_view>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"

namespace jackdaw::controller {

// The resource itself: its name, and that it exists.
verdict check_topic_resource(const metadata::image& image, std::string_view name);
verdict check_broker_resource(const broker_config& config, std::string_view name);
verdict check_group_resource(std::string_view name);
verdict check_client_metrics_resource(std::string_view name);

// `changed` is what the request sets, of a broker or (no name) of all of them.
verdict check_broker_changes(const config_map& changed, bool all_brokers);
// The whole settings afterwards. `layers` holds the brokers' values, which bound those of groups.
verdict check_group_configs(const config_map& configs, const config_layers& layers);
verdict check_client_metrics_configs(const config_map& configs);

}  // namespace jackdaw::controller
