// What jackdawd is called with.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/base/result.hpp"

namespace jackdaw::app {

struct command_line {
  enum class action { run, version, help, help_config };
  action what = action::run;
  std::string properties_file;         // empty: none
  std::vector<std::string> overrides;  // key=value, in order
  std::string help_word;               // for help_config: which keys
};

// `arguments` without the program's name.
result<command_line> parse_command_line(const std::vector<std::string>& arguments);

std::string help_text();
// The keys whose name contains `word`, with type, default, what is allowed and what they do.
std::string config_help(const std::string& word);

}  // namespace jackdaw::app
