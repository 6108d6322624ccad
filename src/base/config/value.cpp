// Text to value and back, with Kafka's words for what is wrong.
#include <cmath>
#include <limits>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config.hpp"
#include "text.hpp"

namespace jackdaw {
namespace {

using config_text::trim;
using kind = config_check::kind;

// Kafka's sentence. What a password was is nobody's business.
error invalid(const config_key& key, std::string_view value, std::string_view why) {
  std::string text = "Invalid value ";
  text += key.is_sensitive() ? "[hidden]" : value;
  text += " for configuration ";
  text += key.name;
  text += ": ";
  text += why;
  return fail(errc::invalid_argument, std::move(text));
}

// A bound as Java prints the number that it was written as.
std::string bound(double b) {
  if (b == std::floor(b)) return std::to_string(static_cast<std::int64_t>(b));
  std::string text = std::to_string(b);
  while (text.back() == '0') text.pop_back();
  return text;
}

result<void> check_range(const config_key& key, double x, std::string_view shown) {
  if (key.check.min && x < *key.check.min)
    return invalid(key, shown, "Value must be at least " + bound(*key.check.min));
  if (key.check.max && x > *key.check.max)
    return invalid(key, shown, "Value must be no more than " + bound(*key.check.max));
  return {};
}

result<config_value> parse_integer(const config_key& key, std::string_view text) {
  const auto number = config_text::to_number<std::int64_t>(trim(text));
  const auto fits = [&](auto limits) {
    return number && *number >= decltype(limits)::min() && *number <= decltype(limits)::max();
  };
  bool ok = number.has_value();
  std::string_view java = "LONG";
  if (key.type == config_type::int32) ok = fits(std::numeric_limits<std::int32_t>{}), java = "INT";
  if (key.type == config_type::int16) ok = fits(std::numeric_limits<std::int16_t>{}), java = "SHORT";
  if (!ok) return invalid(key, text, "Not a number of type " + std::string(java));

  const std::string shown = std::to_string(*number);
  if (key.check.what == kind::range) {
    if (auto r = check_range(key, static_cast<double>(*number), shown); !r) return r.error();
  }
  if (key.check.what == kind::gzip_level && *number != -1 && (*number < 1 || *number > 9))
    return invalid(key, shown, "Value must be between 1 and 9 or equal to -1");
  return config_value{*number};
}

result<config_value> parse_real(const config_key& key, std::string_view text) {
  const std::string_view trimmed = trim(text);
  auto number = config_text::to_number<double>(trimmed);
  if (trimmed == "NaN") number = std::numeric_limits<double>::quiet_NaN();
  if (!number) return invalid(key, text, "Not a number of type DOUBLE");
  if (key.check.what == kind::range) {
    if (auto r = check_range(key, *number, trimmed); !r) return r.error();
  }
  return config_value{*number};
}

result<config_value> parse_boolean(const config_key& key, std::string_view text) {
  const std::string lower = config_text::to_lower(trim(text));
  if (lower == "true") return config_value{true};
  if (lower == "false") return config_value{false};
  return invalid(key, text, "Expected value to be either true or false");
}

bool is_one_of(std::string_view value, std::string_view values, bool ignore_case) {
  for (const std::string_view v : config_text::split(values, ',')) {
    if (v == value || (ignore_case && config_text::to_lower(v) == config_text::to_lower(value))) return true;
  }
  return false;
}

std::string listed(std::string_view values) { return config_text::join(config_text::split(values, ','), ", "); }

// PnDTnHnMn.nS, all parts but one may be missing, and the whole must be more than nothing.
bool is_positive_iso_duration(std::string_view s) {
  if (!s.starts_with('P')) return false;
  s.remove_prefix(1);
  bool in_time = false;
  bool positive = false;
  bool any = false;
  std::string_view order = "DTHMS";
  while (!s.empty()) {
    if (s.front() == 'T' && !in_time) {
      in_time = true;
      any = false;
      s.remove_prefix(1);
      continue;
    }
    const auto digits = s.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string_view::npos) return false;
    const auto unit = order.find(s[digits]);
    if (unit == std::string_view::npos || s[digits] == 'T' || (s[digits] == 'D') == in_time) return false;
    if (s.substr(0, digits).find('.') != std::string_view::npos && s[digits] != 'S') return false;
    order.remove_prefix(unit + 1);
    positive = positive || s.substr(0, digits).find_first_of("123456789") != std::string_view::npos;
    any = true;
    s.remove_prefix(digits + 1);
  }
  return any && positive;
}

result<config_value> parse_string(const config_key& key, std::string_view text) {
  const std::string_view value = trim(text);
  switch (key.check.what) {
    case kind::one_of:
      if (!is_one_of(value, key.check.values, false))
        return invalid(key, value, "String must be one of: " + listed(key.check.values));
      break;
    case kind::one_of_no_case:
      if (!is_one_of(value, key.check.values, true))
        return invalid(key, value, "String must be one of (case insensitive): " + listed(key.check.values));
      break;
    case kind::non_empty:
      if (value.empty()) return invalid(key, value, "String must be non-empty");
      break;
    case kind::offset_reset: {
      constexpr std::string_view prefix = "by_duration:";
      if (value != "earliest" && value != "latest" &&
          !(value.starts_with(prefix) && is_positive_iso_duration(value.substr(prefix.size()))))
        return invalid(key, value, "must be earliest, latest, or by_duration:<PnDTnHnMn.nS> with a positive duration");
      break;
    }
    default: break;
  }
  return config_value{std::string(value)};
}

bool is_host_and_port(std::string_view s) {
  const auto colon = s.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const auto port = config_text::to_number<std::uint32_t>(s.substr(colon + 1));
  return port && *port > 0 && *port <= 65535;
}

bool is_voter(std::string_view s) {
  const auto at = s.find('@');
  if (at == std::string_view::npos) return false;
  const auto id = config_text::to_number<std::int32_t>(s.substr(0, at));
  return id && *id >= 0 && is_host_and_port(s.substr(at + 1));
}

bool is_throttled_pair(std::string_view s) {
  const auto colon = s.find(':');
  if (colon == std::string_view::npos) return false;
  return config_text::to_number<std::uint32_t>(s.substr(0, colon)) &&
         config_text::to_number<std::uint32_t>(s.substr(colon + 1));
}

result<void> check_list(const config_key& key, const config_list& items) {
  std::string shown = "[";
  shown.append(config_text::join(items, ", ")).append("]");
  const std::string name(key.name);
  if (key.check.what == kind::throttled_replicas) {
    const bool star = items.size() == 1 && items[0] == "*";
    for (const std::string& item : items) {
      if (!star && !is_throttled_pair(item))
        return invalid(key, shown,
                       name +
                           " must be the literal '*' or a list of replicas in the following format: "
                           "[partitionId]:[brokerId],[partitionId]:[brokerId],...");
    }
    return {};
  }
  if (!key.check.empty_allowed && items.empty())
    return fail(errc::invalid_argument, "Configuration '" + name + "' must not be empty.");
  for (const std::string& item : items) {
    if (item.empty()) return fail(errc::invalid_argument, "Configuration '" + name + "' values must not be empty.");
    if (key.check.what == kind::quorum_voters && !is_voter(item))
      return invalid(key, item, "a voter is written as ID@HOST:PORT");
    if (key.check.what == kind::endpoints && !is_host_and_port(item))
      return invalid(key, item, "an endpoint is written as HOST:PORT");
    if (!key.check.values.empty() && !is_one_of(item, key.check.values, false))
      return invalid(key, item, "String must be one of: " + listed(key.check.values));
  }
  return {};
}

result<config_value> parse_list(const config_key& key, std::string_view text) {
  config_list items;
  if (const std::string_view value = trim(text); !value.empty()) {
    for (const std::string_view item : config_text::split(value, ',')) items.emplace_back(item);
  }
  // Kafka's containers write a comma behind the last address now and then, and Kafka takes it.
  if (key.name == "advertised.listeners" && items.size() > 1 && items.back().empty()) items.pop_back();
  if (auto r = check_list(key, items); !r) return r.error();
  return config_value{std::move(items)};
}

}  // namespace

