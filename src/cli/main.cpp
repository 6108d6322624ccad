#include "jackdaw/cli/app.hpp"

int main(int argc, char** argv) { return jackdaw::cli::run(argc, argv, JACKDAW_VERSION); }
