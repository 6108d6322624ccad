// ElectLeaders, AlterPartitionReassignments, ListPartitionReassignments: who leads and who holds partitions.
#include "cluster_view.hpp"
#include "decisions.hpp"
#include "jackdaw/controller/partitions.hpp"
#include "jackdaw/protocol/messages/list_partition_reassignments.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;
using decided = std::vector<controller::decided_topic>;
using election_change = change<protocol::elect_leaders_request, decided>;
using reassignment_change = change<protocol::alter_partition_reassignments_request, decided>;
using listing = protocol::list_partition_reassignments_response;

void answer_elections(election_change& c) {
  protocol::elect_leaders_response message;
  if (!controller::is_election_type(c.asked.election_type)) message.error_code = error_code::invalid_request;
  for (const auto& topic : c.reply) {
    auto& row = message.replica_election_results.emplace_back();
    row.topic = topic.name;
    for (const auto& p : topic.partitions) {
      auto& result = row.partition_result.emplace_back();
      result.partition_id = p.partition;
      result.error_code = p.outcome.code;
      result.error_message = sentence_of(*c.r, p.outcome);
    }
  }
  c.r->respond(message);
}

void answer_reassignments(reassignment_change& c) {
  protocol::alter_partition_reassignments_response message;
  message.allow_replication_factor_change = c.asked.allow_replication_factor_change;
  message.error_message.reset();
  for (const auto& topic : c.reply) {
    auto& row = message.responses.emplace_back();
    row.name = topic.name;
    for (const auto& p : topic.partitions) {
      auto& result = row.partitions.emplace_back();
      result.partition_index = p.partition;
      result.error_code = p.outcome.code;
      result.error_message = sentence_of(*c.r, p.outcome);
    }
  }
  c.r->respond(message);
}

// Adds the partition if it is being moved; a topic has a row once it has such a partition.
void list_if_moving(listing& message, const metadata::topic& topic, partition_id p) {
  if (!topic.has(p)) return;
  const auto& state = topic.partition(p);
  if (state.adding_replicas.empty() && state.removing_replicas.empty()) return;
  if (message.topics.empty() || message.topics.back().name != topic.name())
    message.topics.emplace_back().name = topic.name();
  auto& row = message.topics.back().partitions.emplace_back();
  row.partition_index = p;
  row.replicas = to_vector(state.replicas);
  row.adding_replicas = to_vector(state.adding_replicas);
  row.removing_replicas = to_vector(state.removing_replicas);
}

}  // namespace

void handle_elect_leaders(request_ptr r) {
  auto c = std::make_unique<election_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](election_change& it, const metadata::image& image, random_source&) {
        return controller::elect_leaders(image, it.asked);
      },
      answer_elections);
}

void handle_alter_partition_reassignments(request_ptr r) {
  auto c = std::make_unique<reassignment_change>();
  c->r = std::move(r);
  if (!c->r->decode(c->asked)) return;
  run_change(
      std::move(c),
      [](reassignment_change& it, const metadata::image& image, random_source&) {
        return controller::alter_reassignments(image, it.asked);
      },
      answer_reassignments);
}

void handle_list_partition_reassignments(request_ptr r) {
  protocol::list_partition_reassignments_request asked;
  if (!r->decode(asked)) return;
  const auto image = r->home().image;
  listing message;
  message.error_message.reset();
  if (!asked.topics) {
    for (const auto& [name, id] : image->names()) {
      const auto& topic = *image->find_topic(id);
      for (std::int32_t p = 0; p < topic.partition_count(); ++p) list_if_moving(message, topic, partition_id{p});
    }
  } else {
    for (const auto& t : *asked.topics) {
      const auto* topic = image->find_topic(t.name);
      if (topic == nullptr) continue;
      for (const auto p : t.partition_indexes) list_if_moving(message, *topic, p);
    }
  }
  r->respond(message);
}

}  // namespace jackdaw::broker
