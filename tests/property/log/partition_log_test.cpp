// Random sequences of everything that can happen to a partition's log, faults of the disk among it, against a model
// that is a plain list of records. What was flushed is never lost, what is read is a prefix of what was written.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <vector>

#include "jackdaw/log/partition_log.hpp"
#include "jackdaw/protocol/record_reader.hpp"
#include "log_steps.hpp"
#include "model.hpp"
#include "support/sim_disk.hpp"
#include "support/test_batch.hpp"

namespace jackdaw::log {
namespace {

using testing::crash_kind;
using testing::sim_disk;

class checked_log {
 public:
  checked_log(std::uint64_t seed, bool small_segments, bool preallocate) : disk_(seed), random_(seed) {
    config_.preallocate = preallocate;
    config_.segment_bytes = small_segments ? 700 : 20'000;
    config_.index_interval_bytes = small_segments ? 60 : 300;
    config_.retention_ms = -1;
    RC_ASSERT(bool(disk_.create_directories("/d")) && bool(disk_.sync_directory("/")));
    open(false);
  }

  void step(std::uint32_t op, std::uint32_t arg) {
    trace_ << op % 24 << ':' << arg << ' ';
    switch (op % 24) {
      default: append(1 + arg % 5); break;
      case 9: RC_ASSERT(bool(log_->roll(now()))); break;
      case 10: flush(); break;
      case 11: flush_later(); break;
      case 12: crash(crash_kind::process); break;
      case 13: crash(crash_kind::power); break;
      case 14: crash(crash_kind::worst); break;
      case 15: reopen_clean(); break;
      case 16: truncate(arg); break;
      case 17: delete_records(arg); break;
      case 18: retention(arg); break;
      case 19: read_some(arg); break;
      case 20: find_time(arg); break;
      case 21: failed_flush(arg); break;
      case 22: full_disk(arg); break;
      case 23: jump(arg); break;
    }
    log_->check();
    RC_ASSERT(log_->log_end_offset().value() == end());
  }
  void verify() { RC_ASSERT(read_from(start_) == visible()); }
  void verify_files() { check_files(*log_, disk_, directory); }
  std::string trace() const { return trace_.str(); }

 private:
  static constexpr const char* directory = "/d/t-0";

  std::int64_t end() const { return base_ + static_cast<std::int64_t>(records_.size()); }
  timestamp_ms now() const { return {clock_}; }
  history visible() const {
    return {records_.begin() + static_cast<std::ptrdiff_t>(std::max(start_ - base_, std::int64_t{0})), records_.end()};
  }
  const model_record& record(std::int64_t at) const { return records_[static_cast<std::size_t>(at - base_)]; }

  void open(bool clean) {
    open_options options;
    options.directory = directory;
    options.topic_id = uuid{1, 2};
    options.config = std::make_shared<const log_config>(config_);
    options.clean_shutdown = clean;
    options.recovery_point = offset{flushed_};
    options.log_start_offset = offset{start_};
    options.now = now();
    auto opened = partition_log::open(disk_, options);
    if (!opened) RC_FAIL("open: " + to_string(opened.error()));
    log_ = std::move(*opened);
    log_->check();
  }

  std::vector<std::byte> next_batch(int count) {
    // Sequence numbers are offsets: they find out whether producers' state is what it was.
    std::vector<testing::test_record> records;
    for (int i = 0; i < count; ++i) {
      clock_ += static_cast<std::int64_t>(random_.below(10));
      const std::int64_t late = random_.one_in(4) ? static_cast<std::int64_t>(random_.below(30)) : 0;
      std::string value = std::to_string(written_++);
      value.resize(5 + random_.below(40), 'x');
      records.push_back({value, clock_ - late, std::nullopt});
    }
    auto options = testing::from_producer(1, 0, static_cast<std::int32_t>(end()));
    if (random_.one_in(3)) options.compression.type = protocol::codec::lz4;
    pending_.clear();
    for (std::size_t i = 0; i < records.size(); ++i) {
      pending_.push_back({end() + static_cast<std::int64_t>(i), records[i].timestamp_ms, records[i].value});
    }
    return testing::make_batch(records, options);
  }
  append_outcome try_append(int count) {
    auto batch = next_batch(count);
    append_options options;
    options.epoch = leader_epoch{epoch_};
    options.now = now();
    const std::vector<std::byte> original = batch;
    auto out = log_->append(batch, options, scratch_);
    if (out.ok() && random_.one_in(5)) {
      auto copy = original;
      const auto again = log_->append(copy, options, scratch_);
      RC_ASSERT(again.duplicate && again.base_offset == out.base_offset && again.last_offset == out.last_offset);
    }
    return out;
  }
  void append(std::uint32_t count) {
    const auto out = try_append(static_cast<int>(count));
    if (!out.ok()) RC_FAIL(std::string("append: ") + name_of(out.error) + " " + out.message);
    RC_ASSERT(out.base_offset.value() == end());
    records_.insert(records_.end(), pending_.begin(), pending_.end());
  }

