#include "command_line.hpp"

#include <gtest/gtest.h>

namespace jackdaw::app {
namespace {

TEST(command_line, without_arguments_it_runs_with_defaults) {
  const auto c = parse_command_line({});
  ASSERT_TRUE(c);
  EXPECT_EQ(c->what, command_line::action::run);
  EXPECT_EQ(c->properties_file, "");
  EXPECT_TRUE(c->overrides.empty());
}

TEST(command_line, a_file_and_overrides_in_both_spellings_and_any_order) {
  const auto c = parse_command_line({"--override", "a=1", "server.properties", "--override=b=x=y", "--override", "c="});
  ASSERT_TRUE(c);
  EXPECT_EQ(c->properties_file, "server.properties");
  EXPECT_EQ(c->overrides, (std::vector<std::string>{"a=1", "b=x=y", "c="}));
}

TEST(command_line, mistakes_are_named) {
  const auto detail = [](const std::vector<std::string>& arguments) {
    const auto c = parse_command_line(arguments);
    return c ? std::string("accepted") : c.error().detail;
  };
  EXPECT_NE(detail({"--bogus"}).find("'--bogus'"), std::string::npos);
  EXPECT_NE(detail({"--override"}).find("key=value"), std::string::npos);
  EXPECT_NE(detail({"--override", "novalue"}).find("'novalue'"), std::string::npos);
  EXPECT_NE(detail({"--override", "=value"}).find("'=value'"), std::string::npos);
  EXPECT_NE(detail({"one.properties", "two.properties"}).find("two.properties"), std::string::npos);
}

TEST(command_line, version_and_help_win_over_everything_after_them) {
  EXPECT_EQ(parse_command_line({"--version", "--bogus"})->what, command_line::action::version);
  EXPECT_EQ(parse_command_line({"-h"})->what, command_line::action::help);
  const auto c = parse_command_line({"--help-config", "idle"});
  EXPECT_EQ(c->what, command_line::action::help_config);
  EXPECT_EQ(c->help_word, "idle");
}

TEST(command_line, help_explains_the_keys_that_contain_a_word) {
  const std::string text = config_help("connections.max.idle");
  EXPECT_NE(text.find("connections.max.idle.ms\n"), std::string::npos);
  EXPECT_NE(text.find("600000"), std::string::npos);
  EXPECT_EQ(text.find("log.dirs"), std::string::npos);
  EXPECT_NE(config_help("no-such-key").find("no-such-key"), std::string::npos);
  EXPECT_NE(help_text().find("--override"), std::string::npos);
}

}  // namespace
}  // namespace jackdaw::app
