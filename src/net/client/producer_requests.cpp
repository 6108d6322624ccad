// The producer's half that talks: which batches go out together, and what the answers mean.
#include <algorithm>

#include "jackdaw/protocol/messages/init_producer_id.hpp"
#include "jackdaw/protocol/messages/produce.hpp"
#include "producer.hpp"

namespace jackdaw::net {

using clock = client::clock;
using protocol::error_code;

namespace {

constexpr std::int16_t last_version_with_names = 12;  // from 13 on a topic goes by its id

std::string hint_for(error_code code) {
  switch (code) {
    case error_code::message_too_large: return "; raise the topic's max.message.bytes or send smaller batches";
    case error_code::not_enough_replicas:
    case error_code::not_enough_replicas_after_append:
      return "; too few replicas are in sync for min.insync.replicas, see: jackdaw topic describe";
    case error_code::topic_authorization_failed:
    case error_code::cluster_authorization_failed: return "; this user lacks the right to write";
    case error_code::invalid_record: return "; does the topic compact, and records have no key?";
    case error_code::kafka_storage_error: return "; the broker's disk is full or failing, see its log";
    default: return {};
  }
}

}  // namespace

// Errors after which the same batch may still succeed.
bool client_producer::may_pass(const batch_ptr& failed, error_code code) const {
  if (code != error_code::out_of_order_sequence_number || !options_.is_idempotent) return is_retriable(code);
  // Behind a batch that failed, a sequence is out of order by no fault of its own.
  return id_state_ != id_state::valid || failed->queue->sealed.front() != failed;
}

bool client_producer::is_sendable(const partition_queue& queue, clock::time_point now) const {
  if (queue.sealed.size() == queue.in_flight || now < queue.not_before) return false;
  return !queue.is_retrying || queue.in_flight == 0;
}

void client_producer::request_new_id() {
  const bool draining = std::any_of(in_flight_.begin(), in_flight_.end(), [](const auto& n) { return n.second != 0; });
  if (draining || id_state_ == id_state::requested) return;
  id_state_ = id_state::requested;
  raw_request raw;
  raw.key = protocol::api_key::init_producer_id;
  raw.encode = [this](std::int16_t version, correlation_id id) {
    protocol::init_producer_id_request request;
    request.transactional_id.reset();
    return via_.encode_frame(request, version, id);
  };
  raw.done = [this](result<raw_reply> reply) {
    id_state_ = id_state::draining;  // asked again with the next step, unless this is one
    if (!reply) return;
    auto answered = decode_answer<protocol::init_producer_id_response>(std::move(*reply));
    if (!answered || answered->body.error_code != error_code::none) return;
    take_new_id(answered->body.producer_id, answered->body.producer_epoch);
  };
  via_.send(std::move(raw), client::any_broker);
}

void client_producer::send_ready(clock::time_point now) {
  if (id_state_ != id_state::valid) return request_new_id();
  struct bundle {
    produced batches;
    std::size_t bytes = 0;
  };
  std::map<std::int32_t, bundle> bundles;
  bool leader_missing = false;
  for (bool more = true; more;) {
    more = false;
    bundles.clear();
    for (auto& topic : topics_) {
      for (auto& queue : topic->partitions) {
        if (!is_sendable(*queue, now)) continue;
        const partition_metadata* known = via_.metadata().partition(topic->name, queue->id);
        const broker_id leader = known != nullptr ? known->leader : broker_id{};
        if (leader.value() < 0) {
          leader_missing = true;
          continue;
        }
        if (in_flight_[leader.value()] >= options_.in_flight_max) continue;
        const batch_ptr& next = queue->sealed[queue->in_flight];
        bundle& to = bundles[leader.value()];
        if (!to.batches.empty() && to.bytes + next->bytes.size() > options_.request_bytes_max) continue;
        to.batches.push_back(next);
        to.bytes += next->bytes.size();
      }
    }
    for (auto& [leader, to] : bundles) {
      more = true;
      send_request(broker_id{leader}, std::move(to.batches));
    }
  }
  if (leader_missing) via_.refresh_metadata_later();
}

void client_producer::send_request(broker_id to, produced batches) {
  for (const auto& b : batches) {
    b->in_flight = true;
    b->queue->is_retrying = false;
    ++b->queue->in_flight;
  }
  ++in_flight_[to.value()];
  const bool has_ids = std::all_of(batches.begin(), batches.end(), [&](const batch_ptr& b) {
    const topic_metadata* topic = via_.metadata().topic(b->queue->topic->name);
    return topic != nullptr && !topic->id.is_zero();
  });
  raw_request raw;
  raw.key = protocol::api_key::produce;
  if (!has_ids) raw.version_max = last_version_with_names;
  raw.has_reply = options_.acks != 0;
  auto shared = std::make_shared<const produced>(std::move(batches));
  raw.encode = [this, shared](std::int16_t version, correlation_id id) { return encode(*shared, version, id); };
  raw.done = [this, shared, to](result<raw_reply> reply) { on_reply(to, *shared, std::move(reply)); };
  via_.send(std::move(raw), to);
}

result<std::vector<std::byte>> client_producer::encode(const produced& batches, std::int16_t version,
                                                       correlation_id id) const {
  protocol::produce_request request;
  request.acks = options_.acks;
  request.timeout_ms = static_cast<std::int32_t>(via_.options().request_timeout.count());
  for (const auto& b : batches) {
    const std::string& name = b->queue->topic->name;
    auto topic = std::find_if(request.topic_data.begin(), request.topic_data.end(),
                              [&](const auto& t) { return t.name == name; });
    if (topic == request.topic_data.end()) {
      request.topic_data.emplace_back().name = name;
      topic = std::prev(request.topic_data.end());
    }
    auto& data = topic->partition_data.emplace_back();
    data.index = b->queue->id;
    data.records = protocol::records_view::of(b->bytes);
  }
  if (version > last_version_with_names) {
    for (auto& topic : request.topic_data) {
      const topic_metadata* known = via_.metadata().topic(topic.name);
      topic.topic_id = known != nullptr ? known->id : uuid{};
      topic.name = {};
    }
  }
  return via_.encode_frame(request, version, id);
}

void client_producer::on_reply(broker_id from, const produced& batches, result<raw_reply> reply) {
  --in_flight_[from.value()];
  for (const auto& b : batches) {
    b->in_flight = false;
    --b->queue->in_flight;
  }
  if (!reply) {
    via_.refresh_metadata_later();
    for (const auto& b : batches) {
      if (reply.error().code == errc::unsupported) {
        finish(b, {error_code::unsupported_version, reply.error().detail, no_offset});
      } else {
        retry(b, reply.error());
      }
    }
    return;
  }
  if (options_.acks == 0) {
    for (const auto& b : batches) finish(b, {});
    return;
  }
  auto answered = decode_answer<protocol::produce_response>(std::move(*reply));
  if (!answered) {
    for (const auto& b : batches) finish(b, {error_code::unknown_server_error, answered.error().detail, no_offset});
    return;
  }
  // Each batch finds its partition's answer: by name, or by id in the versions that have ids.
  for (const auto& b : batches) {
    const topic_metadata* known = via_.metadata().topic(b->queue->topic->name);
    outcome what{error_code::unknown_server_error, "the broker's answer leaves the partition out", no_offset};
    for (const auto& topic : answered->body.responses) {
      const bool by_id = answered->version > last_version_with_names;
      if (by_id ? known == nullptr || topic.topic_id != known->id : topic.name != b->queue->topic->name) continue;
      for (const auto& p : topic.partition_responses) {
        if (p.index != b->queue->id) continue;
        what = {p.error_code, std::string(p.error_message.value_or("")), p.base_offset};
      }
    }
    if (may_pass(b, what.code)) {
      if (wants_metadata_refresh(what.code)) via_.refresh_metadata_later();
      retry(b, fail(errc::busy, std::string(name_of(what.code)) + hint_for(what.code)));
    } else {
      finish(b, what);
    }
  }
}

void client_producer::finish(const batch_ptr& done, const outcome& what) {
  const delivery told{done->queue->topic->name, done->queue->id, what.base_offset, done->records,
                      done->bytes.size(),       done->created};
  remove(done);
  // A duplicate was written by an earlier try whose answer got lost.
  if (what.code == error_code::none || what.code == error_code::duplicate_sequence_number) {
    records_delivered_ += static_cast<std::uint64_t>(done->records);
    if (delivered_) delivered_(told);
    return;
  }
  records_failed_ += static_cast<std::uint64_t>(done->records);
  if (options_.is_idempotent && id_state_ == id_state::valid) id_state_ = id_state::draining;
  error why = fail(errc::invalid_argument, "topic '" + done->queue->topic->name + "' partition " +
                                               std::to_string(done->queue->id.value()) + ": " +
                                               std::string(name_of(what.code)) +
                                               (what.message.empty() ? "" : ", " + what.message) + hint_for(what.code));
  if (failed_) failed_(told, why);
  if (!first_failure_) first_failure_ = std::move(why);
}

void client_producer::retry(const batch_ptr& failed, const error& why) {
  partition_queue& queue = *failed->queue;
  const auto now = clock::now();
  queue.is_retrying = true;
  queue.not_before = now + options_.retry_backoff;
  last_retry_ = why;
}

// What can't be delivered in time fails, oldest first; not while it is in flight, when nobody knows.
void client_producer::expire(clock::time_point now) {
  for (auto& topic : topics_) {
    for (auto& queue : topic->partitions) {
      while (!queue->sealed.empty() && queue->in_flight == 0 &&
             now > queue->sealed.front()->created + options_.delivery_timeout) {
        const batch_ptr late = queue->sealed.front();
        const std::string why = last_retry_ ? ", last: " + last_retry_->detail : "";
        finish(late, {error_code::request_timed_out,
                      "not delivered within " + std::to_string(options_.delivery_timeout.count() / 1000) + " s" + why,
                      no_offset});
      }
    }
  }
}

}  // namespace jackdaw::net
