#include "seeds.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <string>

#include "golden.hpp"
#include "jackdaw/protocol/all_messages.hpp"

namespace jackdaw::golden {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct seed {
  std::string target;
  buffer bytes;
};

void put16(buffer& out, std::int64_t value) {
  out.push_back(static_cast<std::byte>(value >> 8));
  out.push_back(static_cast<std::byte>(value));
}

seed seed_of_message(const json::object& vector) {
  seed s{text_member(vector, "kind") == "request" ? "requests" : "responses", {}};
  put16(s.bytes, int_member(vector, "key"));
  put16(s.bytes, int_member(vector, "version"));
  return s;
}

seed seed_of_data(const json::object& vector, const std::string& name) {
  const auto& names = protocol::data_names;
  seed s{"data", {}};
  put16(s.bytes, std::find(std::begin(names), std::end(names), name) - std::begin(names));
  put16(s.bytes, int_member(vector, "version"));
  return s;
}

// A seed without target when the file isn't one for fuzzing.
seed seed_of(const std::string& file, const json::object& vector) {
  seed s;
  if (file.starts_with("golden-")) s = seed_of_message(vector);
  if (file.starts_with("data-")) s = seed_of_data(vector, text_member(vector, "data"));
  if (file.starts_with("headers-")) s = seed_of_data(vector, text_member(vector, "header"));
  if (file.starts_with("frames-")) s.target = "frames";
  if (file.starts_with("records-")) s.target = "records";
  buffer bytes = hex_member(vector);
  // Targets get a frame without its size.
  if (s.target == "frames") bytes.erase(bytes.begin(), bytes.begin() + 4);
  s.bytes.insert(s.bytes.end(), bytes.begin(), bytes.end());
  return s;
}

}  // namespace

std::size_t write_seeds(const std::vector<fs::path>& vector_files, const fs::path& out) {
  std::size_t written = 0;
  for (const fs::path& path : vector_files) {
    std::ifstream in(path);
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
      const seed s = seed_of(path.filename().string(), json::parse(line).as_object());
      if (s.target.empty()) continue;
      fs::create_directories(out / s.target);
      std::ofstream file(out / s.target / (path.stem().string() + "-" + std::to_string(number)), std::ios::binary);
      file.write(reinterpret_cast<const char*>(s.bytes.data()), static_cast<std::streamsize>(s.bytes.size()));
      ++written;
    }
  }
  return written;
}

}  // namespace jackdaw::golden
