// Feature levels (KIP-584): which this broker can offer, and how the cluster's are changed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "jackdaw/controller/decision.hpp"
#include "jackdaw/metadata/image.hpp"
#include "jackdaw/protocol/messages/update_features.hpp"

namespace jackdaw::controller {

struct feature_range {
  std::string_view name;
  std::int16_t min;
  std::int16_t max;
};

inline constexpr std::string_view metadata_version_feature = "metadata.version";
// The level of Kafka's metadata.version whose behaviour is offered: 4.3-IV0. A new cluster begins with it.
inline constexpr std::int16_t metadata_version_level = 30;

// Only what is truly there: clients change their ways on these levels (group.version 1 makes consumers try the new
// group protocol, transaction.version 2 changes what producers send).
std::span<const feature_range> supported_features() noexcept;

struct updated_features {
  verdict outcome;  // of the request as a whole: all features change or none
};

// `version` is the request's: version 0 asks for a downgrade in another way. With validate_only there are no records.
decision<updated_features> update_features(const metadata::image& image,
                                           const protocol::update_features_request& request, std::int16_t version);

}  // namespace jackdaw::controller
