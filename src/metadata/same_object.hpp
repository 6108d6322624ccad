// How images are compared.
#pragma once

namespace jackdaw::metadata {

// Either the same object or equal ones: what two images share is not looked into.
inline constexpr auto same_object = [](const auto& a, const auto& b) { return a == b || *a == *b; };

}  // namespace jackdaw::metadata
