#include "bench.hpp"
#include "consuming.hpp"
#include "jackdaw/cli/terminal.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct consume_options {
  std::string topic = "jackdaw-bench";
  std::uint64_t records = 0;
};

struct counts {
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;
};

outcome<counts> drain(net::client_fetcher& fetcher, std::uint64_t records_max) {
  counts got;
  progress shown;
  net::client_fetcher::on_record handler = [&](std::string_view, partition_id, const protocol::record_view& r) {
    got.bytes += (r.key ? r.key->size() : 0) + (r.value ? r.value->size() : 0);
    return ++got.records != records_max;
  };
  while (!interrupted() && !fetcher.is_done() && (records_max == 0 || got.records < records_max)) {
    auto step = fetcher.step(milliseconds(250), handler);
    if (!step) return failure(step.error());
    if (shown.is_due()) shown.show(format_count(static_cast<double>(got.records)) + " records");
  }
  return got;
}

outcome<void> run(context& ctx, const consume_options& o) {
  auto client = ctx.client();
  if (!client) return client.error();
  net::fetcher_options fetching;
  net::client_fetcher fetcher(**client, fetching);
  const reading_plan plan{
      {o.topic}, std::nullopt, {position_spec::kind::beginning, 0}, position_spec{position_spec::kind::end, 0}};
  if (auto added = add_sources(**client, plan, fetcher); !added) return added;
  catch_interrupts();
  const double cpu_before = cpu_seconds();
  const auto start = clock::now();
  auto got = drain(fetcher, o.records);
  if (!got) return got.error();
  const double elapsed = std::chrono::duration<double>(clock::now() - start).count();
  figures out;
  out.add("records", static_cast<std::int64_t>(got->records));
  out.add("time", elapsed, "s");
  out.add("records_per_second", static_cast<double>(got->records) / elapsed);
  out.add("throughput", static_cast<double>(got->bytes) / elapsed / 1e6, "MB/s");
  out.add("fetched", static_cast<double>(fetcher.bytes_fetched()) / 1e6, "MB");
  out.add("client_cpu", cpu_seconds() - cpu_before, "s");
  out.print(ctx);
  return boost::system::in_place_value;
}

}  // namespace

void add_bench_consume(command noun, context& ctx) {
  add_verb<consume_options>(
      noun, ctx, "consume", "Reads a topic from its beginning to its end",
      [](command verb, consume_options& o) {
        verb.add_option("-t,--topic", o.topic, "What to read").show_default();
        verb.add_option("-n,--records", o.records, "Stop after so many").positive();
      },
      run);
}

}  // namespace jackdaw::cli
