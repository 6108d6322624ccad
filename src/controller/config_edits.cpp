#include "config_edits.hpp"

#include <algorithm>
#include <set>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

verdict check_shape(const resource_edits& r) {
  std::set<std::string_view> keys;
  std::string nulls;
  for (const config_edit& e : r.edits) {
    if (!keys.insert(e.key).second) return refuse(error_code::invalid_request, "Error due to duplicate config keys");
    if (static_cast<std::int8_t>(e.kind) < 0 || e.kind > edit_kind::subtract)
      return refuse(error_code::invalid_request,
                    "Unknown config operation " + std::to_string(static_cast<int>(e.kind)) + ": allowed are 0 (set), " +
                        "1 (delete), 2 (append), 3 (subtract)");
    if (e.kind != edit_kind::remove && !e.value) nulls += (nulls.empty() ? "" : ",") + std::string(e.key);
  }
  if (!nulls.empty()) return refuse(error_code::invalid_request, "Null value not supported for : " + nulls);
  return {};
}

// Kafka words it one way for brokers and another for everybody else.
verdict no_list(config_scope scope, const config_edit& e) {
  const bool append = e.kind == edit_kind::append;
  std::string message;
  if (scope == config_scope::broker) {
    message = std::string("Config value ") + (append ? "append" : "subtract") + " is not allowed for config key: ";
    message += e.key;
  } else {
    message = std::string("Can't ") + (append ? "APPEND" : "SUBTRACT") + " to key ";
    message += e.key;
    message += " because its type is not LIST.";
  }
  return refuse(error_code::invalid_config, std::move(message));
}

config_list items_of(const config_key& key, std::string_view text) {
  config_list out;
  std::size_t at = 0;
  const std::string shown = canonical(key, text);
  while (at <= shown.size() && !shown.empty()) {
    const auto comma = std::min(shown.find(',', at), shown.size());
    std::string item = shown.substr(at, comma - at);
    item.erase(0, item.find_first_not_of(' '));
    item.erase(item.find_last_not_of(' ') + 1);
    out.push_back(std::move(item));
    at = comma + 1;
  }
  return out;
}

std::string joined(const config_list& items) {
  std::string out;
  for (const std::string& item : items) {
    if (!out.empty()) out += ',';
    out += item;
  }
  return out;
}

void edit_list(const config_key& key, const config_edit& e, config_scope scope, const config_layers& layers,
               config_map& configs) {
  JD_ASSERT(key.type == config_type::list && e.value, key.name);
  JD_ASSERT(e.kind == edit_kind::append || e.kind == edit_kind::subtract, key.name, static_cast<int>(e.kind));
  const auto own = configs.find(e.key);
  const std::string before =
      own != configs.end() ? own->second : effective(scope, key, layers).text.value_or(std::string());
  config_list items = items_of(key, before);
  const std::size_t count = items.size();
  for (const std::string& item : items_of(key, *e.value)) {
    const auto at = std::find(items.begin(), items.end(), item);
    if (e.kind == edit_kind::append && at == items.end()) items.push_back(item);
    if (e.kind == edit_kind::subtract && at != items.end()) items.erase(at);
  }
  if (own == configs.end() && items.size() == count) return;  // what is inherited stays inherited
  configs.insert_or_assign(std::string(e.key), joined(items));
}

}  // namespace

edited apply_edits(const resource_edits& r, config_scope scope, const config_map& before, const config_layers& layers) {
  edited out{check_shape(r), {}};
  if (!out.outcome.ok()) return out;
  if (!r.replaces_all) out.configs = before;
  for (const config_edit& e : r.edits) {
    if (e.kind == edit_kind::set) {
      JD_ASSERT(e.value, e.key);  // check_shape() refuses null
      out.configs.insert_or_assign(std::string(e.key), std::string(*e.value));
    } else if (e.kind == edit_kind::remove) {
      out.configs.erase(std::string(e.key));
    } else {
      const config_key* key = find_key(scope, e.key);
      if (key == nullptr || key->type != config_type::list) {
        out.outcome = no_list(scope, e);
        return out;
      }
      edit_list(*key, e, scope, layers, out.configs);
    }
  }
  return out;
}

}  // namespace jackdaw::controller
