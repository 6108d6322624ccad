// Which names a topic may have.
#include <algorithm>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/topic_names.hpp"

namespace jackdaw::controller {
namespace {

constexpr std::size_t name_length_max = 249;

bool is_legal(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
}

// Walks the ordered names like a tree: at each '.' or '_' of the wanted name it tries both, and follows a branch only
// while some existing name begins that way.
class collision_search {
 public:
  collision_search(const metadata::image& image, std::string_view name) : image_(image), name_(name) {}

  std::optional<std::string> find() { return from({}); }

 private:
  std::optional<std::string> from(const std::string& prefix) {
    JD_ASSERT(prefix.size() <= name_.size(), prefix, name_);
    const auto rest = name_.substr(prefix.size());
    const auto special = rest.find_first_of("._");
    if (special == std::string_view::npos) {
      std::string whole = prefix;
      whole += rest;
      JD_ASSERT(whole.size() == name_.size(), whole, name_);
      if (whole == name_ || image_.find_topic(whole) == nullptr) return std::nullopt;
      return whole;
    }
    for (const char c : {'.', '_'}) {
      std::string longer = prefix;
      longer += rest.substr(0, special);
      longer += c;
      if (!some_name_begins_with(longer)) continue;
      if (auto found = from(longer)) return found;
    }
    return std::nullopt;
  }

  bool some_name_begins_with(const std::string& prefix) const {
    const auto at = image_.names().lower_bound(prefix);
    return at != image_.names().end() && at.key().starts_with(prefix);
  }

  const metadata::image& image_;
  std::string_view name_;
};

}  // namespace

std::optional<std::string> why_illegal_topic_name(std::string_view name) {
  std::string why = "Topic name is invalid: ";
  if (name.empty()) return why + "the empty string is not allowed";
  if (name == "." || name == "..") return why + "'" + std::string(name) + "' is not allowed";
  if (name.size() > name_length_max)
    return why + "the length of '" + std::string(name) + "' is longer than the max allowed length " +
           std::to_string(name_length_max);
  if (!std::all_of(name.begin(), name.end(), is_legal))
    return why + "'" + std::string(name) +
           "' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
  return std::nullopt;
}

bool is_internal_topic(std::string_view name) noexcept {
  return name == "__consumer_offsets" || name == "__transaction_state" || name == "__share_group_state";
}

std::optional<std::string> colliding_topic(const metadata::image& image, std::string_view name) {
  return collision_search(image, name).find();
}

}  // namespace jackdaw::controller
