#include "groups.hpp"

#include <algorithm>
#include <cctype>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/find_coordinator.hpp"
#include "jackdaw/protocol/messages/list_groups.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr std::chrono::milliseconds retry_pause{100};
constexpr std::int16_t first_with_many_keys = 4;  // FindCoordinator (KIP-699)
constexpr std::int16_t first_with_states = 4;     // ListGroups (KIP-518)
constexpr std::int16_t first_with_types = 5;      // ListGroups (KIP-848)

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_wanted(std::string_view value, const std::vector<std::string>& filter) {
  return filter.empty() || value.empty() ||
         std::any_of(filter.begin(), filter.end(), [&](const auto& f) { return lower(f) == lower(value); });
}

protocol::find_coordinator_request find_request(const std::vector<std::string>& groups, std::int16_t version) {
  protocol::find_coordinator_request request;
  if (version < first_with_many_keys) {
    request.key = groups.front();
  } else {
    request.coordinator_keys.assign(groups.begin(), groups.end());
  }
  return request;
}

struct found_coordinator {
  std::string group;
  broker_id at;
  error_code error = error_code::none;
  std::string message;
};

// An old broker answers for the first group only.
result<std::vector<found_coordinator>> find_once(net::client& client, const std::vector<std::string>& groups) {
  auto answered = client.call_as<protocol::find_coordinator_response>(
      [&](std::int16_t version) { return find_request(groups, version); });
  if (!answered) return answered.error();
  std::vector<found_coordinator> out;
  const auto& body = answered->body;
  if (answered->version < first_with_many_keys) {
    out.push_back({groups.front(), body.node_id, body.error_code, std::string(body.error_message.value_or(""))});
  }
  for (const auto& c : body.coordinators) {
    out.push_back({std::string(c.key), c.node_id, c.error_code, std::string(c.error_message.value_or(""))});
  }
  return out;
}

}  // namespace

bool is_moving(error_code code) noexcept {
  return code == error_code::not_coordinator || code == error_code::coordinator_not_available ||
         code == error_code::coordinator_load_in_progress;
}

std::string group_named(std::string_view name) { return "group '" + std::string(name) + "'"; }

failure no_such_group(std::string_view name) {
  return {exit_status::not_found, group_named(name) + " doesn't exist; see what there is with: jackdaw group list"};
}

void coordinators::pause() {
  const auto until = net::client::clock::now() + retry_pause;
  for (auto now = net::client::clock::now(); now < until; now = net::client::clock::now()) {
    client_.poll(std::chrono::ceil<std::chrono::milliseconds>(until - now));
  }
}

outcome<void> coordinators::find(const std::vector<std::string>& groups) {
  std::vector<std::string> left;
  for (const auto& g : groups) {
    if (!known_.contains(g)) left.push_back(g);
  }
  if (left.empty()) return boost::system::in_place_value;
  for (int tries = 1; !left.empty(); ++tries) {
    auto found = find_once(client_, left);
    if (!found) return failure(found.error());
    bool is_progress = false;
    for (const auto& f : *found) {
      if (f.error == error_code::none) {
        known_[f.group] = f.at;
        is_progress = std::erase(left, f.group) != 0 || is_progress;
      } else if (!is_moving(f.error) || tries == tries_max) {
        return refused(group_named(f.group), f.error, f.message);
      }
    }
    if (is_progress) {
      tries = 0;
    } else {
      if (tries == tries_max) return failure{exit_status::failed, "the brokers name no coordinator; try again"};
      pause();
    }
  }
  // Brokers are reached by their addresses in the metadata.
  for (const auto& g : groups) {
    if (client_.metadata().broker(known_[g]) != nullptr) continue;
    if (auto fresh = client_.refresh_metadata(std::vector<std::string>{}); !fresh) return failure(fresh.error());
    break;
  }
  return boost::system::in_place_value;
}

outcome<broker_id> coordinators::of(const std::string& group) {
  if (auto found = find({group}); !found) return found.error();
  return known_[group];
}

outcome<std::vector<group_listing>> list_groups(net::client& client, const std::vector<std::string>& states,
                                                const std::vector<std::string>& types) {
  if (auto fresh = client.refresh_metadata(std::vector<std::string>{}); !fresh) return failure(fresh.error());
  const auto make = [&](std::int16_t version) {
    protocol::list_groups_request request;
    if (version >= first_with_states) request.states_filter.assign(states.begin(), states.end());
    if (version >= first_with_types) request.types_filter.assign(types.begin(), types.end());
    return request;
  };
  std::map<std::string, group_listing> found;
  for (const auto& broker : std::vector(client.metadata().brokers())) {
    for (int tries = 1;; ++tries) {
      auto answered = client.call_as<protocol::list_groups_response>(make, broker.id);
      if (!answered) return failure(answered.error());
      if (is_moving(answered->body.error_code) && tries < coordinators::tries_max) {
        coordinators(client).pause();
        continue;
      }
      if (answered->body.error_code != error_code::none) {
        return refused("broker " + std::to_string(broker.id.value()), answered->body.error_code);
      }
      for (const auto& g : answered->body.groups) {
        if (!is_wanted(g.group_state, states) || !is_wanted(g.group_type, types)) continue;
        found[std::string(g.group_id)] = {std::string(g.group_id), lower(g.group_type), std::string(g.group_state),
                                          std::string(g.protocol_type), broker.id};
      }
      break;
    }
  }
  std::vector<group_listing> out;
  for (auto& [name, listing] : found) out.push_back(std::move(listing));
  return out;
}

outcome<partition_selection> parse_selection(const std::vector<std::string>& texts) {
  partition_selection out;
  for (const auto& text : texts) {
    const auto colon = text.find(':');
    const std::string topic = text.substr(0, colon);
    if (topic.empty()) return usage("'" + text + "' names no topic; write topic, or topic:0,2-4 for some partitions");
    if (colon == std::string::npos) {
      out[topic].reset();
      continue;
    }
    auto partitions = parse_partitions(std::string_view(text).substr(colon + 1));
    if (!partitions) return failure(partitions.error());
    const auto [at, is_new] = out.try_emplace(topic, *partitions);
    if (!is_new && at->second) at->second->insert(at->second->end(), partitions->begin(), partitions->end());
  }
  return out;
}

bool is_selected(const partition_selection& selection, const topic_partition& tp) {
  if (selection.empty()) return true;
  const auto at = selection.find(tp.first);
  if (at == selection.end()) return false;
  return !at->second || std::find(at->second->begin(), at->second->end(), tp.second) != at->second->end();
}

}  // namespace jackdaw::cli
