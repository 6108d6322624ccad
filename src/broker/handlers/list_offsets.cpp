// ListOffsets: where a partition begins and ends, and where a point in time lies in it.
#include "jackdaw/protocol/messages/list_offsets.hpp"
#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "partition_answers.hpp"

namespace jackdaw::broker {
namespace {

using protocol::error_code;
using protocol::list_offsets_request;
using protocol::list_offsets_response;

// Special values of the timestamp field, and the version that brought them.
constexpr std::int64_t latest = -1;
constexpr std::int64_t earliest = -2;
constexpr std::int64_t max_timestamp = -3;            // KIP-734
constexpr std::int64_t earliest_local = -4;           // KIP-405
constexpr std::int64_t latest_tiered = -5;            // KIP-1005
constexpr std::int64_t earliest_pending_upload = -6;  // KIP-1023

constexpr std::int16_t version_of(std::int64_t timestamp) {
  switch (timestamp) {
    case max_timestamp: return 7;
    case earliest_local: return 8;
    case latest_tiered: return 9;
    case earliest_pending_upload: return 11;
    default: return 1;
  }
}

constexpr broker_id debugging_consumer{-2};  // sees up to the log's end

struct offset_question : partition_question {
  std::int64_t asked_timestamp = 0;
  leader_epoch current_leader_epoch;
  bool read_committed = false;
  bool to_log_end = false;

  std::int64_t timestamp = -1;
  offset at{-1};
  leader_epoch epoch;
};

offset visible_end(const hosted_partition& p, const offset_question& q) {
  if (q.to_log_end) return p.log->log_end_offset();
  return q.read_committed ? p.log->last_stable_offset(p.high_watermark()) : p.high_watermark();
}

void answer_by_time(shard_state& owner, hosted_partition& p, offset_question& q, unique_function<void()> finished) {
  struct search {
    log::timestamp_lookup lookup;
    result<std::optional<log::timestamp_and_offset>> outcome = std::optional<log::timestamp_and_offset>{};
  };
  const offset end = visible_end(p, q);
  auto s = std::make_shared<search>(search{q.asked_timestamp == max_timestamp
                                               ? p.log->find_max_timestamp(end)
                                               : p.log->find_timestamp({q.asked_timestamp}, end)});
  owner.env.run_on_worker(
      work_class::read, [s] { s->outcome = s->lookup.run(); },
      [s, &q, finished = std::move(finished)]() mutable {
        if (!s->outcome) {
          q.error = error_code::kafka_storage_error;
        } else if (const auto& found = *s->outcome) {
          q.timestamp = found->timestamp.value;
          q.at = found->at;
          q.epoch = found->epoch;
        }
        finished();
      });
}

void look_up(shard_state& owner, hosted_partition& p, offset_question& q, unique_function<void()> finished) {
  q.error = check_leader_epoch(q.current_leader_epoch, p.epoch);
  if (q.error != error_code::none) return finished();
  switch (q.asked_timestamp) {
    case latest:
      q.at = visible_end(p, q);
      q.epoch = p.epoch;
      return finished();
    case earliest:
    case earliest_local:
      q.at = p.log->log_start_offset();
      q.epoch = p.log->epochs().epoch_at(q.at).value_or(p.epoch);
      return finished();
    case latest_tiered:
    case earliest_pending_upload:
      return finished();  // nothing is in remote storage: "unknown", as Kafka answers without tiers
    default: return answer_by_time(owner, p, q, std::move(finished));
  }
}

void work(shard_state& owner, offset_question& q, unique_function<void()> finished) {
  when_open(owner, q, std::move(finished),
            [&q, &owner](hosted_partition& p, unique_function<void()> done) { look_up(owner, p, q, std::move(done)); });
}

struct list_offsets_operation {
  request_ptr r;
  list_offsets_request asked;
  distinct_partitions named;

  std::vector<offset_question> questions();
  void answer(const std::vector<offset_question>& filled) const;
};

std::vector<offset_question> list_offsets_operation::questions() {
  std::vector<offset_question> items;
  const auto& image = *r->home().image;
  for (const auto& t : asked.topics) {
    for (const auto& p : t.partitions) {
      const auto [number, is_new] = named.number_of(t.name, p.partition_index);
      if (!is_new) {
        items[number].error = error_code::invalid_request;
        continue;
      }
      JD_ASSERT(number == items.size(), number, items.size());
      auto& q = items.emplace_back(ask_partition<offset_question>(image, t.name, p.partition_index));
      q.asked_timestamp = p.timestamp;
      q.current_leader_epoch = p.current_leader_epoch;
      q.read_committed = asked.isolation_level == 1;
      q.to_log_end = asked.replica_id == debugging_consumer;
      if (p.timestamp < earliest_pending_upload || r->version() < version_of(p.timestamp))
        q.error = error_code::unsupported_version;
    }
  }
  return items;
}

void list_offsets_operation::answer(const std::vector<offset_question>& filled) const {
  list_offsets_response message;
  for (const auto& t : named.topics()) {
    auto& topic = message.topics.emplace_back();
    topic.name = t.name;
    for (const auto number : t.questions) {
      JD_ASSERT(number < filled.size(), number, filled.size(), t.name);
      const auto& q = filled[number];
      auto& row = topic.partitions.emplace_back();
      row.partition_index = q.partition;
      row.error_code = q.error;
      row.timestamp = q.timestamp;
      row.offset = q.at;
      row.leader_epoch = q.epoch;
    }
  }
  r->respond(message);
}

}  // namespace

void handle_list_offsets(request_ptr r) {
  auto op = std::make_unique<list_offsets_operation>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  auto items = op->questions();
  scatter<offset_question>::run(home, std::move(items), work,
                                [op = std::move(op)](std::vector<offset_question> filled) { op->answer(filled); });
}

}  // namespace jackdaw::broker
