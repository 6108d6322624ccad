// Topics that a client named before anybody created them.
#pragma once

#include <string>
#include <vector>

#include "shard_state.hpp"

namespace jackdaw::broker {

// Creates the topics with the broker's defaults, unless somebody was faster. Whoever wants them asks again.
void auto_create_topics(shard_state& home, std::vector<std::string> names);

}  // namespace jackdaw::broker
