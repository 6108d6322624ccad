#include "jackdaw/controller/client_match.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::controller {
namespace {

constexpr std::array<std::string_view, client_fact_count> names{
    "client_id",
    "client_instance_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
};

// A pattern's program and what it remembers while matching.
constexpr std::int64_t pattern_memory_bytes = 1 << 20;

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

struct named_text {
  client_fact fact;
  std::string_view text;
};

std::optional<named_text> split(std::string_view item) {
  const auto equals = item.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto name = std::find(names.begin(), names.end(), trimmed(item.substr(0, equals)));
  const auto text = trimmed(item.substr(equals + 1));
  if (name == names.end() || text.empty() || text.find('=') != std::string_view::npos) return std::nullopt;
  return named_text{static_cast<client_fact>(name - names.begin()), text};
}

}  // namespace

struct client_match::pattern {
  pattern(client_fact which, std::string_view text)
      : fact(which), program(re2::StringPiece(text.data(), text.size()), options()) {
    JD_ASSERT(static_cast<std::size_t>(which) < client_fact_count, static_cast<std::size_t>(which));
  }

  static RE2::Options options() {
    RE2::Options o(RE2::Quiet);
    o.set_max_mem(pattern_memory_bytes);
    return o;
  }

  client_fact fact;
  RE2 program;
};

result<client_match> client_match::parse(const std::vector<std::string>& items) {
  client_match out;
  for (const auto& item : items) {
    const auto parts = split(item);
    auto made = parts ? std::make_shared<const pattern>(parts->fact, parts->text) : nullptr;
    if (!made || !made->program.ok()) return fail(errc::invalid_argument, "Illegal client matching pattern: " + item);
    std::erase_if(out.patterns_, [&](const auto& other) { return other->fact == parts->fact; });
    out.patterns_.push_back(std::move(made));
  }
  return out;
}

bool client_match::fits(const client_facts& client) const {
  return std::all_of(patterns_.begin(), patterns_.end(), [&client](const auto& p) {
    return RE2::FullMatch(client[static_cast<std::size_t>(p->fact)], p->program);
  });
}

}  // namespace jackdaw::controller
