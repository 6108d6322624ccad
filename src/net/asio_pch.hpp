// Precompiled for the few modules that include Asio.
#pragma once

#include <boost/asio.hpp>
#include <spdlog/spdlog.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>
