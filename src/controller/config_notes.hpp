// Settings that are accepted and do nothing: said in the log, never silently.
#pragma once

#include <string>
#include <vector>

#include "jackdaw/base/config.hpp"
#include "jackdaw/controller/configs.hpp"

namespace jackdaw::controller {

// "cleanup.policy has no effect: ...", one sentence for each key of `configs` that has none.
inline std::vector<std::string> notes_on_effects(config_scope scope, const config_map& configs) {
  std::vector<std::string> out;
  for (const auto& [name, value] : configs) {
    if (scope == config_scope::broker && key_without_listener(name) != name) {
      out.push_back(name + " has no effect: settings of single listeners have none yet");
      continue;
    }
    const config_key* key = find_key(scope, name);
    if (key == nullptr || key->effect != config_effect::ignored) continue;
    if (key->fallback && canonical(*key, value) == *key->fallback) continue;
    out.push_back(name + " has no effect: " + std::string(key->note));
  }
  return out;
}

}  // namespace jackdaw::controller
