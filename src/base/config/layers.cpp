// Who sets a key: resource, dynamic broker configs, static ones, defaults.
#include <algorithm>
#include <array>
#include <limits>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config.hpp"
#include "text.hpp"

namespace jackdaw {
namespace {

struct layer {
  const config_map* map;
  config_source source;
};

std::array<layer, 3> broker_layers(const config_layers& layers) {
  return {{{layers.dynamic_broker, config_source::dynamic_broker},
           {layers.dynamic_default, config_source::dynamic_default_broker},
           {layers.static_broker, config_source::static_broker}}};
}

config_source resource_source(config_scope scope) {
  switch (scope) {
    case config_scope::topic: return config_source::dynamic_topic;
    case config_scope::client_metrics: return config_source::client_metrics;
    case config_scope::group: return config_source::group;
    default: return config_source::unknown;
  }
}

const std::string* find_in(const config_map* map, std::string_view name) {
  if (map == nullptr) return nullptr;
  const auto at = map->find(name);
  return at == map->end() ? nullptr : &at->second;
}

// Where a key's broker-side value comes from: nothing but itself for broker keys without a chain, nothing at all for
// topic keys that brokers don't know.
std::vector<config_synonym_rule> broker_rules(config_scope scope, const config_key& key) {
  if (scope != config_scope::broker && key.synonyms.empty()) return {};
  return synonyms_of(key);
}

// In the key's unit. A negative time is "never" in every unit (hours of -1 are milliseconds of -1).
std::string converted(const config_key& key, const config_synonym_rule& rule, std::string_view text) {
  const auto number = rule.times == 1 ? std::nullopt : config_text::to_number<std::int64_t>(config_text::trim(text));
  if (!number) return canonical(key, text);
  if (*number < 0) return "-1";
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return std::to_string(*number > most / rule.times ? most : *number * rule.times);
}

}  // namespace

effective_value effective(config_scope scope, const config_key& key, const config_layers& layers) {
  if (scope != config_scope::broker) {
    if (const std::string* own = find_in(layers.resource, key.name))
      return {canonical(key, *own), resource_source(scope)};
  }
  const auto rules = broker_rules(scope, key);
  for (const layer& l : broker_layers(layers)) {
    for (const config_synonym_rule& rule : rules) {
      if (const std::string* text = find_in(l.map, rule.name)) return {converted(key, rule, *text), l.source};
    }
  }
  if (key.fallback) return {std::string(*key.fallback), config_source::default_config};
  for (const config_synonym_rule& rule : rules) {
    const config_key* synonym = find_key(config_scope::broker, rule.name);
    if (synonym != nullptr && synonym->fallback)
      return {converted(key, rule, *synonym->fallback), config_source::default_config};
  }
  return {};
}

config_value effective_parsed(config_scope scope, const config_key& key, const config_layers& layers) {
  const effective_value found = effective(scope, key, layers);
  if (!found.text) return {};
  auto value = parse(key, *found.text);
  return value ? std::move(*value) : default_value(key);
}

namespace {

void add_explicit(const std::vector<config_synonym_rule>& rules, const config_layers& layers,
                  std::vector<config_synonym>& out) {
  for (const layer& l : broker_layers(layers)) {
    for (const config_synonym_rule& rule : rules) {
      if (const std::string* text = find_in(l.map, rule.name)) out.push_back({std::string(rule.name), *text, l.source});
    }
  }
}

void add_defaults(const std::vector<config_synonym_rule>& rules, std::vector<config_synonym>& out) {
  for (const config_synonym_rule& rule : rules) {
    const config_key* key = find_key(config_scope::broker, rule.name);
    if (key != nullptr && key->fallback)
      out.push_back({std::string(rule.name), std::string(*key->fallback), config_source::default_config});
  }
}

described_value describe_broker_key(const config_key& key, const config_layers& layers) {
  described_value out;
  const auto rules = synonyms_of(key);
  add_explicit(rules, layers, out.synonyms);
  const auto own = std::find_if(out.synonyms.begin(), out.synonyms.end(),
                                [&](const config_synonym& s) { return s.name == key.name; });
  if (own != out.synonyms.end()) {
    JD_ASSERT(own->value, key.name);
    out.text = canonical(key, *own->value);
    out.source = own->source;
  } else if (key.fallback) {
    out.text = std::string(*key.fallback);
  } else {
    out.synonyms.clear();
    return out;
  }
  add_defaults(rules, out.synonyms);
  return out;
}

}  // namespace

described_value describe(config_scope scope, const config_key& key, const config_layers& layers) {
  if (scope == config_scope::broker) return describe_broker_key(key, layers);
  const effective_value value = effective(scope, key, layers);
  described_value out{value.text, value.source, {}};
  if (const std::string* own = find_in(layers.resource, key.name))
    out.synonyms.push_back({std::string(key.name), canonical(key, *own), resource_source(scope)});
  const auto rules = broker_rules(scope, key);
  add_explicit(rules, layers, out.synonyms);
  if (rules.empty()) {
    if (scope == config_scope::group && key.fallback)
      out.synonyms.push_back({std::string(key.name), std::string(*key.fallback), config_source::default_config});
    return out;
  }
  const config_key* primary = find_key(config_scope::broker, rules.front().name);
  const bool has_default = primary != nullptr && primary->fallback;
  if (!out.synonyms.empty() || has_default) add_defaults(rules, out.synonyms);
  return out;
}

}  // namespace jackdaw
