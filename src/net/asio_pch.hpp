// Precompiled for the few modules that include Asio.
#pragma once

#include <spdlog/spdlog.h>
#include <boost/asio.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>