  void flush() {
    const auto job = log_->prepare_flush();
    RC_ASSERT(bool(job.run(disk_)));
    flushed(job);
  }
  void flushed(const flush_job& job) {
    log_->flush_done(job);
    if (job.truncations != log_->truncations()) return;
    flushed_ = log_->recovery_point().value();
    RC_ASSERT(flushed_ >= job.end.value());
    pasts_.flushed();
  }
  // Appends go on while the disk is busy.
  void flush_later() {
    const auto job = log_->prepare_flush();
    append(2);
    RC_ASSERT(bool(job.run(disk_)));
    append(1);
    flushed(job);
  }

  void crash(crash_kind kind) {
    log_.reset();
    disk_.crash(kind);
    open(false);
    start_ = log_->log_start_offset().value();
    const history found = read_from(start_);
    if (kind == crash_kind::process) {
      RC_ASSERT(found == visible());
      return;
    }
    RC_ASSERT(pasts_.explain(found, records_, start_));
    RC_ASSERT(log_->log_end_offset().value() >= flushed_);
    // What was read after the crash is what was written from now on.
    std::erase_if(records_, [&](const model_record& r) { return r.at >= start_; });
    records_.insert(records_.end(), found.begin(), found.end());
    const std::int64_t found_end = log_->log_end_offset().value();
    if (records_.empty()) base_ = found_end;
    RC_ASSERT(end() == found_end);
    ++epoch_;
    // A restarted broker flushes what it recovered; else another crash might lose what this one didn't.
    flush();
  }

  void reopen_clean() {
    RC_ASSERT(bool(log_->close(true)));
    log_.reset();
    open(true);
    flushed_ = log_->recovery_point().value();
    RC_ASSERT(flushed_ == end());
    pasts_.flushed();
    verify();
  }

  void truncate(std::uint32_t arg) {
    const std::int64_t to = start_ + static_cast<std::int64_t>(arg % static_cast<std::uint32_t>(end() - start_ + 1));
    pasts_.cutting(records_);
    RC_ASSERT(bool(log::truncate(*log_, offset{to}, random_)));
    const std::int64_t new_end = log_->log_end_offset().value();
    RC_ASSERT(new_end <= to);
    start_ = std::min(start_, new_end);
    if (new_end < base_) base_ = new_end;
    records_.resize(static_cast<std::size_t>(new_end - base_));
    flushed_ = std::min(flushed_, new_end);
    pasts_.cut_to(new_end);
    ++epoch_;  // logs are truncated when leaders change
    verify();
  }

  void delete_records(std::uint32_t arg) {
    start_ += static_cast<std::int64_t>(arg % static_cast<std::uint32_t>(end() - start_ + 1));
    RC_ASSERT(bool(log_->move_log_start(offset{start_})));
  }

  void retention(std::uint32_t arg) {
    config_.retention_bytes = arg % 4000;
    log_->set_config(std::make_shared<const log_config>(config_));
    retain(*log_, disk_, offset{end()}, now(), random_);
    RC_ASSERT(log_->log_start_offset().value() >= start_);
    start_ = log_->log_start_offset().value();
    verify();
  }

  void jump(std::uint32_t arg) {
    if (arg % 8 != 0) return append(1);
    pasts_.cutting(records_);
    base_ = start_ = end() + 10;
    records_.clear();
    pasts_.emptied();
    RC_ASSERT(bool(log_->truncate_fully_and_start_at(offset{base_})));
    flushed_ = std::min(flushed_, base_);
    ++epoch_;
    flush();
  }

