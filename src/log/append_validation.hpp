// What a broker asks of records before they become part of a log.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "jackdaw/log/append.hpp"
#include "jackdaw/log/log_config.hpp"
#include "jackdaw/protocol/record_batch.hpp"

namespace jackdaw::log {

// Batches that may be appended once offsets are assigned: the caller's bytes, or a recompressed copy in the scratch.
struct valid_batches {
  mutable_bytes bytes;
  std::int32_t batches = 0;
  std::int64_t records = 0;
};

// Says in `out` that nothing is appended, and why.
inline std::nullopt_t refuse(append_outcome& out, append_error why, std::string message) {
  out.error = why;
  out.message = std::move(message);
  return std::nullopt;
}

// A client's records: exactly one batch, every record of it checked, timestamps set as the topic wants them. Nothing
// means refused, as `out` says.
std::optional<valid_batches> validate_client_batch(mutable_bytes records, const append_options& options,
                                                   const log_config& config, append_scratch& scratch,
                                                   append_outcome& out);
// Batches of our own or of a leader: sizes and checksums, and offsets that rise from batch to batch. An incomplete one
// at the end is left out.
std::optional<valid_batches> validate_trusted_batches(mutable_bytes records, const append_options& options,
                                                      append_outcome& out);

}  // namespace jackdaw::log
