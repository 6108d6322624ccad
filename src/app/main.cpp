// jackdawd: reads its configuration, runs a broker until it is told to stop.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "broker_process.hpp"
#include "command_line.hpp"
#include "jackdaw/net/outlets.hpp"
#include "logging.hpp"
#include "process.hpp"

namespace jackdaw::app {
namespace {

int complain(const std::string& sentence) {
  fmt::print(stderr, "jackdawd: {}\n", sentence);
  return 1;
}

result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) {
    return fail(errc::not_found, "can't read " + path + ": give the path of a server.properties, or none");
  }
  return text.str();
}

result<loaded_config> load(const command_line& called) {
  config_input input;
  input.environment = environment_variables();
  input.overrides = called.overrides;
  if (!called.properties_file.empty()) {
    auto text = read_file(called.properties_file);
    if (!text) return text.error();
    input.file_name = called.properties_file;
    input.file_text = std::move(*text);
  }
  return load_broker_config(input);
}

int serve(loaded_config loaded, time_point started_at) {
  auto loggers = start_logging(loaded.config.log_level, loaded.config.log_format);
  for (const auto& warning : loaded.warnings) spdlog::warn("{}", warning);
  auto process = broker_process::start(std::move(loaded.config), JACKDAW_VERSION, std::move(loggers), started_at);
  if (!process) {
    spdlog::error("{}", process.error().detail);
    return 1;
  }
  spdlog::info("Stopping because of {}; a second signal ends it at once", wait_for_stop_signal());
  (*process)->stop();
  process->reset();
  spdlog::info("Stopped");
  return 0;
}

int run(const command_line& called, time_point started_at) {
  prepare_process();
  auto loaded = load(called);
  if (!loaded) return complain(loaded.error().detail);
  if (const auto ok = check_supported(loaded->config); !ok) return complain(ok.error().detail);
  const int status = serve(std::move(*loaded), started_at);
  end_logging();
  return status;
}

int main_of(int argc, char** argv) {
  const time_point started_at = net::system_now().steady;
  const auto called = parse_command_line({argv + 1, argv + argc});
  if (!called) return complain(called.error().detail);
  switch (called->what) {
    case command_line::action::version: return std::puts("jackdawd " JACKDAW_VERSION), 0;
    case command_line::action::help: return std::fputs(help_text().c_str(), stdout), 0;
    case command_line::action::help_config: return std::fputs(config_help(called->help_word).c_str(), stdout), 0;
    case command_line::action::run: break;
  }
  return run(*called, started_at);
}

}  // namespace
}  // namespace jackdaw::app

int main(int argc, char** argv) { return jackdaw::app::main_of(argc, argv); }
