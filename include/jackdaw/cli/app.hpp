// The program `jackdaw`, as a function.
#pragma once

namespace jackdaw::cli {

// Parses the command line, runs the verb, prints; returns the exit status.
int run(int argc, char** argv, const char* version);

}  // namespace jackdaw::cli
