// Topics that a client named before anybody created them.
#pragma once

#include <string>
#include <vector>

#include "shard_state.hpp"

namespace jackdaw::broker {

// Creates the topics with the broker's defaults. `done` runs on this shard once they exist here, or can't be created:
// whoever asked looks into the image.
void auto_create_topics(shard_state& home, std::vector<std::string> names, unique_function<void()> done);

}  // namespace jackdaw::broker