bool config_value::boolean() const {
  JD_ASSERT(std::holds_alternative<bool>(value_), value_.index());
  return *std::get_if<bool>(&value_);
}
std::int64_t config_value::integer() const {
  JD_ASSERT(std::holds_alternative<std::int64_t>(value_), value_.index());
  return *std::get_if<std::int64_t>(&value_);
}
double config_value::real() const {
  JD_ASSERT(std::holds_alternative<double>(value_), value_.index());
  return *std::get_if<double>(&value_);
}
const std::string& config_value::text() const {
  JD_ASSERT(std::holds_alternative<std::string>(value_), value_.index());
  return *std::get_if<std::string>(&value_);
}
const config_list& config_value::list() const {
  JD_ASSERT(std::holds_alternative<config_list>(value_), value_.index());
  return *std::get_if<config_list>(&value_);
}

result<config_value> parse(const config_key& key, std::string_view text) {
  switch (key.type) {
    case config_type::boolean: return parse_boolean(key, text);
    case config_type::int16:
    case config_type::int32:
    case config_type::int64: return parse_integer(key, text);
    case config_type::float64: return parse_real(key, text);
    case config_type::list: return parse_list(key, text);
    case config_type::string:
    case config_type::class_name:
    case config_type::password: return parse_string(key, text);
  }
  JD_ASSERT(false, static_cast<int>(key.type));
  return config_value{};
}