  history read_from(std::int64_t from) {
    history out;
    const std::int64_t log_end = log_->log_end_offset().value();
    while (from < log_end) {
      const auto max_bytes = static_cast<std::uint32_t>(1 + random_.below(3000));
      disk_.set_cached(!random_.one_in(4));
      auto found = log_->read(offset{from}, max_bytes, offset{log_end}, true);
      if (!found) RC_FAIL("read: " + to_string(found.error()));
      read_slice slice = std::move(found->slice);
      if (found->cold) {
        auto warmed = found->cold->run();
        if (!warmed) RC_FAIL("cold read: " + to_string(warmed.error()));
        slice = std::move(*warmed);
      }
      disk_.set_cached(true);
      RC_ASSERT(!slice.empty() && log_->is_current(slice));
      from = decode(slice, from, out);
    }
    return out;
  }
  // Returns the offset behind the slice.
  std::int64_t decode(const read_slice& slice, std::int64_t from, history& out) {
    std::vector<std::byte> bytes(slice.size_bytes);
    RC_ASSERT(slice.file->read_at(bytes, slice.position).value() == bytes.size());
    protocol::batch_iterator batches(bytes);
    std::int64_t next = from;
    while (true) {
      auto batch = batches.next();
      RC_ASSERT(bool(batch));
      if (!*batch) break;
      RC_ASSERT(bool(protocol::validate(**batch)));
      RC_ASSERT(bool(scratch_.reader.open(**batch)));
      protocol::record_view record;
      while (scratch_.reader.next(record).value()) {
        if (record.offset.value() < from) continue;
        out.push_back({record.offset.value(), record.timestamp.value, std::string(as_text(*record.value))});
      }
      next = (*batch)->next_offset().value();
    }
    RC_ASSERT(batches.remaining() == 0u);
    RC_ASSERT(next > from);
    return next;
  }
  void read_some(std::uint32_t arg) {
    const std::int64_t from = start_ + static_cast<std::int64_t>(arg % static_cast<std::uint32_t>(end() - start_ + 1));
    history expected;
    for (const auto& r : records_) {
      if (r.at >= from) expected.push_back(r);
    }
    RC_ASSERT(read_from(from) == expected);
  }

  void find_time(std::uint32_t arg) {
    const std::int64_t target = clock_ - static_cast<std::int64_t>(arg % 200);
    const std::int64_t upper = end() - static_cast<std::int64_t>(arg % 3);
    std::int64_t expected = -1;
    for (const auto& r : records_) {
      if (r.at >= start_ && r.at < upper && r.timestamp >= target) {
        expected = r.at;
        break;
      }
    }
    const auto found = log_->find_timestamp({target}, offset{upper}).run().value();
    RC_ASSERT((found ? found->at.value() : -1) == expected);
    if (found) RC_ASSERT(found->timestamp.value == record(expected).timestamp);
  }

  void failed_flush(std::uint32_t arg) {
    append(1);
    disk_.set_syncs_fail(true);
    const auto job = log_->prepare_flush();
    const auto outcome = job.run(disk_);
    RC_ASSERT(!outcome);
    log_->flush_failed(job, outcome.error());
    RC_ASSERT(try_append(1).error == append_error::kafka_storage_error);
    verify();
    disk_.set_syncs_fail(false);
    if (arg % 3 == 0) return crash(crash_kind::worst);
    auto repair = log_->prepare_repair();
    RC_ASSERT(bool(repair));
    const auto repaired = repair->run(disk_);
    RC_ASSERT(bool(repaired) && repaired->complete);
    RC_ASSERT(bool(log_->repair_done(*repair, *repaired)));
    // Of files besides the segments it can't know what came before: flush them, too.
    flush();
  }

  void full_disk(std::uint32_t arg) {
    disk_.set_capacity_bytes(disk_.used_bytes() + arg % 60);
    const auto out = try_append(3);
    RC_ASSERT((out.ok() ? config_.preallocate : out.storage == errc::no_space));
    if (out.ok()) records_.insert(records_.end(), pending_.begin(), pending_.end());  // into what was reserved
    disk_.set_capacity_bytes(UINT64_MAX);
    verify();
  }

  sim_disk disk_;
  random_source random_;
  log_config config_;
  append_scratch scratch_;
  std::unique_ptr<partition_log> log_;
  std::ostringstream trace_;
  // The model: records from base_ on; readers see those from start_ on.
  history records_;
  history pending_;
  std::int64_t base_ = 0;
  std::int64_t start_ = 0;
  std::int64_t flushed_ = 0;
  possible_pasts pasts_;
  std::int64_t clock_ = 10'000;
  std::int64_t written_ = 0;
  int epoch_ = 1;
};

void run(bool small_segments, bool preallocate) {
  const auto seed = *rc::gen::arbitrary<std::uint64_t>().as("seed of the disk");
  const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint32_t>>>(
      rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 24), rc::gen::inRange<std::uint32_t>(0, 10'000)));
  checked_log log(seed, small_segments, preallocate);
  for (const auto& [op, arg] : steps) log.step(op, arg);
  log.verify();
  log.verify_files();
}

// Printed by RapidCheck with its seed; a failure is replayed by RC_PARAMS="seed=... max_success=...".
const bool configured = ::setenv("RC_PARAMS", "max_success=1000 max_size=150", 0) == 0;

TEST(partition_log_property, small_segments) {
  ASSERT_TRUE(configured && rc::check("the log is its model, segments of a few batches", [] { run(true, false); }));
}

TEST(partition_log_property, large_segments) {
  ASSERT_TRUE(configured && rc::check("the log is its model, larger segments", [] { run(false, false); }));
}

TEST(partition_log_property, preallocated_segments) {
  ASSERT_TRUE(configured && rc::check("the log is its model, zeros ahead of its end", [] { run(false, true); }));
}

}  // namespace
}  // namespace jackdaw::log
