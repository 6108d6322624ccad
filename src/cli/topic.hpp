// The verbs of `topic` that only look.
#pragma once

#include "verbs.hpp"

namespace jackdaw::cli {

void add_topic_list(command noun, context& ctx);
void add_topic_describe(command noun, context& ctx);

}  // namespace jackdaw::cli
