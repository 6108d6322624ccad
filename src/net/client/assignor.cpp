#include <algorithm>

#include "jackdaw/net/client_assignor.hpp"
#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/messages/consumer_protocol_assignment.hpp"
#include "jackdaw/protocol/messages/consumer_protocol_subscription.hpp"

namespace jackdaw::net {

namespace {

constexpr std::int16_t version_written = 0;  // topics alone: nothing more is needed for eager rebalances

// The version in front, then the message. What a newer version adds comes at the end and isn't looked at.
template <class Message>
result<Message> decode_versioned(bytes_view bytes) {
  protocol::reader in(bytes);
  const auto version = in.fixed<std::int16_t>();
  Message message;
  if (in.ok() && version >= 0) message.decode(in, std::min(version, Message::version_max));
  if (!in.ok() || version < 0) {
    return fail(errc::corrupt, std::string(Message::message_name) + " of a group's member can't be read");
  }
  return message;
}

template <class Message>
std::vector<std::byte> encode_versioned(const Message& message) {
  const auto body = protocol::encode_message(message, version_written);
  std::vector<std::byte> out(2 + body.size());
  store_be<std::int16_t>(out.data(), version_written);
  std::copy(body.begin(), body.end(), out.begin() + 2);
  return out;
}

// Static members keep their place when they come back with another member id.
void sort(std::vector<subscribed_member>& members) {
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
    if (a.instance_id.empty() != b.instance_id.empty()) return b.instance_id.empty();
    return a.instance_id != b.instance_id ? a.instance_id < b.instance_id : a.id < b.id;
  });
}

bool subscribes(const subscribed_member& member, const std::string& topic) {
  return std::find(member.topics.begin(), member.topics.end(), topic) != member.topics.end();
}

group_assignment nothing_for(const std::vector<subscribed_member>& members) {
  group_assignment out;
  for (const auto& m : members) out[m.id];
  return out;
}

}  // namespace

std::vector<std::byte> encode_subscription(const std::vector<std::string>& topics) {
  protocol::consumer_protocol_subscription message;
  message.topics.assign(topics.begin(), topics.end());
  return encode_versioned(message);
}

result<std::vector<std::string>> decode_subscription(bytes_view bytes) {
  auto message = decode_versioned<protocol::consumer_protocol_subscription>(bytes);
  if (!message) return message.error();
  return std::vector<std::string>(message->topics.begin(), message->topics.end());
}

std::vector<std::byte> encode_assignment(const assigned_partitions& assigned) {
  protocol::consumer_protocol_assignment message;
  for (const auto& [topic, partitions] : assigned) {
    auto& row = message.assigned_partitions.emplace_back();
    row.topic = topic;
    row.partitions = partitions;
  }
  return encode_versioned(message);
}

result<assigned_partitions> decode_assignment(bytes_view bytes) {
  assigned_partitions out;
  if (bytes.empty()) return out;
  auto message = decode_versioned<protocol::consumer_protocol_assignment>(bytes);
  if (!message) return message.error();
  for (const auto& row : message->assigned_partitions) {
    auto& partitions = out[std::string(row.topic)];
    partitions.insert(partitions.end(), row.partitions.begin(), row.partitions.end());
    std::sort(partitions.begin(), partitions.end());
  }
  return out;
}

group_assignment assign_range(std::vector<subscribed_member> members, const partition_counts& topics) {
  sort(members);
  group_assignment out = nothing_for(members);
  for (const auto& [topic, count] : topics) {
    std::vector<const subscribed_member*> sharing;
    for (const auto& m : members) {
      if (subscribes(m, topic)) sharing.push_back(&m);
    }
    if (sharing.empty()) continue;
    const auto sharers = static_cast<std::int32_t>(sharing.size());
    std::int32_t next = 0;
    for (std::int32_t i = 0; i < sharers; ++i) {
      const std::int32_t share = count / sharers + (i < count % sharers ? 1 : 0);
      if (share == 0) break;
      auto& partitions = out[sharing[static_cast<std::size_t>(i)]->id][topic];
      for (std::int32_t p = 0; p < share; ++p) partitions.emplace_back(next++);
    }
  }
  return out;
}

group_assignment assign_round_robin(std::vector<subscribed_member> members, const partition_counts& topics) {
  sort(members);
  group_assignment out = nothing_for(members);
  std::size_t turn = 0;
  for (const auto& [topic, count] : topics) {
    if (std::none_of(members.begin(), members.end(), [&](const auto& m) { return subscribes(m, topic); })) continue;
    for (std::int32_t p = 0; p < count; ++p) {
      while (!subscribes(members[turn % members.size()], topic)) ++turn;
      out[members[turn++ % members.size()].id][topic].emplace_back(p);
    }
  }
  return out;
}

}  // namespace jackdaw::net
