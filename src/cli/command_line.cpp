#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace jackdaw::cli {

option option::required() const {
  parsed_->required();
  return *this;
}

option option::repeatable() const {
  parsed_->take_all();
  return *this;
}

option option::delimiter(char between) const {
  parsed_->delimiter(between);
  return *this;
}

option option::show_default() const {
  parsed_->capture_default_str();
  return *this;
}

option option::notes_given(bool& is_given) const {
  parsed_->each([&is_given](const std::string&) { is_given = true; });
  return *this;
}

option option::positive() const {
  parsed_->check(CLI::PositiveNumber);
  return *this;
}

option option::non_negative() const {
  parsed_->check(CLI::NonNegativeNumber);
  return *this;
}

option option::within(int low, int high) const {
  parsed_->check(CLI::Range(low, high));
  return *this;
}

option option::one_of(std::initializer_list<const char*> words) const {
  parsed_->check(CLI::IsMember(words));
  return *this;
}

option option::existing_file() const {
  parsed_->check(CLI::ExistingFile);
  return *this;
}

option option::existing_path() const {
  parsed_->check(CLI::ExistingPath);
  return *this;
}

template <class T>
option command::add_option(std::string_view names, T& value, std::string_view help) const {
  return option(*parsed_->add_option(std::string(names), value, std::string(help)));
}

template option command::add_option(std::string_view, std::string&, std::string_view) const;
template option command::add_option(std::string_view, std::vector<std::string>&, std::string_view) const;
template option command::add_option(std::string_view, std::vector<std::int32_t>&, std::string_view) const;
template option command::add_option(std::string_view, std::int16_t&, std::string_view) const;
template option command::add_option(std::string_view, std::int32_t&, std::string_view) const;
template option command::add_option(std::string_view, std::int64_t&, std::string_view) const;
template option command::add_option(std::string_view, std::optional<std::int64_t>&, std::string_view) const;
template option command::add_option(std::string_view, std::uint64_t&, std::string_view) const;
template option command::add_option(std::string_view, double&, std::string_view) const;

void command::add_flag(std::string_view names, bool& value, std::string_view help) const {
  parsed_->add_flag(std::string(names), value, std::string(help));
}

command command::add_command(std::string_view name, std::string_view help) const {
  return command(*parsed_->add_subcommand(std::string(name), std::string(help)));
}

void command::require_command() const { parsed_->require_subcommand(1); }

void command::footer(std::string_view text) const { parsed_->footer(std::string(text)); }

void command::when_named(std::function<void()> call) const { parsed_->callback(std::move(call)); }

}  // namespace jackdaw::cli
