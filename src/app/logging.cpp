#include "logging.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace jackdaw::app {

namespace {

// {"time":"2026-02-28T09:10:11.123Z","level":"info","message":"..."}
class json_formatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    prefix_.format(message, out);
    append_escaped({message.payload.data(), message.payload.size()}, out);
    append("\"}\n", out);
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<json_formatter>(); }

 private:
  static void append(std::string_view text, spdlog::memory_buf_t& out) {
    out.append(text.data(), text.data() + text.size());
  }
  static void append_escaped(std::string_view text, spdlog::memory_buf_t& out) {
    for (const char c : text) {
      if (c == '"' || c == '\\') {
        const char escaped[] = {'\\', c};
        append({escaped, 2}, out);
      } else if (static_cast<unsigned char>(c) < 0x20) {
        append(fmt::format("\\u{:04x}", static_cast<unsigned>(c)), out);
      } else {
        out.push_back(c);
      }
    }
  }
  spdlog::pattern_formatter prefix_{R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":")",
                                    spdlog::pattern_time_type::utc, ""};
};

struct level_name {
  const char* kafka;
  spdlog::level::level_enum level;
};
constexpr std::array levels{level_name{"FATAL", spdlog::level::critical}, level_name{"ERROR", spdlog::level::err},
                            level_name{"WARN", spdlog::level::warn},      level_name{"INFO", spdlog::level::info},
                            level_name{"DEBUG", spdlog::level::debug},    level_name{"TRACE", spdlog::level::trace}};

// One logger, Kafka's name for it.
class root_logger final : public broker::logger_control {
 public:
  explicit root_logger(spdlog::level::level_enum configured) : configured_(configured) {}

  std::vector<logger> loggers() const override {
    const auto now = spdlog::get_level();
    const auto it = std::find_if(levels.begin(), levels.end(), [now](const level_name& l) { return l.level == now; });
    return {{"root", it == levels.end() ? "FATAL" : it->kafka}};
  }
  bool set_level(std::string_view name, std::string_view level) override {
    const auto it =
        std::find_if(levels.begin(), levels.end(), [level](const level_name& l) { return level == l.kafka; });
    if (name != "root" || it == levels.end()) return false;
    spdlog::set_level(it->level);
    return true;
  }
  bool unset_level(std::string_view name) override {
    if (name != "root") return false;
    spdlog::set_level(configured_);
    return true;
  }

 private:
  spdlog::level::level_enum configured_;
};

constexpr std::size_t lines_waiting_at_most = 1024;
std::shared_ptr<spdlog::details::thread_pool> writer;  // the logger holds it weakly

}  // namespace

std::shared_ptr<broker::logger_control> start_logging(const std::string& level, const std::string& format) {
  auto queue = std::make_shared<spdlog::details::thread_pool>(lines_waiting_at_most, 1);
  auto logger = std::make_shared<spdlog::async_logger>("jackdaw", std::make_shared<spdlog::sinks::stdout_sink_mt>(),
                                                       queue, spdlog::async_overflow_policy::overrun_oldest);
  writer = std::move(queue);
  if (format == "json") {
    logger->set_formatter(std::make_unique<json_formatter>());
  } else {
    logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %-7l %v");
  }
  const auto configured = spdlog::level::from_str(level);
  logger->set_level(configured);
  // Whoever reads the log through a pipe sees each line when it is written.
  logger->flush_on(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  spdlog::set_level(configured);
  return std::make_shared<root_logger>(configured);
}

void end_logging() {
  // The writing thread ends before what it formats with: the join orders the two, whoever dropped the last line.
  const auto logger = spdlog::default_logger();
  spdlog::set_default_logger(nullptr);
  writer.reset();
}

void log_for_shard(broker::log_level level, const std::string& sentence) {
  switch (level) {
    case broker::log_level::debug: return spdlog::debug("{}", sentence);
    case broker::log_level::info: return spdlog::info("{}", sentence);
    case broker::log_level::warning: return spdlog::warn("{}", sentence);
    case broker::log_level::error: return spdlog::error("{}", sentence);
  }
}

}  // namespace jackdaw::app
