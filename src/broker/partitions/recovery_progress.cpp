#include "recovery_progress.hpp"

#include "jackdaw/base/counted.hpp"

#include <fmt/format.h>

#include <chrono>

namespace jackdaw::broker {
namespace {

constexpr auto say_every = std::chrono::seconds(5);

}  // namespace

std::optional<std::string> recovery_progress::begins(std::size_t logs, std::uint32_t shards, time_point now) {
  if (shards_told_ == 0) began_ = last_said_ = now;
  logs_ += logs;
  all_told_ = ++shards_told_ == shards;
  if (!all_told_ || logs_ == 0) return std::nullopt;
  if (done_ == logs_) return say(now);
  return fmt::format("The last run did not end cleanly: checking {} behind {}", counted(logs_, "log"),
                     logs_ == 1 ? "its recovery point" : "their recovery points");
}

std::optional<std::string> recovery_progress::recovered(std::uint64_t bytes_checked, time_point now) {
  ++done_;
  bytes_ += bytes_checked;
  return all_told_ ? say(now) : std::nullopt;
}

std::optional<std::string> recovery_progress::say(time_point now) {
  const double mebibytes = static_cast<double>(bytes_) / (1 << 20);
  if (done_ == logs_) {
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
    return fmt::format("Checked {} in {} ms: read {:.1f} MiB", counted(logs_, "log"), took.count(), mebibytes);
  }
  if (now - last_said_ < say_every) return std::nullopt;
  last_said_ = now;
  return fmt::format("Checked {} of {} so far: read {:.1f} MiB", done_, counted(logs_, "log"), mebibytes);
}

}  // namespace jackdaw::broker
