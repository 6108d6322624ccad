// The process's loggers and their levels, for administrators (KIP-412).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace jackdaw::broker {

// Implemented by the shell that writes the log; its functions may be called from any thread.
class logger_control {
 public:
  struct logger {
    std::string name;   // "root" is the one that all others inherit from
    std::string level;  // FATAL, ERROR, WARN, INFO, DEBUG or TRACE
  };

  virtual ~logger_control() = default;
  virtual std::vector<logger> loggers() const = 0;
  // False when there is no such logger.
  virtual bool set_level(std::string_view name, std::string_view level) = 0;
  // Back to the level that the configuration gives. False when there is no such logger.
  virtual bool unset_level(std::string_view name) = 0;
};

}  // namespace jackdaw::broker
