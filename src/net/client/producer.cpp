#include "producer.hpp"

#include <algorithm>

#include "jackdaw/protocol/messages/init_producer_id.hpp"
#include "jackdaw/protocol/murmur2.hpp"

namespace jackdaw::net {

using clock = client::clock;
using std::chrono::milliseconds;

client_producer::client_producer(client& via, producer_options options, std::uint64_t seed)
    : via_(via), options_(std::move(options)), random_(seed) {}

client_producer::~client_producer() = default;

result<void> client_producer::start() {
  if (!options_.is_idempotent) return {};
  if (options_.acks != -1) return fail(errc::invalid_argument, "an idempotent producer needs acks=all");
  const auto until = clock::now() + via_.options().request_timeout;
  while (true) {
    protocol::init_producer_id_request request;
    request.transactional_id.reset();
    auto answered = via_.call<protocol::init_producer_id_response>(request);
    if (!answered) return answered.error();
    const auto code = answered->body.error_code;
    if (code == protocol::error_code::none) {
      id_ = answered->body.producer_id;
      epoch_ = answered->body.producer_epoch;
      return {};
    }
    if (!is_retriable(code) || clock::now() >= until) {
      return fail(errc::unknown_producer, "no producer id to be had, " + std::string(name_of(code)));
    }
    via_.poll(options_.retry_backoff);
  }
}

result<int> client_producer::add_topic(std::string_view name, milliseconds patience) {
  auto found = via_.topic(name, patience);
  if (!found) return found.error();
  auto topic = std::make_unique<topic_state>();
  topic->name = name;
  for (const auto& p : (*found)->partitions) {
    auto& queue = topic->partitions.emplace_back(std::make_unique<partition_queue>());
    queue->topic = topic.get();
    queue->id = p.id;
  }
  topic->sticky = random_.below(topic->partitions.size());
  topics_.push_back(std::move(topic));
  return static_cast<int>(topics_.size() - 1);
}

std::int32_t client_producer::partition_count(int topic) const {
  return static_cast<std::int32_t>(topics_.at(static_cast<std::size_t>(topic))->partitions.size());
}

client_producer::partition_queue& client_producer::choose(topic_state& topic, std::optional<partition_id> wanted,
                                                          const protocol::new_record& record) {
  if (wanted) return *topic.partitions[static_cast<std::size_t>(wanted->value())];
  if (record.key) {
    const auto count = static_cast<std::int32_t>(topic.partitions.size());
    return *topic.partitions[static_cast<std::size_t>(protocol::partition_of_key(*record.key, count).value())];
  }
  return *topic.partitions[topic.sticky];
}

result<void> client_producer::send(int topic, std::optional<partition_id> partition,
                                   const protocol::new_record& record) {
  topic_state& to = *topics_.at(static_cast<std::size_t>(topic));
  if (partition && (partition->value() < 0 || partition->value() >= static_cast<std::int32_t>(to.partitions.size()))) {
    return fail(errc::invalid_argument, "topic '" + to.name + "' has no partition " +
                                            std::to_string(partition->value()) + ", it has " +
                                            std::to_string(to.partitions.size()));
  }
  const std::size_t bound = protocol::batch_builder::size_bound(record);
  if (bound > options_.buffer_bytes / 2) {
    return fail(errc::too_large,
                "a record of " + std::to_string(bound) + " bytes is larger than the producer's buffer allows");
  }
  while (buffered_bytes_ + bound > options_.buffer_bytes && batches_ != 0) step(milliseconds(100));
  partition_queue& queue = choose(to, partition, record);
  if (!queue.filling.empty() && queue.filling.uncompressed_size_bytes() + bound > options_.batch_bytes) seal(queue);
  if (queue.filling.empty()) {
    protocol::batch_options o;
    o.compression = options_.compression;
    queue.filling.reset(o);
    queue.filling_since = clock::now();
    ++batches_;
  }
  const std::size_t before = queue.filling.uncompressed_size_bytes();
  queue.filling.add(record);
  buffered_bytes_ += queue.filling.uncompressed_size_bytes() - before;
  // A full batch leaves without waiting for somebody to call step().
  if (queue.filling.uncompressed_size_bytes() >= options_.batch_bytes) {
    seal(queue);
    step(milliseconds(0));
  }
  return {};
}

void client_producer::seal(partition_queue& queue) {
  if (queue.filling.empty()) return;
  auto sealed = std::make_shared<batch>();
  sealed->queue = &queue;
  sealed->records = queue.filling.record_count();
  sealed->buffered_bytes = queue.filling.uncompressed_size_bytes() - protocol::batch_header_bytes;
  sealed->created = queue.filling_since;
  auto built = queue.filling.finish();
  JD_ASSERT(built.has_value(), built.error().detail);  // levels are checked when options are read
  sealed->bytes.assign(built->bytes().begin(), built->bytes().end());
  queue.filling.reset({});
  if (options_.is_idempotent) stamp(*sealed);
  queue.sealed.push_back(std::move(sealed));
  topic_state& topic = *queue.topic;
  if (&queue == topic.partitions[topic.sticky].get()) topic.sticky = random_.below(topic.partitions.size());
}

void client_producer::stamp(batch& sealed) {
  std::int32_t& next = sealed.queue->next_sequence;
  protocol::mutable_batch(sealed.bytes).set_producer(id_, epoch_, next);
  next = static_cast<std::int32_t>((static_cast<std::uint32_t>(next) + static_cast<std::uint32_t>(sealed.records)) &
                                   0x7fffffffU);
}

void client_producer::take_new_id(producer_id id, producer_epoch epoch) {
  id_ = id;
  epoch_ = epoch;
  id_state_ = id_state::valid;
  for (auto& topic : topics_) {
    for (auto& queue : topic->partitions) {
      queue->next_sequence = 0;
      for (auto& sealed : queue->sealed) stamp(*sealed);
    }
  }
}

void client_producer::seal_due(clock::time_point now) {
  for (auto& topic : topics_) {
    for (auto& queue : topic->partitions) {
      if (queue->filling.empty()) continue;
      // With an idle partition there is nothing to gain from waiting once linger is over.
      if (linger_over_ || now >= queue->filling_since + options_.linger) seal(*queue);
    }
  }
}

clock::time_point client_producer::next_due(clock::time_point now) const {
  auto due = clock::time_point::max();
  for (const auto& topic : topics_) {
    for (const auto& queue : topic->partitions) {
      if (!queue->filling.empty()) due = std::min(due, queue->filling_since + options_.linger);
      if (!queue->sealed.empty() && queue->in_flight == 0)
        due = std::min(due, std::max(queue->not_before, now + milliseconds(1)));
    }
  }
  return due;
}

bool client_producer::step(milliseconds wait, int also_fd) {
  const auto now = clock::now();
  seal_due(now);
  expire(now);
  send_ready(now);
  const auto due = next_due(now);
  if (due < now + wait) wait = std::chrono::ceil<milliseconds>(due - now);
  const bool input = via_.poll(wait, also_fd);
  if (is_idle()) linger_over_ = false;
  return input;
}

void client_producer::flush() {
  linger_over_ = true;
  while (!is_idle()) step(milliseconds(100));
}

void client_producer::remove(const batch_ptr& done) {
  partition_queue& queue = *done->queue;
  const auto at = std::find(queue.sealed.begin(), queue.sealed.end(), done);
  if (at == queue.sealed.end()) return;
  queue.sealed.erase(at);
  buffered_bytes_ -= done->buffered_bytes;
  --batches_;
}

}  // namespace jackdaw::net
