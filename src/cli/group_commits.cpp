// What groups have committed, and how far that is from the logs' ends.
#include <algorithm>

#include "groups.hpp"
#include "jackdaw/protocol/messages/list_offsets.hpp"
#include "jackdaw/protocol/messages/offset_fetch.hpp"
#include "offsets.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr std::int16_t first_with_groups = 8;        // OffsetFetch (KIP-709)
constexpr std::int16_t last_offset_fetch_names = 9;  // afterwards topics have ids
constexpr std::size_t groups_asked_max = 200;        // by one request

// `groups` beyond the first are for brokers that can answer for several.
protocol::offset_fetch_request fetch_request(std::span<const std::string> groups, std::int16_t version) {
  protocol::offset_fetch_request request;
  if (version < first_with_groups) {
    request.group_id = groups.front();
    request.topics.reset();
    return request;
  }
  for (const auto& group : groups) {
    auto& asked = request.groups.emplace_back();
    asked.group_id = group;
    asked.topics.reset();
  }
  return request;
}

committed_offsets offsets_in(const auto& topics) {
  committed_offsets out;
  for (const auto& t : topics) {
    for (const auto& p : t.partitions) {
      if (p.error_code != error_code::none || p.committed_offset.value() < 0) continue;
      out[{std::string(t.name), p.partition_index}] = p.committed_offset;
    }
  }
  return out;
}

error_code code_of(const protocol::offset_fetch_response& body) {
  return body.groups.empty() ? body.error_code : body.groups.front().error_code;
}

}  // namespace

outcome<committed_offsets> fetch_committed(coordinators& directory, const std::string& group) {
  const auto make = [&](std::int16_t version) { return fetch_request({&group, 1}, version); };
  auto answered =
      ask_coordinator<protocol::offset_fetch_response>(directory, group, make, code_of, last_offset_fetch_names);
  if (!answered) return answered.error();
  const error_code code = code_of(answered->body);
  if (code == error_code::group_id_not_found) return committed_offsets{};
  if (code != error_code::none) return refused(group_named(group), code);
  if (answered->body.groups.empty()) return offsets_in(answered->body.topics);
  return offsets_in(answered->body.groups.front().topics);
}

outcome<std::map<std::string, committed_offsets>> fetch_committed(coordinators& directory,
                                                                  const std::vector<std::string>& groups) {
  if (auto found = directory.find(groups); !found) return found.error();
  std::map<broker_id, std::vector<std::string>> by_coordinator;
  for (const auto& group : groups) {
    auto at = directory.of(group);
    if (!at) return at.error();
    by_coordinator[*at].push_back(group);
  }
  std::map<std::string, committed_offsets> out;
  for (const auto& [at, theirs] : by_coordinator) {
    std::size_t asked = 1;
    for (std::size_t i = 0; i < theirs.size(); i += asked) {
      const auto part = std::span(theirs).subspan(i, std::min(groups_asked_max, theirs.size() - i));
      auto answered = directory.client().call_as<protocol::offset_fetch_response>(
          [&](std::int16_t version) { return fetch_request(part, version); }, at, last_offset_fetch_names);
      if (!answered) return failure(answered.error());
      const auto& body = answered->body;
      asked = answered->version < first_with_groups ? 1 : part.size();
      if (asked == 1 && body.groups.empty() && body.error_code == error_code::none)
        out[part[0]] = offsets_in(body.topics);
      for (const auto& g : body.groups) {
        if (is_moving(g.error_code)) directory.forget(std::string(g.group_id));
        if (g.error_code == error_code::none) out[std::string(g.group_id)] = offsets_in(g.topics);
      }
    }
  }
  return out;
}

outcome<committed_offsets> log_ends(net::client& client, const std::set<topic_partition>& partitions) {
  std::vector<std::string> topics;
  for (const auto& [topic, p] : partitions) {
    if (topics.empty() || topics.back() != topic) topics.push_back(topic);
  }
  if (topics.empty()) return committed_offsets{};
  if (auto fresh = client.refresh_metadata(topics); !fresh) return failure(fresh.error());
  return log_ends_of_known(client, partitions);
}

outcome<committed_offsets> log_ends_of_known(net::client& client, const std::set<topic_partition>& partitions) {
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
