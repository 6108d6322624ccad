// Seeds for the fuzz targets, made of the golden vectors.
#pragma once

#include <cstddef>
#include <filesystem>
#include <vector>

namespace jackdaw::golden {

// A file or more for each vector, in a directory for each target below `out`; the inputs' layout is told in
// tests/fuzz/fuzz_input.hpp. Returns how many were written.
std::size_t write_seeds(const std::vector<std::filesystem::path>& vector_files, const std::filesystem::path& out);

}  // namespace jackdaw::golden