config_value default_value(const config_key& key) {
  if (!key.fallback) return {};
  auto value = parse(key, *key.fallback);
  JD_ASSERT(value.has_value(), key.name, *key.fallback);
  return std::move(*value);
}

std::string canonical(const config_key& key, std::string_view text) {
  const auto value = parse(key, text);
  if (!value) return std::string(trim(text));
  switch (key.type) {
    case config_type::boolean: return value->boolean() ? "true" : "false";
    case config_type::int16:
    case config_type::int32:
    case config_type::int64: return std::to_string(value->integer());
    case config_type::list: return config_text::join(value->list(), ",");
    default: return std::string(trim(text));
  }
}

std::string allowed_values(const config_key& key) {
  const auto& check = key.check;
  switch (check.what) {
    case kind::one_of:
    case kind::one_of_no_case: return "one of " + listed(check.values);
    case kind::gzip_level: return "a whole number from 1 to 9, or -1";
    case kind::throttled_replicas: return "'*' or a comma-separated list of PARTITION:BROKER";
    case kind::quorum_voters: return "a comma-separated list of ID@HOST:PORT";
    case kind::endpoints: return "a comma-separated list of HOST:PORT";
    case kind::offset_reset: return "earliest, latest, or by_duration: and an ISO 8601 duration such as PT1H";
    case kind::non_empty: return "at least one character";
    case kind::items:
      if (!check.values.empty()) return "a comma-separated list of " + listed(check.values);
      return "a comma-separated list";
    case kind::range:
    case kind::none: break;
  }
  std::string words;
  switch (key.type) {
    case config_type::boolean: return "true or false";
    case config_type::int16:
    case config_type::int32:
    case config_type::int64: words = "a whole number"; break;
    case config_type::float64: words = "a number"; break;
    default: return {};
  }
  if (check.min && check.max) return words + " from " + bound(*check.min) + " to " + bound(*check.max);
  if (check.min) return words + " of at least " + bound(*check.min);
  return words;
}

}  // namespace jackdaw
