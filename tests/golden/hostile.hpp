// What bad bytes must not do, derived from one good message.
#pragma once

#include <functional>
#include <string>

#include "golden.hpp"

namespace jackdaw::golden {

// Every proper prefix must be refused (of long messages, prefixes spread over their length); each call gets memory of
// exactly the prefix's size, so that a sanitizer sees a read beyond it.
void expect_prefixes_refused(bytes_view whole, const std::function<bool(bytes_view)>& is_accepted, verdict& v);

// The same bytes for the same message: single bytes changed, and lengths that claim too much. `complaint_about`
// returns an empty string when nothing is wrong.
void expect_mutations_survived(bytes_view whole, const std::function<std::string(bytes_view)>& complaint_about,
                               verdict& v);

}  // namespace jackdaw::golden
