#include "subscriptions.hpp"

#include <algorithm>

#include "jackdaw/protocol/messages/consumer_protocol_assignment.hpp"
#include "jackdaw/protocol/messages/consumer_protocol_subscription.hpp"

namespace jackdaw::coordinator {
namespace {

// A version, then the message; a version that is newer than all we know reads as the newest.
template <class Message>
std::optional<Message> decode(const blob& bytes) {
  protocol::reader in{bytes_view(bytes)};
  const auto version = in.fixed<std::int16_t>();
  if (version < Message::version_min) return std::nullopt;
  Message m;
  m.decode(in, std::min(version, Message::version_max));
  if (!in.ok()) return std::nullopt;
  return m;
}

}  // namespace

std::set<std::string> subscribed_topics(const classic_group& group) {
  std::set<std::string> topics;
  for (const auto& [id, member] : group.members()) {
    const auto subscription = decode<protocol::consumer_protocol_subscription>(group.subscription(member));
    if (!subscription) continue;
    for (const auto topic : subscription->topics) topics.emplace(topic);
  }
  return topics;
}

bool stays_as_it_is(const blob& subscription, const blob& assignment) {
  const auto joined = decode<protocol::consumer_protocol_subscription>(subscription);
  const auto assigned = decode<protocol::consumer_protocol_assignment>(assignment);
  if (!joined || !assigned) return false;
  const auto flat = [](const auto& topics) {
    std::set<std::pair<std::string_view, std::int32_t>> all;
    for (const auto& t : topics) {
      for (const auto p : t.partitions) all.emplace(t.topic, p.value());
    }
    return all;
  };
  return flat(joined->owned_partitions) == flat(assigned->assigned_partitions);
}

void add_assignment(partition_owners& owners, const std::string& member_id, const blob& assignment) {
  const auto parsed = decode<protocol::consumer_protocol_assignment>(assignment);
  if (!parsed) return;
  for (const auto& t : parsed->assigned_partitions) {
    for (const auto p : t.partitions) owners[{std::string(t.topic), p.value()}] = member_id;
  }
}

}  // namespace jackdaw::coordinator
