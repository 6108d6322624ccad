// What the parts of the loader share: settings with their origins, and the problems found so far.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/config_broker.hpp"
#include "narrow.hpp"

namespace jackdaw::config_loader {

struct origin_value {
  std::string value;
  std::string origin;
};

// Known keys that were set, and what is wrong with them.
class settings {
 public:
  // Takes one setting as it was written: keeps it, warns, or notes a problem.
  void add(const config_setting& setting, bool unknown_is_error);
  // After the last add(): keys that nobody knows are warned of or, with jackdaw.config.strict, are problems.
  void settle_unknown();
  // Sets what nobody wrote.
  void fill_in(std::string_view key, std::string value);

  bool has(std::string_view key) const { return values_.find(key) != values_.end(); }
  // The value, parsed: what was set, or the default.
  config_value get(std::string_view key) const;
  std::int64_t integer(std::string_view key) const { return get(key).integer(); }
  std::int32_t int32(std::string_view key) const { return narrow_int32(key, integer(key)); }
  bool boolean(std::string_view key) const { return get(key).boolean(); }
  // Empty for null.
  std::string text(std::string_view key) const;
  config_list list(std::string_view key) const;
  // Where a key was set, or that it is the default: the beginning of a sentence.
  std::string origin(std::string_view key) const;

  // "server.properties:7: listeners=...: what is wrong"
  void problem(std::string_view key, std::string_view what);
  void warn(std::string sentence) { warnings_.push_back(std::move(sentence)); }

  const std::vector<std::string>& problems() const { return problems_; }
  std::vector<std::string>& warnings() { return warnings_; }
  config_map plain() const;

 private:
  void add_known(const config_key& key, const config_setting& setting);
  void add_unknown(const config_setting& setting, bool unknown_is_error);

  std::map<std::string, origin_value, std::less<>> values_;
  std::vector<std::string> problems_;
  std::vector<std::string> warnings_;
  std::vector<std::string> unknown_;  // a sentence for each key that settle_unknown() decides on
};

// listeners, advertised.listeners, the protocol map, which are the controllers' and which is between brokers.
void read_listeners(settings& from, broker_config& to);

}  // namespace jackdaw::config_loader
