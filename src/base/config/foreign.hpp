// Keys that people write into a server's configuration although they belong elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace jackdaw::config_foreign {

// Why the key has no effect here, as the end of a sentence ("it is a setting of clients"); nothing if nobody is known
// to use such a key.
std::optional<std::string> reason(std::string_view key);

}  // namespace jackdaw::config_foreign
