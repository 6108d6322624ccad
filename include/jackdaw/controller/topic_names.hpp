// Which names a topic may have. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jackdaw/metadata/image.hpp"

namespace jackdaw::controller {

// Kafka's rule for names: nothing when it is legal, else its sentence.
std::optional<std::string> why_illegal_topic_name(std::string_view name);
// An existing topic whose name differs only in '.' and '_', which share names of metrics; never `name` itself.
std::optional<std::string> colliding_topic(const metadata::image& image, std::string_view name);
// Names that Kafka's brokers keep their own state under. What it holds is in the quorum's log here, so there are no
// such topics: nobody can create or write to one.
bool is_internal_topic(std::string_view name) noexcept;

}  // namespace jackdaw::controller
