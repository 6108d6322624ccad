// jackdaw bench produce|consume|latency
#include "bench.hpp"

#include <sys/resource.h>

#include "jackdaw/base/counted.hpp"
#include "jackdaw/base/random.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/create_topics.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;

void figures::add(std::string key, cell value, std::string unit) {
  rows_.push_back({std::move(key), std::move(value), std::move(unit)});
}

void figures::add_latencies(const histogram& h) {
  const auto ms = [](std::uint64_t us) { return static_cast<double>(us) / 1000; };
  add("latency_p50", ms(h.quantile(0.5)), "ms");
  add("latency_p95", ms(h.quantile(0.95)), "ms");
  add("latency_p99", ms(h.quantile(0.99)), "ms");
  add("latency_p999", ms(h.quantile(0.999)), "ms");
  add("latency_max", ms(h.max()), "ms");
}

void figures::print(const context& ctx) const {
  if (ctx.is_json()) {
    protocol::json_printer json;
    json.begin_object();
    for (const auto& row : rows_) {
      json.key(row.unit.empty() ? row.key : row.key + '_' + row.unit);
      cli::print(json, row.value);
    }
    json.end_object();
    return context::print(json);
  }
  std::size_t widest = 0;
  for (const auto& row : rows_) widest = std::max(widest, row.key.size());
  for (const auto& row : rows_) {
    std::string name = row.key;
    std::replace(name.begin(), name.end(), '_', ' ');
    context::print(name + std::string(widest + 2 - name.size(), ' ') + to_text(row.value) +
                   (row.unit.empty() ? "" : " " + row.unit) + "\n");
  }
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// Half of it repeats, so that codecs find about as much as in JSON events.
payloads::payloads(std::size_t size) : size_(size) {
  random_source random(42);
  pool_.resize(size + pool_offsets);
  for (std::size_t i = 0; i < pool_.size(); ++i) {
    pool_[i] = (i / 16) % 2 == 0 ? static_cast<char>('a' + random.below(26)) : "the same again, "[i % 16];
  }
}

outcome<void> ensure_topic(context& ctx, const std::string& name, std::int32_t partitions) {
  auto client = ctx.client();
  if (!client) return client.error();
  auto known = (*client)->topic(name, milliseconds(0));
  if (known) return boost::system::in_place_value;
  if (known.error().code != errc::not_found) return failure(known.error());
  protocol::create_topics_request request;
  request.timeout_ms = static_cast<std::int32_t>((*client)->options().request_timeout.count());
  auto& topic = request.topics.emplace_back();
  topic.name = name;
  topic.num_partitions = partitions;
  topic.replication_factor = -1;
  auto answered = (*client)->call<protocol::create_topics_response>(request);
  if (!answered) return failure(answered.error());
  const auto& created = answered->body.topics.front();
  if (created.error_code != protocol::error_code::none) {
    return refused("topic '" + name + "'", created.error_code, created.error_message);
  }
  ctx.note("made topic '" + name + "' with " + counted(static_cast<std::uint64_t>(partitions), "partition"));
  return boost::system::in_place_value;
}

void declare_load(command verb, load_options& o) {
  verb.add_option("-t,--topic", o.topic, "Made when there is none").show_default();
  verb.add_option("-p,--partitions", o.partitions, "Of a topic that is made").positive().show_default();
  verb.add_option("-s,--size", o.size, "Bytes of each value").show_default();
}

void add_bench(command app, context& ctx) {
  const command noun = add_noun(app, "bench", "Measures throughput and latency");
  add_bench_produce(noun, ctx);
  add_bench_consume(noun, ctx);
  add_bench_latency(noun, ctx);
}

}  // namespace jackdaw::cli
