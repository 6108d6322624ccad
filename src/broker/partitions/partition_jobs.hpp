// What a request asks of the partitions of one shard. A job is made on the request's home shard, travels to the owner
// of the partitions as a message, is filled in there, and travels back: nobody shares it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "clients/fetch_session.hpp"
#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/broker/reply.hpp"
#include "jackdaw/protocol/error_codes.hpp"

namespace jackdaw::broker {

// A record of a refused batch, by its place in the batch (KIP-467).
struct record_refusal {
  std::int32_t batch_index = 0;
  std::string message;
};

// One partition's part of a produce request, and what became of it.
struct append_item {
  uuid topic_id;
  partition_id partition;
  mutable_bytes records;      // into the job's frame; offsets are patched there
  std::size_t answer_at = 0;  // for the home shard: where the answer has its place

  protocol::error_code error = protocol::error_code::none;
  std::string error_message;
  std::vector<record_refusal> refusals;
  offset base_offset{-1};
  std::int64_t log_append_time_ms = -1;  // -1 unless the topic stamps records itself
  offset log_start_offset{-1};
};

struct append_job {
  std::shared_ptr<buffer> frame;
  std::vector<append_item> items;
  bool wait_for_all = false;  // acks=all
  bool zstd_allowed = true;   // since version 7
  // On the owner's thread, once every item is refused or as durable and replicated as asked.
  unique_function<void(std::unique_ptr<append_job>)> done;
};
using append_job_ptr = std::unique_ptr<append_job>;

// Names a fetch that waits, for the owners of its partitions.
struct fetch_key {
  shard_id home;
  std::uint64_t fetch_id = 0;
  auto operator<=>(const fetch_key&) const noexcept = default;
};

// One partition's part of a fetch, and what is there.
struct read_item {
  fetch_target target;
  std::size_t answer_at = 0;

  protocol::error_code error = protocol::error_code::none;
  offset high_watermark{-1};
  offset last_stable_offset{-1};
  offset log_start_offset{-1};
  // Where the reader's log and ours part (KIP-595); -1: they don't.
  leader_epoch diverging_epoch;
  offset diverging_end_offset{-1};
  file_slice records;  // size 0: nothing to read
  // What the limits would let through, if batches could be cut: counts for min.bytes, as in Kafka. At least what
  // `records` has; more when a limit keeps the next batch out.
  std::int64_t available_bytes = 0;
};

struct read_job {
  std::vector<read_item> items;
  std::int64_t max_bytes = 0;  // of all items together; the first batch is given even if it is larger
  bool read_committed = false;
  // When less than this is available in the items together and none fails, the owner tells the fetch on its home shard
  // of data that arrives later, until it is told to stop. 0: never.
  std::int64_t watch_below_bytes = 0;
  fetch_key watcher;
  bool is_watched = false;  // set by the owner
  unique_function<void(std::unique_ptr<read_job>)> done;
};
using read_job_ptr = std::unique_ptr<read_job>;

}  // namespace jackdaw::broker
