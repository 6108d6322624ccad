// The table of configuration keys: one row per key, read by parser, error texts, --help, docs and DescribeConfigs.
// Rows live in src/base/config/*_keys.cpp; docs/configuration.md is made from them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "jackdaw/base/result.hpp"

namespace jackdaw {

// What a key configures. The same name may exist in several scopes.
enum class config_scope : std::uint8_t { broker, topic, group, client_metrics, client_quota, ip_quota };

// The numbers of DescribeConfigs.
enum class config_type : std::int8_t {
  boolean = 1,
  string = 2,
  int32 = 3,
  int16 = 4,
  int64 = 5,
  float64 = 6,
  list = 7,
  class_name = 8,
  password = 9,
};

// How a broker key may change: only by a restart, for one broker, or for one broker and for all at once (KIP-226).
enum class config_update : std::uint8_t { read_only, per_broker, cluster_wide };

enum class config_importance : std::uint8_t { high, medium, low };

// No silent no-op: every key says what it does here.
enum class config_effect : std::uint8_t { honoured, mapped, ignored };

// Which values are allowed, beyond what the type says.
struct config_check {
  enum class kind : std::uint8_t {
    none,
    range,               // min <= x <= max
    one_of,              // `values`
    one_of_no_case,      // `values`, upper or lower case
    gzip_level,          // 1 to 9, or -1
    items,               // a list whose items aren't empty and, if `values` names any, are among them
    non_empty,           // a string with at least one character
    throttled_replicas,  // '*' or partition:broker pairs
    quorum_voters,       // id@host:port
    endpoints,           // host:port
    offset_reset,        // earliest, latest, or by_duration:<ISO 8601 duration>
  };
  kind what = kind::none;
  std::optional<double> min{};
  std::optional<double> max{};
  std::string_view values{};  // comma-separated
  bool empty_allowed = true;  // of a list
};

struct config_key {
  std::string_view name;
  config_type type;
  std::optional<std::string_view> fallback;  // the default as text; nothing means null
  config_check check;
  config_update update;
  config_importance importance;
  config_effect effect;
  std::string_view note;  // mapped: to what; ignored: why; honoured: where we differ, or empty
  std::string_view help;  // one sentence
  // The keys that give the value, first one set wins: "log.retention.ms,log.retention.minutes*60000". Empty: only
  // itself. For topic and group keys these are broker keys; for broker keys, the chain it belongs to, itself included.
  std::string_view synonyms = {};
  bool internal = false;  // not in docs, nor in DescribeConfigs unless it is set

  bool is_sensitive() const noexcept { return type == config_type::password; }
};

// Nothing when the scope has no such key. Rows live as long as the program.
const config_key* find_key(config_scope scope, std::string_view name) noexcept;
// All rows of a scope, by name.
std::span<const config_key* const> keys_of(config_scope scope) noexcept;
// The key's unit by its name: "ms", "bytes", "seconds", "minutes", "hours", or empty.
std::string_view unit_of(const config_key& key) noexcept;
// The known key nearest to a misspelt one, if one is near enough to be meant.
std::optional<std::string_view> nearest_key(config_scope scope, std::string_view name);
// "at least 1", "one of: a, b", "a whole number": for error texts and docs; empty when everything is allowed.
std::string allowed_values(const config_key& key);

// A key's entries of `synonyms`, itself when there are none.
struct config_synonym_rule {
  std::string_view name;
  std::int64_t times = 1;  // converts the unit of `name` to that of the key
};
std::vector<config_synonym_rule> synonyms_of(const config_key& key);

using config_list = std::vector<std::string>;

// A parsed value. Asking for another kind than the key's type gives is a broken invariant.
class config_value {
 public:
  config_value() = default;  // null
  explicit config_value(bool v) : value_(v) {}
  explicit config_value(std::int64_t v) : value_(v) {}
  explicit config_value(double v) : value_(v) {}
  explicit config_value(std::string v) : value_(std::move(v)) {}
  explicit config_value(config_list v) : value_(std::move(v)) {}

  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }
  bool boolean() const;
  std::int64_t integer() const;     // int16, int32, int64
  double real() const;              // float64
  const std::string& text() const;  // string, class_name, password
  const config_list& list() const;

  bool operator==(const config_value&) const = default;

 private:
  std::variant<std::monostate, bool, std::int64_t, double, std::string, config_list> value_;
};

// Parses and checks, as Kafka does: blanks around a value don't count. The error is Kafka's sentence:
// "Invalid value -1 for configuration segment.bytes: Value must be at least 1048576". Passwords are never printed.
result<config_value> parse(const config_key& key, std::string_view text);
// The value when nobody sets the key.
config_value default_value(const config_key& key);

// Settings by name, as written.
using config_map = std::map<std::string, std::string, std::less<>>;

// Where a value comes from, in the order of precedence; the numbers of DescribeConfigs.
enum class config_source : std::int8_t {
  unknown = 0,
  dynamic_topic = 1,
  dynamic_broker = 2,
  dynamic_default_broker = 3,
  static_broker = 4,
  default_config = 5,
  dynamic_broker_logger = 6,
  client_metrics = 7,
  group = 8,
};

// Everything that may set a key, strongest first. Null pointers are empty maps. Doesn't own the maps.
struct config_layers {
  const config_map* resource = nullptr;         // of the topic, group or client-metrics subscription itself
  const config_map* dynamic_broker = nullptr;   // of this broker, in the metadata
  const config_map* dynamic_default = nullptr;  // of all brokers, in the metadata
  const config_map* static_broker = nullptr;    // broker_config::settings: file, variables, --override
};

struct config_synonym {
  std::string name;
  std::optional<std::string> value;  // as written, in the unit of `name`; nothing: null
  config_source source = config_source::default_config;
};

// What a key is worth, in the key's unit: the strongest layer that sets it or one of its synonyms, else the default.
struct effective_value {
  std::optional<std::string> text;  // nothing: null
  config_source source = config_source::default_config;
};
effective_value effective(config_scope scope, const config_key& key, const config_layers& layers);
// The same, parsed. What was stored was checked before, so a value that doesn't parse counts as the default.
config_value effective_parsed(config_scope scope, const config_key& key, const config_layers& layers);

// A key as DescribeConfigs answers it. Passwords are there, too: who shows them to a client blanks them.
struct described_value {
  std::optional<std::string> text;
  config_source source = config_source::default_config;
  // Everything that gives the key a value, strongest first, down to the default. Empty, as in Kafka, when nothing
  // is set and the default is null or comes from a key in another unit.
  std::vector<config_synonym> synonyms;
};
described_value describe(config_scope scope, const config_key& key, const config_layers& layers);

// A value as it is shown: trimmed, booleans in lower case, numbers without '+', lists without blanks. `text` parses.
std::string canonical(const config_key& key, std::string_view text);

}  // namespace jackdaw
