// golden_test [PREFIX...]: runs the vectors in tests/golden/vectors, or in the directory that JACKDAW_GOLDEN_DIR names;
// with prefixes only the files that start with one of them. Exit status 0 when all pass.
// golden_test --seeds DIR: writes the vectors as seeds for the fuzz targets, one directory a target.
#include <algorithm>
#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "golden.hpp"
#include "seeds.hpp"

namespace {

namespace fs = std::filesystem;
using namespace jackdaw::golden;

constexpr std::size_t complaints_shown_max = 20;

struct tally {
  std::size_t vectors = 0;
  std::size_t failed = 0;
};

std::vector<fs::path> vector_files(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void run_vector(const family& f, const std::string& line, verdict& v) {
  try {
    f.run(boost::json::parse(line).as_object(), v);
  } catch (const std::exception& e) {
    v.expect(false, std::string("the vector can't be read: ") + e.what());
  }
}

tally run_file(const family& f, const fs::path& path) {
  tally total;
  std::ifstream in(path);
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    verdict v;
    run_vector(f, line, v);
    ++total.vectors;
    if (v.complaints().empty()) continue;
    if (++total.failed > complaints_shown_max) continue;
    std::cout << path.filename().string() << ":" << number << ": " << line.substr(0, 120) << "\n";
    for (const auto& complaint : v.complaints()) std::cout << "    " << complaint << "\n";
  }
  return total;
}

bool is_wanted(const std::string& name, const std::vector<std::string>& prefixes) {
  return prefixes.empty() ||
         std::any_of(prefixes.begin(), prefixes.end(), [&](const auto& p) { return name.starts_with(p); });
}

int run_all(const fs::path& directory, const std::vector<std::string>& prefixes) {
  tally total;
  for (const fs::path& path : vector_files(directory)) {
    const std::string name = path.filename().string();
    if (!is_wanted(name, prefixes)) continue;
    const family* f = family_of(name);
    if (!f) {
      std::cout << name << ": no test for such a file, skipped\n";
      continue;
    }
    const tally file = run_file(*f, path);
    std::cout << name << ": " << file.vectors << " vectors, " << file.failed << " failed\n";
    total.vectors += file.vectors;
    total.failed += file.failed;
  }
  std::cout << (total.failed ? "FAILED: " : "passed: ") << total.vectors - total.failed << " of " << total.vectors
            << " vectors in " << directory.string() << "\n";
  return total.vectors != 0 && total.failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const char* chosen = std::getenv("JACKDAW_GOLDEN_DIR");
  const fs::path directory = chosen && *chosen ? chosen : JACKDAW_GOLDEN_VECTORS;
  if (!fs::is_directory(directory)) {
    std::cerr << "golden_test: " << directory.string()
              << " is not a directory; set JACKDAW_GOLDEN_DIR to one with vectors\n";
    return 2;
  }
  if (arguments.size() == 2 && arguments[0] == "--seeds") {
    std::cout << write_seeds(vector_files(directory), arguments[1]) << " seeds written to " << arguments[1] << "\n";
    return 0;
  }
  return run_all(directory, arguments);
}
