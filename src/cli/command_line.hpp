// What verbs say about their part of the command line. CLI11 does the parsing; it takes long to compile, so only what
// needs the parser itself includes it.
#pragma once

#include <functional>
#include <initializer_list>
#include <string_view>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace jackdaw::cli {

// An option or argument that was declared. A handle: the parser owns what it stands for, copies mean the same one.
class option {
 public:
  explicit option(CLI::Option& parsed) noexcept : parsed_(&parsed) {}

  option required() const;
  // May be given again: the values come one after another. For a vector.
  option repeatable() const;
  // One word may hold several values with this between them. For a vector.
  option delimiter(char between) const;
  // The help shows what the value is now as the default.
  option show_default() const;
  // Becomes true when the option is given; must live as long as the parser.
  option notes_given(bool& is_given) const;

  // What a value must be, or the command line makes no sense.
  option positive() const;
  option non_negative() const;
  option within(int low, int high) const;
  option one_of(std::initializer_list<const char*> words) const;
  option existing_file() const;
  option existing_path() const;

 private:
  CLI::Option* parsed_;
};

// A noun, a verb, or the program itself. A handle like `option`.
class command {
 public:
  explicit command(CLI::App& parsed) noexcept : parsed_(&parsed) {}

  // `names` as in "-t,--topic"; a name without dashes is an argument. Parsing sets `value`, which must live as long as
  // the parser. For the types that command_line.cpp names: another one doesn't link.
  template <class T>
  option add_option(std::string_view names, T& value, std::string_view help) const;
  void add_flag(std::string_view names, bool& value, std::string_view help) const;
  command add_command(std::string_view name, std::string_view help) const;

  // One of its commands must be named, too.
  void require_command() const;
  // The last lines of its help.
  void footer(std::string_view text) const;
  // Called when the command line names this command and all of it makes sense.
  void when_named(std::function<void()> call) const;

 private:
  CLI::App* parsed_;
};

}  // namespace jackdaw::cli
