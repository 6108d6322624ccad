// What the benchmarks share: payloads, figures, the topic.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "jackdaw/cli/histogram.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

struct load_options {
  std::string topic = "jackdaw-bench";
  std::int32_t partitions = 6;
  std::string size = "100";
};

void declare_load(command verb, load_options& o);
outcome<void> ensure_topic(context& ctx, const std::string& name, std::int32_t partitions);

// Values of one size that differ from each other, without a copy.
class payloads {
 public:
  explicit payloads(std::size_t size);
  std::string_view next() noexcept { return {pool_.data() + (at_++ * 61) % pool_offsets, size_}; }

 private:
  static constexpr std::size_t pool_offsets = 64 * 1024;
  std::string pool_;
  std::size_t size_;
  std::size_t at_ = 0;
};

// Named results: lines for people, one object with -o json.
class figures {
 public:
  void add(std::string key, cell value, std::string unit = "");
  void add_latencies(const histogram& h);
  void print(const context& ctx) const;

 private:
  struct figure {
    std::string key;
    cell value;
    std::string unit;
  };
  std::vector<figure> rows_;
};

// Of this process, so far.
double cpu_seconds();

void add_bench_produce(command noun, context& ctx);
void add_bench_consume(command noun, context& ctx);
void add_bench_latency(command noun, context& ctx);

}  // namespace jackdaw::cli
