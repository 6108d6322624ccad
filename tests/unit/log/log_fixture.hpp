// A partition's log on a simulated disk.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "jackdaw/log/partition_log.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "support/sim_disk.hpp"
#include "support/test_batch.hpp"

namespace jackdaw::log {

using testing::crash_kind;
using testing::disk_operation;
using testing::from_producer;
using testing::make_batch;
using testing::make_marker;
using testing::sim_disk;
using testing::test_record;

struct read_record {
  std::int64_t at = 0;
  std::string value;
  std::int64_t timestamp = 0;
  bool operator==(const read_record&) const = default;
};

class log_fixture : public ::testing::Test {
 protected:
  log_fixture() {
    config.index_interval_bytes = 100;
    EXPECT_TRUE(disk.create_directories("/data") && disk.sync_directory("/"));
    open(true);
  }

  void open(bool is_new = false, bool clean = false, offset recovery_point = offset{0}, offset log_start = offset{0}) {
    log.reset();
    report = {};
    auto opened = try_open(is_new, clean, recovery_point, log_start);
    ASSERT_TRUE(opened) << to_string(opened.error());
    log = std::move(*opened);
    log->check();
  }
  result<std::unique_ptr<partition_log>> try_open(bool is_new, bool clean, offset recovery_point, offset log_start) {
    open_options options;
    options.directory = dir;
    options.topic_id = topic;
    options.partition = partition_id{0};
    options.config = std::make_shared<const log_config>(config);
    options.clean_shutdown = clean;
    options.recovery_point = recovery_point;
    options.log_start_offset = log_start;
    options.now = now;
    if (is_new) return std::move(create_logs(disk, {options}).front());
    return partition_log::open(disk, options, &report);
  }
  // As if the configuration were changed while the log is open.
  void reconfigure() { log->set_config(std::make_shared<const log_config>(config)); }

  append_outcome append(std::vector<std::byte> batch, append_origin origin = append_origin::client, int epoch = 1) {
    append_options options;
    options.epoch = leader_epoch{epoch};
    options.now = now;
    options.origin = origin;
    auto out = log->append(batch, options, scratch);
    log->check();
    return out;
  }
  // Appends that must work; returns the base offset.
  std::int64_t put(int count, const std::string& prefix = "v", std::int64_t timestamp = 1000, int epoch = 1) {
    const auto out = append(make_batch(count, prefix, timestamp), append_origin::client, epoch);
    EXPECT_TRUE(out.ok()) << name_of(out.error) << ' ' << out.message;
    return out.base_offset.value();
  }

  std::vector<std::byte> bytes_of(const read_slice& slice) {
    std::vector<std::byte> bytes(slice.size_bytes);
    if (slice.empty()) return bytes;
    auto got = slice.file->read_at(bytes, slice.position);
    EXPECT_TRUE(got && *got == bytes.size());
    return bytes;
  }
  std::vector<read_record> records_in(const std::vector<std::byte>& bytes) {
    std::vector<read_record> out;
    protocol::batch_iterator batches(bytes);
    while (auto next = batches.next()) {
      if (!*next) break;
      EXPECT_TRUE(protocol::validate(**next));
      EXPECT_TRUE(scratch.reader.open(**next));
      protocol::record_view record;
      while (true) {
        auto more = scratch.reader.next(record);
        EXPECT_TRUE(more);
        if (!more || !*more) break;
        out.push_back(
            {record.offset.value(), std::string(as_text(record.value.value_or(bytes_view{}))), record.timestamp.value});
      }
    }
    EXPECT_EQ(batches.remaining(), 0u) << "a slice ends inside a batch";
    return out;
  }
  // One read, by a worker if it is cold.
  read_slice read(std::int64_t from, std::uint32_t max_bytes = 1 << 20, std::int64_t upper = INT64_MAX,
                  bool min_one = true) {
    auto out = log->read(offset{from}, max_bytes, offset{upper}, min_one);
    EXPECT_TRUE(out) << to_string(out.error());
    if (!out) return {};
    was_cold = out->cold.has_value();
    if (!was_cold) return std::move(out->slice);
    auto slice = out->cold->run();
    EXPECT_TRUE(slice) << to_string(slice.error());
    return slice ? std::move(*slice) : read_slice{};
  }
  // Everything from `from` on, slice by slice, as a consumer reads it.
  std::vector<read_record> read_all(std::int64_t from = -1, std::uint32_t max_bytes = 1 << 20) {
    std::vector<read_record> all;
    std::int64_t at = from < 0 ? log->log_start_offset().value() : from;
    while (at < log->log_end_offset().value()) {
      const auto records = records_in(bytes_of(read(at, max_bytes)));
      if (records.empty()) {
        ADD_FAILURE() << "nothing to read at " << at;
        break;
      }
      for (const auto& r : records) {
        if (r.at >= at) all.push_back(r);
      }
      at = records.back().at + 1;
    }
    return all;
  }
  std::vector<std::string> values(const std::vector<read_record>& records) {
    std::vector<std::string> out;
    for (const auto& r : records) out.push_back(r.value);
    return out;
  }

  void flush() {
    const auto job = log->prepare_flush();
    auto done = job.run(disk);
    ASSERT_TRUE(done) << to_string(done.error());
    log->flush_done(job);
    log->check();
  }
  void close() {
    auto closed = log->close(true);
    ASSERT_TRUE(closed) << to_string(closed.error());
    log.reset();
  }
  std::vector<std::string> files() {
    std::vector<std::string> names;
    const auto entries = disk.list(dir);
    for (const auto& e : *entries) names.push_back(e.name);
    std::sort(names.begin(), names.end());
    return names;
  }
  bool has_file(const std::string& name) { return disk.exists(dir + "/" + name); }
  std::string first_log_path() const { return dir + "/00000000000000000000.log"; }

  std::string dir = "/data/t-0";
  uuid topic{0x1111, 0x2222};
  timestamp_ms now{10'000};
  log_config config;
  sim_disk disk{1};
  append_scratch scratch;
  recovery_report report;
  std::unique_ptr<partition_log> log;
  bool was_cold = false;
};

}  // namespace jackdaw::log
