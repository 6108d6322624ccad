// What a broker does to a batch of a hundred 100-byte records: check it, walk over it, make one, with each codec.
#include <benchmark/benchmark.h>

#include <string>

#include "jackdaw/base/random.hpp"
#include "jackdaw/protocol/record_builder.hpp"
#include "jackdaw/protocol/record_reader.hpp"

namespace {

using namespace jackdaw;
using namespace jackdaw::protocol;

constexpr int records = 100;
constexpr std::size_t value_bytes = 100;

// Half random, half not: packs about as well as JSON events do.
const std::vector<std::string>& values() {
  static const std::vector<std::string> all = [] {
    random_source random(1);
    std::vector<std::string> made(records, std::string(value_bytes, 'v'));
    for (auto& value : made) {
      for (std::size_t i = 0; i < value_bytes / 2; ++i) value[i] = static_cast<char>('a' + random.below(26));
    }
    return made;
  }();
  return all;
}

batch_view fill(batch_builder& builder, codec c) {
  batch_options options;
  options.compression.type = c;
  builder.reset(options);
  for (const auto& value : values()) builder.add({{1'700'000'000'000}, std::nullopt, as_bytes(value), {}});
  return builder.finish().value();
}

void set_counters(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * records);
  state.SetBytesProcessed(state.iterations() * records * static_cast<std::int64_t>(value_bytes));
  state.SetLabel(name_of(static_cast<codec>(state.range(0))));
}

void validate_batch(benchmark::State& state) {
  batch_builder builder;
  const batch_view batch = fill(builder, static_cast<codec>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(validate(batch).has_value());
  set_counters(state);
}

void inspect_batch(benchmark::State& state) {
  batch_builder builder;
  record_reader reader;
  const batch_view batch = fill(builder, static_cast<codec>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(inspect_client_batch(batch, {}, reader).has_value());
  set_counters(state);
}

void build_batch(benchmark::State& state) {
  batch_builder builder;
  for (auto _ : state) benchmark::DoNotOptimize(fill(builder, static_cast<codec>(state.range(0))).size_bytes());
  set_counters(state);
}

BENCHMARK(validate_batch)->DenseRange(0, 4);
BENCHMARK(inspect_batch)->DenseRange(0, 4);
BENCHMARK(build_batch)->DenseRange(0, 4);

}  // namespace
