#include "command_line.hpp"

#include <fmt/format.h>

#include "jackdaw/base/config.hpp"

namespace jackdaw::app {

namespace {

constexpr std::string_view override_option = "--override";

const char* type_name(config_type type) {
  switch (type) {
    case config_type::boolean: return "true or false";
    case config_type::string: return "text";
    case config_type::int16:
    case config_type::int32:
    case config_type::int64: return "whole number";
    case config_type::float64: return "number";
    case config_type::list: return "comma-separated list";
    case config_type::class_name: return "class name";
    case config_type::password: return "password";
  }
  return "text";
}

result<void> add_override(command_line& to, std::string setting) {
  if (setting.find('=') == std::string::npos || setting.front() == '=') {
    return fail(errc::invalid_argument, "--override takes key=value, not '" + setting + "'");
  }
  to.overrides.push_back(std::move(setting));
  return {};
}

}  // namespace

result<command_line> parse_command_line(const std::vector<std::string>& arguments) {
  command_line out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    if (a == "--version") {
      out.what = command_line::action::version;
      return out;
    }
    if (a == "--help" || a == "-h") {
      out.what = command_line::action::help;
      return out;
    }
    if (a == "--help-config") {
      out.what = command_line::action::help_config;
      if (i + 1 < arguments.size()) out.help_word = arguments[i + 1];
      return out;
    }
    if (a == override_option) {
      if (i + 1 == arguments.size()) return fail(errc::invalid_argument, "--override needs key=value after it");
      if (const auto added = add_override(out, arguments[++i]); !added) return added.error();
    } else if (a.starts_with("--override=")) {
      if (const auto added = add_override(out, a.substr(override_option.size() + 1)); !added) return added.error();
    } else if (a.starts_with('-') && a.size() > 1) {
      return fail(errc::invalid_argument, "unknown option '" + a + "'; jackdawd --help lists those there are");
    } else if (!out.properties_file.empty()) {
      return fail(errc::invalid_argument,
                  "one file of properties, not two: '" + out.properties_file + "' and '" + a + "'");
    } else {
      out.properties_file = a;
    }
  }
  return out;
}

std::string help_text() {
  return "Jackdaw, a Kafka-compatible broker.\n"
         "\n"
         "Usage: jackdawd [server.properties] [--override key=value]...\n"
         "\n"
         "Without a file: one node on localhost:9092, data in ./data.\n"
         "Settings, the later ones winning: defaults, the file, variables (KAFKA_LOG_DIRS is log.dirs), --override.\n"
         "\n"
         "  --override key=value   sets one key, may be repeated\n"
         "  --help-config [word]   explains every key whose name contains the word\n"
         "  --version              prints the version\n"
         "  --help                 prints this\n"
         "\n"
         "SIGTERM or SIGINT stops it cleanly, a second one at once.\n";
}

std::string config_help(const std::string& word) {
  std::string out;
  for (const config_key* key : keys_of(config_scope::broker)) {
    if (key->internal || key->name.find(word) == std::string_view::npos) continue;
    const std::string allowed = allowed_values(*key);
    out +=
        fmt::format("{}\n    {}\n    {}; {}\n", key->name, key->help, allowed.empty() ? type_name(key->type) : allowed,
                    key->fallback ? fmt::format("default: {}", key->fallback->empty() ? "empty" : *key->fallback)
                                  : std::string("no default"));
    if (key->effect == config_effect::ignored) {
      out += fmt::format("    Accepted, without effect: {}\n", key->note);
    } else if (!key->note.empty()) {
      out += fmt::format("    Here: {}\n", key->note);
    }
  }
  return out.empty() ? "No key's name contains '" + word + "'.\n" : out;
}

}  // namespace jackdaw::app
