// Produces: batches records by partition, keeps several requests in flight, retries in order.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/net/client.hpp"
#include "jackdaw/protocol/record_builder.hpp"

namespace jackdaw::net {

struct producer_options {
  std::int16_t acks = -1;     // 0, 1, -1 (all in-sync replicas)
  bool is_idempotent = true;  // needs acks = -1
  protocol::compression compression;
  std::size_t batch_bytes = 128 * 1024;  // before compression
  std::size_t request_bytes_max = 1024 * 1024;
  std::size_t buffer_bytes = 32 * 1024 * 1024;  // of records that wait: send() then waits for room
  std::chrono::milliseconds linger{5};          // how long an unfilled batch waits for more
  int in_flight_max = 5;                        // requests for each broker
  std::chrono::milliseconds delivery_timeout{120000};
  std::chrono::milliseconds retry_backoff{100};
};

// What became of one batch.
struct delivery {
  std::string_view topic;
  partition_id partition;
  offset base_offset = no_offset;  // -1: not known (acks = 0)
  std::int32_t records = 0;
  std::size_t size_bytes = 0;
  std::chrono::steady_clock::time_point created;  // when its first record was added
};

class client_producer {
 public:
  using on_delivery = unique_function<void(const delivery&)>;
  using on_failure = unique_function<void(const delivery&, const error&)>;

  // `via` must outlive this object.
  client_producer(client& via, producer_options options, std::uint64_t seed);
  client_producer(const client_producer&) = delete;
  client_producer& operator=(const client_producer&) = delete;
  ~client_producer();

  // Called for each batch, from send(), step() and flush(). Without on_failed, failed records are only counted.
  void when_delivered(on_delivery call) { delivered_ = std::move(call); }
  void when_failed(on_failure call) { failed_ = std::move(call); }

  // Gets a producer id when idempotent. Once, before the first send.
  result<void> start();
  // Looks the topic up; its handle is for send().
  result<int> add_topic(std::string_view name, std::chrono::milliseconds patience);
  std::int32_t partition_count(int topic) const;
  // Copies the record into a batch. Without a partition: by the key's hash, or a random one that stays for a batch.
  // Waits while the buffer is full. errc::invalid_argument for a partition that isn't there, errc::too_large for a
  // record beyond the request limit.
  result<void> send(int topic, std::optional<partition_id> partition, const protocol::new_record& record);
  // Starts what is due and handles what came back; waits for at most `wait`. True when `also_fd` has input.
  bool step(std::chrono::milliseconds wait, int also_fd = -1);
  // Until everything is delivered or failed.
  void flush();
  // Everything that is queued goes out with the next step, filled or not.
  void stop_lingering() noexcept { linger_over_ = true; }

  std::uint64_t records_delivered() const noexcept { return records_delivered_; }
  std::uint64_t records_failed() const noexcept { return records_failed_; }
  bool is_idle() const noexcept { return batches_ == 0; }
  std::size_t buffered_bytes() const noexcept { return buffered_bytes_; }
  // The error of the first batch that failed.
  const std::optional<error>& first_failure() const noexcept { return first_failure_; }

 private:
  struct batch;
  struct partition_queue;
  struct topic_state;
  struct outcome;
  using batch_ptr = std::shared_ptr<batch>;
  using produced = std::vector<batch_ptr>;  // the batches of one request

  partition_queue& choose(topic_state& topic, std::optional<partition_id> wanted, const protocol::new_record& record);
  void seal(partition_queue& queue);
  void seal_due(client::clock::time_point now);
  void send_ready(client::clock::time_point now);
  bool may_pass(const batch_ptr& failed, protocol::error_code code) const;
  bool is_sendable(const partition_queue& queue, client::clock::time_point now) const;
  void send_request(broker_id to, produced batches);
  result<std::vector<std::byte>> encode(const produced& batches, std::int16_t version, correlation_id id) const;
  void on_reply(broker_id from, const produced& batches, result<raw_reply> reply);
  void finish(const batch_ptr& done, const outcome& what);
  void retry(const batch_ptr& failed, const error& why);
  void expire(client::clock::time_point now);
  void request_new_id();
  void take_new_id(producer_id id, producer_epoch epoch);
  void stamp(batch& sealed);
  void remove(const batch_ptr& done);
  client::clock::time_point next_due(client::clock::time_point now) const;

  client& via_;
  producer_options options_;
  random_source random_;
  producer_id id_;
  producer_epoch epoch_;
  // A batch that failed for good leaves a gap in its partition's sequences, which only a new producer id closes:
  // nothing is sent from the failure until the id is there.
  enum class id_state { valid, draining, requested } id_state_ = id_state::valid;
  std::vector<std::unique_ptr<topic_state>> topics_;
  std::map<std::int32_t, int> in_flight_;  // by broker
  std::size_t buffered_bytes_ = 0;
  std::size_t batches_ = 0;  // open, queued or in flight
  bool linger_over_ = false;
  std::uint64_t records_delivered_ = 0;
  std::uint64_t records_failed_ = 0;
  std::optional<error> first_failure_;
  std::optional<error> last_retry_;
  on_delivery delivered_;
  on_failure failed_;
};

}  // namespace jackdaw::net
