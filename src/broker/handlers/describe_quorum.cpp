// DescribeQuorum (KIP-595, KIP-836): who leads the metadata quorum and how far each of its members is.
#include "jackdaw/protocol/messages/describe_quorum.hpp"
#include "handlers.hpp"
#include "quorum/cluster_member.hpp"

namespace jackdaw::broker {
namespace {

using protocol::describe_quorum_request;
using protocol::describe_quorum_response;
using protocol::error_code;

constexpr std::string_view metadata_topic = "__cluster_metadata";

// What the raft node says, taken on shard 0 and carried home.
struct quorum_state {
  bool is_leader = false;
  broker_id leader;
  std::int64_t term = 0;
  std::int64_t high_watermark = 0;
  struct member {
    raft::voter who;
    std::int64_t end = 0;
    bool is_self = false;
    bool is_voter = true;
  };
  std::vector<member> members;
};

quorum_state read_quorum(const shard_state& zero) {
  quorum_state q;
  const auto* raft = zero.metadata ? zero.metadata->raft() : nullptr;
  if (raft == nullptr) return q;
  q.is_leader = raft->is_leader();
  q.leader = raft->leader();
  q.term = raft->term().value();
  // Kafka counts from offset 0, raft's index from 1: "the end" is the same number.
  q.high_watermark = raft->commit_index().value();
  for (const auto& voter : raft->voters().voters) {
    const bool self = voter.id == zero.node_id();
    const auto follower = raft->followers().find(voter.id);
    const auto end = self                                  ? raft->last_index().value()
                     : follower == raft->followers().end() ? -1
                                                           : follower->second.match.value();
    q.members.push_back({voter, end, self, true});
  }
  for (const auto& [id, progress] : raft->followers()) {
    if (!raft->voters().contains(id))
      q.members.push_back({raft::voter{id, {}, "", 0}, progress.match.value(), false, false});
  }
  return q;
}

describe_quorum_response::partition_data describe(const quorum_state& q, timestamp_ms now) {
  describe_quorum_response::partition_data p;
  p.error_message.reset();
  if (!q.is_leader) {
    p.error_code = error_code::not_leader_or_follower;
    return p;
  }
  p.leader_id = q.leader;
  p.leader_epoch = leader_epoch{static_cast<std::int32_t>(q.term)};
  p.high_watermark = offset{q.high_watermark};
  for (const auto& m : q.members) {
    auto& row = m.is_voter ? p.current_voters.emplace_back() : p.observers.emplace_back();
    row.replica_id = m.who.id;
    row.replica_directory_id = m.who.directory;
    row.log_end_offset = offset{m.end};
    row.last_fetch_timestamp = row.last_caught_up_timestamp = m.is_self ? now.value : -1;
  }
  return p;
}

void answer(request& r, const describe_quorum_request& asked, const quorum_state& q) {
  describe_quorum_response message;
  message.error_message.reset();
  for (const auto& t : asked.topics) {
    auto& topic = message.topics.emplace_back();
    topic.topic_name = t.topic_name;
    for (const auto& p : t.partitions) {
      if (t.topic_name == metadata_topic && p.partition_index.value() == 0) {
        topic.partitions.push_back(describe(q, r.home().now.wall));
        continue;
      }
      auto& row = topic.partitions.emplace_back();
      row.partition_index = p.partition_index;
      row.error_code = error_code::unknown_topic_or_partition;
      row.error_message.reset();
    }
  }
  for (const auto& m : q.members) {
    if (!m.is_voter) continue;
    auto& node = message.nodes.emplace_back();
    node.node_id = m.who.id;
    if (m.who.host.empty()) continue;
    auto& listener = node.listeners.emplace_back();
    listener.name = "CONTROLLER";
    listener.host = m.who.host;
    listener.port = m.who.port;
  }
  r.respond(message);
}

struct quorum_operation {
  request_ptr r;
  describe_quorum_request asked;
};

}  // namespace

void handle_describe_quorum(request_ptr r) {
  auto op = std::make_unique<quorum_operation>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  home.env.post(shard_id{0}, [op = std::move(op), to = home.id()](shard& zero) mutable {
    auto q = read_quorum(zero.state());
    zero.state().env.post(to, [op = std::move(op), q = std::move(q)](shard&) { answer(*op->r, op->asked, q); });
  });
}

}  // namespace jackdaw::broker
