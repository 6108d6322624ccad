// The verbs of `group`, a file each.
#pragma once

#include "verbs.hpp"

namespace jackdaw::cli {

void add_group_describe(CLI::App& noun, context& ctx);
void add_group_offsets(CLI::App& noun, context& ctx);
void add_group_reset(CLI::App& noun, context& ctx);
void add_group_delete(CLI::App& noun, context& ctx);
void add_group_explain(CLI::App& noun, context& ctx);

}  // namespace jackdaw::cli
