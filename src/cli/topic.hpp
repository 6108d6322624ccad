// The verbs of `topic` that only look.
#pragma once

#include "verbs.hpp"

namespace jackdaw::cli {

void add_topic_list(CLI::App& noun, context& ctx);
void add_topic_describe(CLI::App& noun, context& ctx);

}  // namespace jackdaw::cli
