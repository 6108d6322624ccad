// Fetches from any number of partitions: one request under way to each leader, the next sent before the last is read.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/net/client.hpp"
#include "jackdaw/protocol/messages/fetch.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::net {

struct fetcher_options {
  std::chrono::milliseconds max_wait{500};
  std::int32_t min_bytes = 1;
  std::int32_t max_bytes = 50 * 1024 * 1024;
  std::int32_t partition_max_bytes = 1024 * 1024;
  bool is_read_committed = false;
  std::chrono::milliseconds retry_backoff{100};
  client_lane lane = client_lane::ordinary;
};

class client_fetcher {
 public:
  // A record as it was read; views last until the handler returns. False from the handler stops the round: the record
  // counts as read, what is behind it is kept for the next call.
  using on_record = unique_function<bool(std::string_view topic, partition_id, const protocol::record_view&)>;

  // `via` must outlive this object, and know the topics. Answers that come after this object's end are dropped.
  client_fetcher(client& via, fetcher_options options);
  client_fetcher(const client_fetcher&) = delete;
  client_fetcher& operator=(const client_fetcher&) = delete;
  ~client_fetcher();

  // Records from `from` up to, not including, `until`.
  void add(std::string_view topic, partition_id partition, offset from,
           offset until = offset{std::numeric_limits<std::int64_t>::max()});
  // Hands out what has come; waits for at most `wait` when nothing has. Fails when a partition can't be read on:
  // errc::out_of_range for an offset that isn't there, errc::corrupt for damaged batches, errc::not_found.
  result<std::size_t> step(std::chrono::milliseconds wait, on_record& handler);

  // All partitions were read up to their `until`.
  bool is_done() const noexcept;
  // Every partition was read up to the end that the last answer told.
  bool is_at_end() const noexcept;
  struct position {
    std::string topic;
    partition_id partition;
    offset next;
    offset high_watermark;  // -1: not known yet
  };
  std::vector<position> positions() const;
  std::uint64_t bytes_fetched() const noexcept { return bytes_fetched_; }

 private:
  struct source;
  struct fetched;

  void send_fetches(client::clock::time_point now);
  void send_fetch(broker_id to, std::vector<source*> sources);
  protocol::fetch_request make_request(const std::vector<source*>& sources, std::int16_t version) const;
  void on_reply(broker_id from, const std::vector<source*>& asked, result<raw_reply> reply);
  void take(source& from, const protocol::fetch_response::partition_data& data, const std::shared_ptr<buffer>& frame);
  void handle_error(source& from, protocol::error_code code);
  result<bool> hand_out(fetched& data, on_record& handler, std::size_t& count);
  result<bool> hand_out_batch(fetched& data, const protocol::batch_view& batch, on_record& handler, std::size_t& count);
  void look_for_leader(source& from, client::clock::time_point now);
  void back_off(source& from);

  client& via_;
  fetcher_options options_;
  std::vector<std::unique_ptr<source>> sources_;
  std::map<std::int32_t, bool> asked_;  // by broker: a fetch is under way
  std::deque<fetched> ready_;
  std::size_t ready_bytes_ = 0;
  protocol::record_reader reader_;
  std::optional<error> failure_;
  std::uint64_t bytes_fetched_ = 0;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);  // requests under way look whether it is
};

}  // namespace jackdaw::net
