// Finding rows in the tables.
#include <algorithm>
#include <array>
#include <numeric>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/base/config.hpp"
#include "rows.hpp"
#include "text.hpp"

namespace jackdaw {
namespace {

using table = std::vector<const config_key*>;

table merged(std::initializer_list<std::span<const config_key>> parts) {
  table out;
  for (const auto part : parts) {
    for (const config_key& key : part) out.push_back(&key);
  }
  std::sort(out.begin(), out.end(), [](const config_key* a, const config_key* b) { return a->name < b->name; });
  for (std::size_t i = 1; i < out.size(); ++i) JD_ASSERT(out[i - 1]->name < out[i]->name, out[i]->name);
  return out;
}

const table& table_of(config_scope scope) {
  using namespace config_rows;
  static const std::array<table, 6> tables{
      merged({broker_log_keys(), broker_network_keys(), broker_cluster_keys(), broker_group_keys(),
              broker_remote_keys(), broker_security_keys(), broker_own_keys()}),
      merged({topic_keys()}),
      merged({group_keys()}),
      merged({client_metrics_keys()}),
      merged({client_quota_keys()}),
      merged({ip_quota_keys()})};
  JD_ASSERT(static_cast<std::size_t>(scope) < tables.size(), static_cast<int>(scope));
  return tables[static_cast<std::size_t>(scope)];
}

// Levenshtein's distance.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

const config_key* find_key(config_scope scope, std::string_view name) noexcept {
  const table& keys = table_of(scope);
  const auto at = std::lower_bound(keys.begin(), keys.end(), name,
                                   [](const config_key* key, std::string_view n) { return key->name < n; });
  return at != keys.end() && (*at)->name == name ? *at : nullptr;
}

std::span<const config_key* const> keys_of(config_scope scope) noexcept { return table_of(scope); }

std::string_view unit_of(const config_key& key) noexcept {
  const bool number = key.type == config_type::int16 || key.type == config_type::int32 ||
                      key.type == config_type::int64 || key.type == config_type::float64;
  if (!number) return {};
  for (const std::string_view unit : {"ms", "bytes", "seconds", "minutes", "hours"}) {
    if (key.name.size() > unit.size() && key.name.ends_with(unit) && key.name[key.name.size() - unit.size() - 1] == '.')
      return unit;
  }
  return {};
}

std::optional<std::string_view> nearest_key(config_scope scope, std::string_view name) {
  const std::size_t limit = std::max<std::size_t>(2, name.size() / 4);
  std::size_t best = limit + 1;
  std::optional<std::string_view> nearest;
  for (const config_key* key : table_of(scope)) {
    const std::size_t longer = std::max(key->name.size(), name.size());
    if (longer - std::min(key->name.size(), name.size()) >= best) continue;
    const std::size_t edits = edits_between(name, key->name);
    if (edits < best) {
      best = edits;
      nearest = key->name;
    }
  }
  return nearest;
}

std::vector<config_synonym_rule> synonyms_of(const config_key& key) {
  if (key.synonyms.empty()) return {{key.name, 1}};
  std::vector<config_synonym_rule> out;
  for (const std::string_view part : config_text::split(key.synonyms, ',')) {
    const auto star = part.find('*');
    const auto times =
        star == std::string_view::npos ? 1 : config_text::to_number<std::int64_t>(part.substr(star + 1)).value_or(0);
    JD_ASSERT(times > 0 && star != 0, key.name, key.synonyms);
    out.push_back({part.substr(0, star), times});
  }
  return out;
}

}  // namespace jackdaw
