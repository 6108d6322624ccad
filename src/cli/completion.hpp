// What a shell may offer for the word under the cursor.
#pragma once

#include <string>
#include <vector>

#include "verbs.hpp"

namespace jackdaw::cli {

// The hidden first word of the command line with which the shells' scripts ask.
inline constexpr const char* completion_word = "__complete";

// Prints a line for each candidate: the word, a tab, what it means; or ":files" alone when a file belongs there.
// `words` are those of the command line after the program, the last one is the one to complete, maybe empty. Names of
// topics and groups come from the cluster, quickly or not at all.
void print_candidates(const CLI::App& app, context& ctx, const std::vector<std::string>& words);

}  // namespace jackdaw::cli
