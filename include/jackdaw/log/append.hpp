// What goes into partition_log::append beside the records, and what comes out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jackdaw/base/buffer.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/result.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace jackdaw::log {

enum class append_origin : std::uint8_t {
  client,       // exactly one batch, validated as Kafka does; offsets are assigned
  coordinator,  // batches of our own (transaction markers): offsets are assigned, control batches are welcome
  replication,  // batches of a leader: offsets and epochs are kept, they must begin at or after the log's end
  raft,         // entries of the metadata log: the same, but of any size
};
constexpr bool keeps_offsets(append_origin o) noexcept {
  return o == append_origin::replication || o == append_origin::raft;
}

struct append_options {
  leader_epoch epoch;  // stored in the batches, unless they keep theirs
  timestamp_ms now;
  append_origin origin = append_origin::client;
  bool zstd_allowed = true;  // false for Produce before version 7
};

// Named as Kafka's error codes, which the broker maps them to one by one.
enum class append_error : std::uint8_t {
  none,
  corrupt_message,
  invalid_record,     // with record_errors where single records are to blame
  invalid_timestamp,  // with record_errors
  message_too_large,
  record_list_too_large,
  unsupported_for_message_format,
  unsupported_compression_type,
  out_of_order_sequence_number,
  invalid_producer_epoch,
  invalid_txn_state,
  transaction_coordinator_fenced,
  kafka_storage_error,  // full, failing or suspect disk: nothing of the batch is in the log
  unexpected_offset,    // replication only: the batches don't continue the log
};
const char* name_of(append_error e) noexcept;

// Which record of the batch (0 is the first) and why.
struct record_error {
  std::int32_t batch_index = 0;
  std::string message;
};

struct append_outcome {
  append_error error = append_error::none;
  // With kafka_storage_error: no_space, or io.
  errc storage = errc::io;
  // A duplicate of one of the producer's last five batches: nothing was written, the offsets are those of the first
  // time, and what Kafka answers is success.
  bool duplicate = false;
  offset base_offset = no_offset;
  offset last_offset = no_offset;
  timestamp_ms log_append_time{-1};  // -1 with CreateTime
  offset log_start_offset = no_offset;
  std::int32_t records = 0;
  std::string message;
  std::vector<record_error> record_errors;

  bool ok() const noexcept { return error == append_error::none; }
};

// Buffers and codec tables that appends need for compressed batches: one per shard, handed to each append.
struct append_scratch {
  protocol::record_reader reader;
  protocol::decompressor unpack;
  protocol::compressor pack;
  buffer plain;                   // records unpacked to be looked at
  std::vector<std::byte> packed;  // a batch packed again
};

}  // namespace jackdaw::log
