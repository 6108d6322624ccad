// The verbs of `cluster` that have a file of their own.
#pragma once

#include "verbs.hpp"

namespace jackdaw::cli {

void add_cluster_log_dirs(command noun, context& ctx);

}  // namespace jackdaw::cli
