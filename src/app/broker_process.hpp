// One broker in this process: data directories, shards, listeners; in the order in which they start and stop.
#pragma once

#include <memory>
#include <string>

#include "jackdaw/base/config_broker.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/broker/logger_control.hpp"

namespace jackdaw::app {

// What of a valid configuration this version can't do; nothing is started then.
result<void> check_supported(const broker_config& config);

class broker_process {
 public:
  // `started_at` is when the process began, for the line that says how long it took.
  static result<std::unique_ptr<broker_process>> start(broker_config config, const std::string& version,
                                                       std::shared_ptr<broker::logger_control> loggers,
                                                       time_point started_at);
  ~broker_process();

  // Stops cleanly and waits for it. What couldn't be written the log has said.
  void stop();

 private:
  broker_process();
  struct parts;
  std::unique_ptr<parts> parts_;
};

}  // namespace jackdaw::app
