#include "top_activity.hpp"

#include <chrono>
#include <memory>

#include "jackdaw/cli/terminal.hpp"
#include "jackdaw/protocol/messages/broker_activity.hpp"
#include "jackdaw/protocol/messages/describe_cluster.hpp"

namespace jackdaw::cli {

namespace {

using std::chrono::milliseconds;
using clock = net::client::clock;

// docs/formats/activity.md
constexpr std::uint32_t activity_tag = 10000;

broker_activity to_sample(const protocol::broker_activity& m) {
  broker_activity a;
  a.at_ms = std::chrono::duration_cast<milliseconds>(clock::now().time_since_epoch()).count();
  a.connections = m.connections;
  a.accepted = m.accepted;
  a.received_bytes = m.received_bytes;
  a.sent_bytes = m.sent_bytes;
  for (const auto& api : m.apis) a.answered[api.api_key] = api.answered;
  for (const auto& use : m.memory) {
    a.memory.push_back({std::string(use.kind), use.used_bytes, use.limit_bytes, use.refused});
  }
  for (const auto& r : m.slowest) {
    a.slowest.push_back({r.began_ms, r.took_us, r.api_key, r.api_version, std::string(r.client_id),
                         std::string(r.peer_address), r.request_bytes, r.answer_bytes});
  }
  return a;
}

std::optional<broker_activity> activity_in(result<net::raw_reply> reply) {
  if (!reply) return std::nullopt;
  const auto answered = net::decode_answer<protocol::describe_cluster_response>(std::move(*reply));
  if (!answered) return std::nullopt;
  for (const auto& tag : answered->body.unknown_tags.all()) {
    if (tag.tag != activity_tag) continue;
    const auto message = protocol::decode_message<protocol::broker_activity>(tag.value, 0);
    if (message) return to_sample(*message);
  }
  return std::nullopt;
}

// Shared with requests that may be under way still when nobody waits any more.
struct asking {
  std::vector<std::optional<broker_activity>> found;
  std::size_t left = 0;
};

}  // namespace

void ask_activity(net::client& client, top_sample& sample) {
  auto all = std::make_shared<asking>();
  all->found.resize(sample.brokers.size());
  all->left = sample.brokers.size();
  for (std::size_t i = 0; i < sample.brokers.size(); ++i) {
    net::raw_request raw;
    raw.key = protocol::api_key::describe_cluster;
    raw.encode = [&client](std::int16_t version, correlation_id id) {
      protocol::describe_cluster_request request;
      request.unknown_tags.add({activity_tag, {}});
      return client.encode_frame(request, version, id);
    };
    raw.done = [all, i](result<net::raw_reply> reply) {
      all->found[i] = activity_in(std::move(reply));
      --all->left;
    };
    client.send(std::move(raw), sample.brokers[i].id);
  }
  while (all->left != 0 && !interrupted()) client.poll(milliseconds(250));
  for (std::size_t i = 0; i < sample.brokers.size(); ++i) sample.brokers[i].activity = std::move(all->found[i]);
}

}  // namespace jackdaw::cli
