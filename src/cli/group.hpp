// The verbs of `group`, a file each.
#pragma once

#include "verbs.hpp"

namespace jackdaw::cli {

void add_group_describe(command noun, context& ctx);
void add_group_offsets(command noun, context& ctx);
void add_group_reset(command noun, context& ctx);
void add_group_delete(command noun, context& ctx);
void add_group_explain(command noun, context& ctx);

}  // namespace jackdaw::cli
