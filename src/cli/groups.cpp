#include "groups.hpp"

#include <algorithm>
#include <cctype>

#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/find_coordinator.hpp"
#include "jackdaw/protocol/messages/list_groups.hpp"
#include "jackdaw/protocol/messages/list_offsets.hpp"
#include "jackdaw/protocol/messages/offset_fetch.hpp"
#include "offsets.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr std::chrono::milliseconds retry_pause{100};
constexpr std::int16_t first_with_many_keys = 4;     // FindCoordinator (KIP-699)
constexpr std::int16_t first_with_states = 4;        // ListGroups (KIP-518)
constexpr std::int16_t first_with_types = 5;         // ListGroups (KIP-848)
constexpr std::int16_t first_with_groups = 8;        // OffsetFetch (KIP-709)
constexpr std::int16_t last_offset_fetch_names = 9;  // OffsetFetch: afterwards topics have ids

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

outcome<committed_offsets> fetch_committed(coordinators& directory, const std::string& group) {
  const auto make = [&](std::int16_t version) {
    protocol::offset_fetch_request request;
    if (version >= first_with_groups) {
      auto& asked = request.groups.emplace_back();
      asked.group_id = group;
      asked.topics.reset();
    } else {
      request.group_id = group;
      request.topics.reset();
    }
    return request;
  };
  const auto code_of = [](const protocol::offset_fetch_response& body) {
    return body.groups.empty() ? body.error_code : body.groups.front().error_code;
  };
  auto answered =
      ask_coordinator<protocol::offset_fetch_response>(directory, group, make, code_of, last_offset_fetch_names);
  if (!answered) return answered.error();
  const error_code code = code_of(answered->body);
  if (code == error_code::group_id_not_found) return committed_offsets{};
  if (code != error_code::none) return refused(group_named(group), code);
  committed_offsets out;
  const auto take = [&](const auto& topics) {
    for (const auto& t : topics) {
      for (const auto& p : t.partitions) {
        if (p.error_code != error_code::none || p.committed_offset.value() < 0) continue;
        out[{std::string(t.name), p.partition_index}] = p.committed_offset;
      }
    }
  };
  take(answered->body.topics);
  if (!answered->body.groups.empty()) take(answered->body.groups.front().topics);
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

outcome<committed_offsets> log_ends(net::client& client, const std::set<topic_partition>& partitions) {
  std::vector<std::string> topics;
  for (const auto& [topic, p] : partitions) {
    if (topics.empty() || topics.back() != topic) topics.push_back(topic);
  }
  if (topics.empty()) return committed_offsets{};
  if (auto fresh = client.refresh_metadata(topics); !fresh) return failure(fresh.error());
  std::map<broker_id, protocol::list_offsets_request> by_leader;
  for (const auto& [topic, p] : partitions) {
    const auto* known = client.metadata().partition(topic, p);
    if (known == nullptr || known->leader.value() < 0) continue;
    auto& request = by_leader[known->leader];
    request.replica_id = broker_id{-1};
    if (request.topics.empty() || request.topics.back().name != topic) request.topics.emplace_back().name = topic;
    request.topics.back().partitions.push_back({p, {}, latest_offset, {}});
  }
  committed_offsets out;
  for (const auto& [leader, request] : by_leader) {
    auto answered = client.call<protocol::list_offsets_response>(request, leader);
    if (!answered) return failure(answered.error());
    for (const auto& t : answered->body.topics) {
      for (const auto& p : t.partitions) {
        if (p.error_code == error_code::none) out[{std::string(t.name), p.partition_index}] = p.offset;
      }
    }
  }
  return out;
}

}  // namespace jackdaw::cli
