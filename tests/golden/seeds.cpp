#include "seeds.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <string>

#include "golden.hpp"
#include "jackdaw/protocol/all_messages.hpp"
#include "jackdaw/protocol/record_batch.hpp"

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

// The set, and for each batch what is behind its header.
std::vector<seed> seeds_of_records(const json::object& vector) {
  const buffer bytes = hex_member(vector);
  std::vector<seed> seeds{{"records", bytes}};
  protocol::batch_iterator batches(bytes);
  while (true) {
    const auto next = batches.next();
    if (!next || !*next || (*next)->magic() != protocol::batch_magic) return seeds;
    const protocol::batch_view& batch = **next;
    seed stream{"compression", buffer(1 + batch.payload().size())};
    stream.bytes[0] = static_cast<std::byte>(batch.codec_id());
    std::copy(batch.payload().begin(), batch.payload().end(), stream.bytes.begin() + 1);
    seeds.push_back(std::move(stream));
  }
}

// None when the file isn't one for fuzzing.
std::vector<seed> seeds_of(const std::string& file, const json::object& vector) {
  if (file.starts_with("records-")) return seeds_of_records(vector);
  seed s;
  if (file.starts_with("golden-")) s = seed_of_message(vector);
  if (file.starts_with("data-")) s = seed_of_data(vector, text_member(vector, "data"));
  if (file.starts_with("headers-")) s = seed_of_data(vector, text_member(vector, "header"));
  if (file.starts_with("frames-")) s.target = "frames";
  if (s.target.empty()) return {};
  const buffer bytes = hex_member(vector);
  // Targets get a frame without its size.
  const std::size_t skipped = s.target == "frames" ? 4 : 0;
  s.bytes.insert(s.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(skipped), bytes.end());
  return {s};
}

void write_seed(const seed& s, const fs::path& out, const std::string& name) {
  fs::create_directories(out / s.target);
  std::ofstream file(out / s.target / name, std::ios::binary);
  file.write(reinterpret_cast<const char*>(s.bytes.data()), static_cast<std::streamsize>(s.bytes.size()));
}

}  // namespace

std::size_t write_seeds(const std::vector<fs::path>& vector_files, const fs::path& out) {
  std::size_t written = 0;
  for (const fs::path& path : vector_files) {
    std::ifstream in(path);
    std::string line;
    while (std::getline(in, line)) {
      for (const seed& s : seeds_of(path.filename().string(), json::parse(line).as_object())) {
        write_seed(s, out, path.stem().string() + "-" + std::to_string(++written));
      }
    }
  }
  return written;
}

}  // namespace jackdaw::golden
