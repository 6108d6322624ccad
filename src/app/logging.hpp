// The log: one line for each event, on standard output.
#pragma once

#include <memory>
#include <string>

#include "jackdaw/broker/environment.hpp"
#include "jackdaw/broker/logger_control.hpp"

namespace jackdaw::app {

// Lines are written by a thread of their own: whoever reads the log slowly, or not at all, delays nobody, and loses the
// oldest of the lines that wait. `level` is that of jackdaw.log.level; `format` is text or json. Returns the handle by
// which administrators change the level.
std::shared_ptr<broker::logger_control> start_logging(const std::string& level, const std::string& format);
// Writes what still waits; at the end of the process.
void end_logging();
// For net::server_options::log.
void log_for_shard(broker::log_level level, const std::string& sentence);

}  // namespace jackdaw::app
