// OffsetForLeaderEpoch, DeleteRecords, DescribeProducers: one thing of each of many partitions.
#include "cluster_view.hpp"
#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/messages/delete_records.hpp"
#include "jackdaw/protocol/messages/describe_producers.hpp"
#include "jackdaw/protocol/messages/offset_for_leader_epoch.hpp"
#include "partition_answers.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;

template <class Request>
struct operation {
  request_ptr r;
  Request asked;
};

// ---- OffsetForLeaderEpoch (KIP-101, KIP-320)

struct epoch_question : partition_question {
  leader_epoch current_leader_epoch;
  leader_epoch asked;
  log::epoch_end end;
};

void find_epoch_end(shard_state& owner, epoch_question& q, unique_function<void()> finished) {
  when_open(owner, q, std::move(finished), [&q](hosted_partition& p, unique_function<void()> done) {
    q.error = check_leader_epoch(q.current_leader_epoch, p.epoch);
    if (q.error == error_code::none) q.end = p.log->end_offset_for(q.asked);
    done();
  });
}

void answer_epochs(request& r, const protocol::offset_for_leader_epoch_request& asked,
                   const std::vector<epoch_question>& filled) {
  protocol::offset_for_leader_epoch_response message;
  std::size_t at = 0;
  for (const auto& t : asked.topics) {
    auto& topic = message.topics.emplace_back();
    topic.topic = t.topic;
    for (const auto& p : t.partitions) {
      const auto& q = filled[at++];
      auto& row = topic.partitions.emplace_back();
      row.partition = p.partition;
      row.error_code = q.error;
      row.leader_epoch = q.end.epoch;
      row.end_offset = q.end.end_offset;
    }
  }
  JD_ASSERT(at == filled.size(), at, filled.size());
  r.respond(message);
}

// ---- DeleteRecords (KIP-107)

struct delete_operation : operation<protocol::delete_records_request> {
  distinct_partitions named;
};

struct delete_question : partition_question {
  offset before;
  offset low_watermark{-1};
};

void delete_before(shard_state& owner, delete_question& q, unique_function<void()> finished) {
  when_open(owner, q, std::move(finished), [&q, &owner](hosted_partition& p, unique_function<void()> done) {
    if (auto moved = owner.partitions.delete_records(p, q.before)) {
      q.low_watermark = *moved;
    } else {
      q.error = moved.error().code;
    }
    done();
  });
}

void answer_deletes(const delete_operation& op, const std::vector<delete_question>& filled) {
  protocol::delete_records_response message;
  for (const auto& t : op.named.topics()) {
    auto& topic = message.topics.emplace_back();
    topic.name = t.name;
    for (const auto number : t.questions) {
      const auto& q = filled[number];
      auto& row = topic.partitions.emplace_back();
      row.partition_index = q.partition;
      row.error_code = q.error;
      row.low_watermark = q.low_watermark.value();
    }
  }
  op.r->respond(message);
}

// ---- DescribeProducers (KIP-664)

struct producers_question : partition_question {
  std::vector<log::producer_description> producers;
};

void list_producers(shard_state& owner, producers_question& q, unique_function<void()> finished) {
  when_open(owner, q, std::move(finished), [&q](hosted_partition& p, unique_function<void()> done) {
    q.producers = p.log->describe_producers();
    done();
  });
}

void answer_producers(request& r, const protocol::describe_producers_request& asked,
                      std::vector<producers_question>& filled) {
  protocol::describe_producers_response message;
  std::size_t at = 0;
  for (const auto& t : asked.topics) {
    auto& topic = message.topics.emplace_back();
    topic.name = t.name;
    for (const auto partition : t.partition_indexes) {
      auto& q = filled[at++];
      auto& row = topic.partitions.emplace_back();
      row.partition_index = partition;
      row.error_code = q.error;
      if (!q.error_message.empty()) row.error_message = r.keep(std::move(q.error_message));
      for (const auto& producer : q.producers) {
        auto& state = row.active_producers.emplace_back();
        state.producer_id = producer.id;
        state.producer_epoch = producer.epoch.value();
        state.last_sequence = producer.last_sequence;
        state.last_timestamp = producer.last_timestamp.value;
        state.coordinator_epoch = producer.coordinator_epoch;
        state.current_txn_start_offset = producer.transaction_start;
      }
    }
  }
  JD_ASSERT(at == filled.size(), at, filled.size());
  r.respond(message);
}

}  // namespace

void handle_offset_for_leader_epoch(request_ptr r) {
  auto op = std::make_unique<operation<protocol::offset_for_leader_epoch_request>>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  std::vector<epoch_question> items;
  for (const auto& t : op->asked.topics) {
    for (const auto& p : t.partitions) {
      auto& q = items.emplace_back(ask_partition<epoch_question>(*home.image, t.topic, p.partition));
      q.current_leader_epoch = p.current_leader_epoch;
      q.asked = p.leader_epoch;
    }
  }
  scatter<epoch_question>::run(
      home, std::move(items), find_epoch_end,
      [op = std::move(op)](std::vector<epoch_question> filled) { answer_epochs(*op->r, op->asked, filled); });
}

void handle_delete_records(request_ptr r) {
  auto op = std::make_unique<delete_operation>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  std::vector<delete_question> items;
  for (const auto& t : op->asked.topics) {
    for (const auto& p : t.partitions) {
      const auto [number, is_new] = op->named.number_of(t.name, p.partition_index);
      if (is_new) items.push_back(ask_partition<delete_question>(*home.image, t.name, p.partition_index));
      JD_ASSERT(number < items.size(), number, items.size());
      items[number].before = p.offset;  // of one that is named twice the last counts
      if (is_internal_topic(t.name)) items[number].error = error_code::invalid_topic_exception;
    }
  }
  scatter<delete_question>::run(
      home, std::move(items), delete_before,
      [op = std::move(op)](std::vector<delete_question> filled) { answer_deletes(*op, filled); });
}

void handle_describe_producers(request_ptr r) {
  auto op = std::make_unique<operation<protocol::describe_producers_request>>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  std::vector<producers_question> items;
  for (const auto& t : op->asked.topics) {
    for (const auto partition : t.partition_indexes) {
      auto& q = items.emplace_back(ask_partition<producers_question>(*home.image, t.name, partition));
      if (q.error != error_code::none) q.error_message = "there is no such topic and partition";
    }
  }
  scatter<producers_question>::run(
      home, std::move(items), list_producers,
      [op = std::move(op)](std::vector<producers_question> filled) { answer_producers(*op->r, op->asked, filled); });
}

}  // namespace jackdaw::broker
