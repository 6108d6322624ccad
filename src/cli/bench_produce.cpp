#include "bench.hpp"
#include "jackdaw/base/counted.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "producing.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct produce_options {
  load_options load;
  std::uint64_t records = 1'000'000;
  double rate = 0;
  std::uint64_t keys = 0;
  producing_options producing;
};

double seconds_since(clock::time_point start) { return std::chrono::duration<double>(clock::now() - start).count(); }

// Stops early on ^C; returns how many records were sent.
outcome<std::uint64_t> pump(producing& to, const produce_options& o, std::size_t size) {
  payloads values(size);
  progress shown;
  const auto start = clock::now();
  const std::int64_t start_ms = wall_clock_ms();
  std::uint64_t sent = 0;
  std::string key;
  while (sent < o.records && !interrupted()) {
    // The clock is read once in a while: it costs as much as a record.
    std::uint64_t burst = std::min<std::uint64_t>(o.records - sent, 64);
    const double elapsed = seconds_since(start);
    if (o.rate > 0) {
      const double due = elapsed * o.rate - static_cast<double>(sent);
      burst = due <= 0 ? 0 : std::min<std::uint64_t>(burst, static_cast<std::uint64_t>(due) + 1);
      to.producer.step(milliseconds(burst == 0 ? 1 : 0));
    }
    protocol::new_record record;
    record.timestamp = {start_ms + static_cast<std::int64_t>(elapsed * 1000)};
    for (; burst > 0; --burst, ++sent) {
      if (o.keys != 0) {
        key = "key-" + std::to_string((sent * 2654435761U) % o.keys);
        record.key = as_bytes(key);
      }
      record.value = as_bytes(values.next());
      if (auto queued = to.producer.send(to.topic, std::nullopt, record); !queued) return failure(queued.error());
    }
    if (shown.is_due()) {
      const double done = static_cast<double>(to.producer.records_delivered());
      shown.show(format_count(done) + " of " + format_count(static_cast<double>(o.records)) + " records, " +
                 format_count(done / elapsed) + "/s");
    }
  }
  to.producer.flush();
  return sent;
}

outcome<void> run(context& ctx, const produce_options& o) {
  auto size = parse_bytes(o.load.size);
  if (!size) return failure(size.error());
  if (auto there = ensure_topic(ctx, o.load.topic, o.load.partitions); !there) return there;
  auto to = start_producing(ctx, o.load.topic, o.producing);
  if (!to) return to.error();
  histogram latencies;
  (*to)->producer.when_delivered([&](const net::delivery& d) {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - d.created).count();
    latencies.add(static_cast<std::uint64_t>(us), static_cast<std::uint64_t>(d.records));
  });
  catch_interrupts();
  const double cpu_before = cpu_seconds();
  const auto start = clock::now();
  auto sent = pump(**to, o, static_cast<std::size_t>(*size));
  if (!sent) return sent.error();
  const double elapsed = seconds_since(start);
  const auto delivered = static_cast<double>((*to)->producer.records_delivered());
  figures out;
  out.add("records", static_cast<std::int64_t>(delivered));
  out.add("time", elapsed, "s");
  out.add("records_per_second", delivered / elapsed);
  out.add("throughput", delivered * static_cast<double>(*size) / elapsed / 1e6, "MB/s");
  out.add_latencies(latencies);
  out.add("client_cpu", cpu_seconds() - cpu_before, "s");
  out.print(ctx);
  if ((*to)->producer.records_failed() == 0) return boost::system::in_place_value;
  return failure{exit_status::failed, "not written: " + counted((*to)->producer.records_failed(), "record") + ", " +
                                          (*to)->producer.first_failure()->detail};
}

}  // namespace

void add_bench_produce(command noun, context& ctx) {
  add_verb<produce_options>(
      noun, ctx, "produce", "Writes as fast as it can, or at a rate",
      [](command verb, produce_options& o) {
        declare_load(verb, o.load);
        verb.add_option("-n,--records", o.records, "How many").positive().show_default();
        verb.add_option("--rate", o.rate, "Records per second at most").positive();
        verb.add_option("--keys", o.keys, "So many different keys; 0 is none").show_default();
        declare_producing(verb, o.producing);
      },
      run);
}

}  // namespace jackdaw::cli
