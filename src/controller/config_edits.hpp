// From a resource's settings and what a request says of them to its settings afterwards.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "jackdaw/base/config.hpp"
#include "jackdaw/controller/decision.hpp"

namespace jackdaw::controller {

// Kafka's numbers.
enum class edit_kind : std::int8_t { set = 0, remove = 1, append = 2, subtract = 3 };

struct config_edit {
  std::string_view key;
  edit_kind kind = edit_kind::set;
  std::optional<std::string_view> value;
};

// One resource of a request, of either form.
struct resource_edits {
  std::int8_t type = 0;
  std::string_view name;
  std::vector<config_edit> edits;
  bool replaces_all = false;  // keys that aren't named go back to their defaults
};

struct edited {
  verdict outcome;
  config_map configs;  // afterwards
};

// Duplicate keys and missing values are refused; values themselves aren't checked here. `layers` says what a list
// that the resource doesn't set itself is appended to.
edited apply_edits(const resource_edits& r, config_scope scope, const config_map& before, const config_layers& layers);

}  // namespace jackdaw::controller
