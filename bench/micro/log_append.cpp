// Appending to a partition's log on the real disk: what a produce request costs beyond receiving and answering.
#include <benchmark/benchmark.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/base/crc32c.hpp"
#include "jackdaw/disk/posix_disk.hpp"
#include "jackdaw/log/partition_log.hpp"
#include "jackdaw/protocol/record_builder.hpp"

namespace {

using namespace jackdaw;

struct log_on_disk {
  log_on_disk() {
    std::string pattern = (std::filesystem::temp_directory_path() / "jackdaw-bench-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    reopen();
  }
  ~log_on_disk() {
    log.reset();
    std::filesystem::remove_all(root);
  }
  // A new log, so that the page cache doesn't fill up.
  void reopen() {
    log.reset();
    std::filesystem::remove_all(root + "/t-0");
    log::open_options options;
    options.directory = root + "/t-0";
    options.topic_id = uuid{1, 2};
    options.config = std::make_shared<const log::log_config>();
    options.now = {1'000'000};
    options.is_new = true;
    log = std::move(log::partition_log::open(disk, options).value());
  }

  std::string root;
  disk::posix_disk disk;
  std::unique_ptr<log::partition_log> log;
  log::append_scratch scratch;
};

std::vector<std::byte> batch_of(std::size_t records, std::size_t record_bytes, protocol::codec codec, bool idempotent) {
  protocol::batch_options options;
  options.compression.type = codec;
  if (idempotent) {
    options.producer_id = producer_id{1};
    options.producer_epoch = producer_epoch{0};
    options.base_sequence = 0;
  }
  protocol::batch_builder builder(options);
  std::string value(record_bytes, 'x');
  for (std::size_t i = 0; i < records; ++i) {
    for (std::size_t at = 0; at < value.size(); at += 3) value[at] = static_cast<char>('a' + (i * 7 + at) % 26);
    protocol::new_record record;
    record.timestamp = {1'000'000};
    record.value = as_bytes(value);
    builder.add(record);
  }
  const auto made = builder.finish();
  return {made->bytes().begin(), made->bytes().end()};
}

void append_batches(benchmark::State& state, std::size_t records, protocol::codec codec) {
  log_on_disk on_disk;
  const auto original = batch_of(records, 100, codec, false);
  auto batch = original;
  log::append_options options;
  options.epoch = leader_epoch{1};
  options.now = {1'000'000};
  for (auto _ : state) {
    std::copy_n(original.begin(), 61, batch.begin());
    const auto out = on_disk.log->append(batch, options, on_disk.scratch);
    if (!out.ok()) state.SkipWithError(out.message.c_str());
    if (on_disk.log->size_bytes() > 512 * 1024 * 1024) {
      state.PauseTiming();
      on_disk.reopen();
      state.ResumeTiming();
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(records));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}

void plain_1mb(benchmark::State& state) { append_batches(state, 9500, protocol::codec::none); }
void plain_16kb(benchmark::State& state) { append_batches(state, 150, protocol::codec::none); }
void lz4_1mb(benchmark::State& state) { append_batches(state, 9500, protocol::codec::lz4); }
void zstd_1mb(benchmark::State& state) { append_batches(state, 9500, protocol::codec::zstd); }
void single_record(benchmark::State& state) { append_batches(state, 1, protocol::codec::none); }

// The least that any broker must do: check and write.
void floor_crc_and_write(benchmark::State& state) {
  log_on_disk on_disk;
  const auto batch = batch_of(static_cast<std::size_t>(state.range(0)), 100, protocol::codec::none, false);
  auto file = on_disk.disk.open(on_disk.root + "/floor", log::open_mode::truncate).value();
  std::uint64_t position = 0;
  const bytes_view parts[] = {batch};
  for (auto _ : state) {
    benchmark::DoNotOptimize(crc32c(bytes_view(batch).subspan(21)));
    if (!file->write_at(parts, position)) state.SkipWithError("write failed");
    position += batch.size();
    if (position > 512 * 1024 * 1024) {
      state.PauseTiming();
      position = 0;
      file = on_disk.disk.open(on_disk.root + "/floor", log::open_mode::truncate).value();
      state.ResumeTiming();
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}

// Without the write: what looking at every record costs.
void inspect(benchmark::State& state, protocol::codec codec) {
  const auto batch = batch_of(9600, 100, codec, false);
  protocol::record_reader reader;
  for (auto _ : state) {
    auto summary = protocol::inspect_client_batch(protocol::batch_view(batch), {}, reader);
    benchmark::DoNotOptimize(summary);
  }
  state.SetItemsProcessed(state.iterations() * 9600);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
void inspect_plain(benchmark::State& state) { inspect(state, protocol::codec::none); }
void inspect_lz4(benchmark::State& state) { inspect(state, protocol::codec::lz4); }

// Reading at the end, as a consumer that keeps up does.
void read_tail(benchmark::State& state) {
  log_on_disk on_disk;
  log::append_options options;
  options.epoch = leader_epoch{1};
  options.now = {1'000'000};
  const auto original = batch_of(150, 100, protocol::codec::none, false);
  for (int i = 0; i < 200; ++i) {
    auto batch = original;
    if (!on_disk.log->append(batch, options, on_disk.scratch).ok()) state.SkipWithError("append failed");
  }
  const offset end = on_disk.log->log_end_offset();
  const std::int64_t behind = state.range(0);
  for (auto _ : state) {
    auto slice = on_disk.log->read(end - behind, 1 << 20, end, true);
    benchmark::DoNotOptimize(slice);
  }
}

BENCHMARK(floor_crc_and_write)->Arg(9500)->Arg(150)->Arg(1);
BENCHMARK(plain_1mb);
BENCHMARK(plain_16kb);
BENCHMARK(single_record);
BENCHMARK(lz4_1mb);
BENCHMARK(zstd_1mb);
BENCHMARK(inspect_plain);
BENCHMARK(inspect_lz4);
BENCHMARK(read_tail)->Arg(150)->Arg(20000);

}  // namespace
