// Record batches for tests, as a client would send them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jackdaw/base/bytes.hpp"
#include "jackdaw/protocol/record_builder.hpp"

namespace jackdaw::testing {

struct test_record {
  std::string value;
  std::int64_t timestamp_ms = 1000;
  std::optional<std::string> key = std::nullopt;
};

inline std::vector<std::byte> make_batch(const std::vector<test_record>& records,
                                         protocol::batch_options options = {}) {
  protocol::batch_builder builder(options);
  for (const auto& r : records) {
    protocol::new_record record;
    record.timestamp = {r.timestamp_ms};
    if (r.key) record.key = as_bytes(*r.key);
    record.value = as_bytes(r.value);
    builder.add(record);
  }
  const auto batch = builder.finish();
  return {batch->bytes().begin(), batch->bytes().end()};
}

// `count` records "<prefix>0", "<prefix>1", ... with one timestamp.
inline std::vector<std::byte> make_batch(int count, const std::string& prefix = "v", std::int64_t timestamp_ms = 1000,
                                         protocol::batch_options options = {}) {
  std::vector<test_record> records;
  for (int i = 0; i < count; ++i) records.push_back({prefix + std::to_string(i), timestamp_ms, std::nullopt});
  return make_batch(records, options);
}

inline protocol::batch_options from_producer(std::int64_t id, std::int16_t epoch, std::int32_t sequence,
                                             bool transactional = false) {
  protocol::batch_options options;
  options.producer_id = producer_id{id};
  options.producer_epoch = producer_epoch{epoch};
  options.base_sequence = sequence;
  options.is_transactional = transactional;
  return options;
}

// The control batch that ends a transaction.
inline std::vector<std::byte> make_marker(std::int64_t id, std::int16_t epoch, bool commit,
                                          std::int32_t coordinator_epoch = 0, std::int64_t timestamp_ms = 1000) {
  protocol::batch_options options = from_producer(id, epoch, -1, true);
  options.is_control = true;
  std::byte key[4];
  store_be<std::int16_t>(key, 0);
  store_be<std::int16_t>(key + 2, commit ? 1 : 0);
  std::byte value[6];
  store_be<std::int16_t>(value, 0);
  store_be<std::int32_t>(value + 2, coordinator_epoch);
  protocol::batch_builder builder(options);
  protocol::new_record record;
  record.timestamp = {timestamp_ms};
  record.key = bytes_view(key);
  record.value = bytes_view(value);
  builder.add(record);
  const auto batch = builder.finish();
  return {batch->bytes().begin(), batch->bytes().end()};
}

}  // namespace jackdaw::testing
