// docs/configuration.md, made from the table of keys.
#pragma once

#include <string>

namespace jackdaw {

// The whole page, Markdown. The same for the same table: a test compares it with the file.
std::string configuration_page();

}  // namespace jackdaw
