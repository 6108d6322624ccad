#include "offsets.hpp"

#include "jackdaw/protocol/messages/list_offsets.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

constexpr int tries_max = 20;
constexpr std::chrono::milliseconds retry_pause{100};

// One leader's share. Partitions that should be asked for again go to `again`.
outcome<void> ask_leader(net::client& client, broker_id leader, std::string_view topic,
                         const std::vector<partition_id>& partitions, std::int64_t timestamp,
                         std::map<partition_id, offset>& found, std::vector<partition_id>& again) {
  protocol::list_offsets_request request;
  request.replica_id = broker_id{-1};
  auto& asked = request.topics.emplace_back();
  asked.name = topic;
  for (const partition_id p : partitions) asked.partitions.push_back({p, {}, timestamp, {}});
  auto answered = client.call<protocol::list_offsets_response>(request, leader);
  if (!answered) return failure(answered.error());
  for (const auto& t : answered->body.topics) {
    for (const auto& p : t.partitions) {
      if (p.error_code == error_code::none) {
        found[p.partition_index] = p.offset;
      } else if (is_retriable(p.error_code)) {
        again.push_back(p.partition_index);
      } else {
        return refused("topic '" + std::string(topic) + "' partition " + std::to_string(p.partition_index.value()),
                       p.error_code);
      }
    }
  }
  return boost::system::in_place_value;
}

}  // namespace

outcome<std::map<partition_id, offset>> list_offsets(net::client& client, std::string_view topic,
                                                     const std::vector<partition_id>& partitions,
                                                     std::int64_t timestamp) {
  std::map<partition_id, offset> found;
  std::vector<partition_id> left = partitions;
  for (int tries = 0; !left.empty(); ++tries) {
    if (tries == tries_max) {
      return failure{exit_status::failed, "topic '" + std::string(topic) + "' partition " +
                                              std::to_string(left.front().value()) +
                                              " has no leader now; see: jackdaw topic describe " + std::string(topic)};
    }
    if (tries != 0) {
      client.poll(retry_pause);
      if (auto fresh = client.refresh_metadata(std::vector{std::string(topic)}); !fresh) return failure(fresh.error());
    }
    std::map<broker_id, std::vector<partition_id>> by_leader;
    std::vector<partition_id> again;
    for (const partition_id p : left) {
      const auto* known = client.metadata().partition(topic, p);
      if (known == nullptr) {
        return usage("topic '" + std::string(topic) + "' has no partition " + std::to_string(p.value()));
      }
      if (known->leader.value() < 0) {
        again.push_back(p);
      } else {
        by_leader[known->leader].push_back(p);
      }
    }
    for (const auto& [leader, share] : by_leader) {
      auto asked = ask_leader(client, leader, topic, share, timestamp, found, again);
      if (!asked) return asked.error();
    }
    left = std::move(again);
  }
  return found;
}

std::vector<partition_id> all_partitions(const net::topic_metadata& topic) {
  std::vector<partition_id> out;
  for (const auto& p : topic.partitions) out.push_back(p.id);
  return out;
}

outcome<const net::topic_metadata*> find_topic(net::client& client, std::string_view name) {
  auto found = client.topic(name, std::chrono::milliseconds(0));
  if (found) return *found;
  failure f(found.error());
  if (f.status == exit_status::not_found) f.text += "; see what there is with: jackdaw topic list";
  return f;
}

}  // namespace jackdaw::cli
