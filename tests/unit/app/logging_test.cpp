#include "logging.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <string>
#include <vector>

namespace jackdaw::app {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = text.find('\n', from);
    out.push_back(text.substr(from, end - from));
    from = end == std::string::npos ? text.size() : end + 1;
  }
  return out;
}

TEST(logging, text_is_one_line_for_each_event_of_the_level_and_above) {
  ::testing::internal::CaptureStdout();
  const auto loggers = start_logging("info", "text");
  spdlog::debug("hidden");
  log_for_shard(broker::log_level::info, "shown {}");
  log_for_shard(broker::log_level::warning, "a warning");
  end_logging();
  const auto lines = lines_of(::testing::internal::GetCapturedStdout());
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].ends_with(" info    shown {}")) << lines[0];
  EXPECT_TRUE(lines[1].ends_with(" warning a warning")) << lines[1];
}

TEST(logging, json_lines_escape_whatever_the_message_holds) {
  ::testing::internal::CaptureStdout();
  const auto loggers = start_logging("debug", "json");
  log_for_shard(broker::log_level::debug, "quote \" backslash \\ newline \n tab \t bell \a end");
  log_for_shard(broker::log_level::error, "plain");
  end_logging();
  const auto lines = lines_of(::testing::internal::GetCapturedStdout());
  ASSERT_EQ(lines.size(), 2u);
  // {"time":"2026-02-28T09:10:11.123Z", and the rest.
  constexpr std::size_t time_size = 34;
  EXPECT_TRUE(lines[0].starts_with(R"({"time":"20)")) << lines[0];
  EXPECT_EQ(lines[0].substr(time_size - 1, 2), "\",");
  EXPECT_EQ(lines[0].substr(time_size + 1),
            R"("level":"debug","message":"quote \" backslash \\ newline \u000a tab \u0009 bell \u0007 end"})");
  EXPECT_EQ(lines[1].substr(time_size + 1), R"("level":"error","message":"plain"})");
}

TEST(logging, administrators_change_the_level_and_put_it_back) {
  ::testing::internal::CaptureStdout();
  const auto loggers = start_logging("warn", "text");
  ASSERT_EQ(loggers->loggers().size(), 1u);
  EXPECT_EQ(loggers->loggers()[0].name, "root");
  EXPECT_EQ(loggers->loggers()[0].level, "WARN");
  spdlog::info("one");
  EXPECT_TRUE(loggers->set_level("root", "DEBUG"));
  EXPECT_EQ(loggers->loggers()[0].level, "DEBUG");
  spdlog::debug("two");
  EXPECT_TRUE(loggers->unset_level("root"));
  spdlog::info("three");
  EXPECT_FALSE(loggers->set_level("root", "LOUD"));
  EXPECT_FALSE(loggers->set_level("other", "DEBUG"));
  EXPECT_FALSE(loggers->unset_level("other"));
  end_logging();
  const auto lines = lines_of(::testing::internal::GetCapturedStdout());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].ends_with("two"));
}

}  // namespace
}  // namespace jackdaw::app
