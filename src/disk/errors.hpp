// errno as our errors.
#pragma once

#include <string>

#include "jackdaw/base/result.hpp"

namespace jackdaw::disk {

// "cannot <what> <path>: <the system's words>"
error system_error(int code, const char* what, const std::string& path);

}  // namespace jackdaw::disk
