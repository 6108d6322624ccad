// A decision of the controller, as a function that is brought to where the newest state is.
#pragma once

#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/metadata/records.hpp"

namespace jackdaw::broker {

// Runs on shard 0's thread with the newest image, uncommitted changes included. It may write its verdict into what it
// captured, since nobody else looks at that until `done`; it must not touch a shard.
using decide_function = unique_function<std::vector<metadata::record>(const metadata::image&, random_source&)>;

}  // namespace jackdaw::broker
