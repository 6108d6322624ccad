#include "jackdaw/controller/features.hpp"

#include <algorithm>
#include <map>
#include <string>

namespace jackdaw::controller {
namespace {

using protocol::error_code;

constexpr feature_range supported[] = {{metadata_version_feature, 7, metadata_version_level}};

// Kafka's numbers.
enum class change_type : std::int8_t { upgrade = 1, safe_downgrade = 2, unsafe_downgrade = 3 };

using asked_feature = protocol::update_features_request::feature_update_key;

change_type type_of(const asked_feature& asked, std::int16_t version) {
  if (version == 0) return asked.allow_downgrade ? change_type::safe_downgrade : change_type::upgrade;
  return static_cast<change_type>(asked.upgrade_type);
}

std::int16_t level_now(const metadata::image& image, std::string_view feature) {
  const auto found = image.features().find(feature);
  return found == image.features().end() ? std::int16_t{0} : found->second;
}

std::string range_text(const feature_range& range) {
  return "levels " + std::to_string(range.min) + " to " + std::to_string(range.max) + " are supported";
}

// Nothing when the level may be set.
std::optional<std::string> why_not(const metadata::image& image, const asked_feature& asked, change_type type) {
  if (type < change_type::upgrade || type > change_type::unsafe_downgrade) return "the upgrade type is unknown";
  const auto level = asked.max_version_level;
  if (level < 0) return "a level is at least 0";
  const auto* range = std::find_if(std::begin(supported), std::end(supported),
                                   [&asked](const feature_range& f) { return f.name == asked.feature; });
  if (range == std::end(supported)) return "there is no such feature here";
  if (level < range->min || level > range->max) return range_text(*range);
  const auto now = level_now(image, asked.feature);
  if (level >= now) return std::nullopt;
  if (type == change_type::upgrade)
    return "it is " + std::to_string(now) + ", and only a safe or unsafe downgrade may lower it";
  // What was written at a level isn't held to an older one's form, so there is no way back.
  return "it is " + std::to_string(now) + ", and this feature can't be downgraded";
}

}  // namespace

std::span<const feature_range> supported_features() noexcept { return supported; }

decision<updated_features> update_features(const metadata::image& image,
                                           const protocol::update_features_request& request, std::int16_t version) {
  decision<updated_features> out;
  std::map<std::string_view, std::int16_t> wanted;
  for (const auto& asked : request.feature_updates) {
    if (const auto why = why_not(image, asked, type_of(asked, version))) {
      out.reply.outcome = refuse(error_code::invalid_update_version,
                                 "No feature was changed: level " + std::to_string(asked.max_version_level) + " of " +
                                     std::string(asked.feature) + " can't be set; " + *why + ".");
      return out;
    }
    wanted[asked.feature] = asked.max_version_level;
  }
  if (request.validate_only) return out;
  for (const auto& [feature, level] : wanted) {
    if (level_now(image, feature) != level)
      out.records.push_back(metadata::feature_level_set{std::string(feature), level});
  }
  return out;
}

}  // namespace jackdaw::controller
