// jackdaw consume: records to standard output.
#include <unistd.h>

#include "consuming.hpp"
#include "jackdaw/cli/record_format.hpp"
#include "jackdaw/cli/terminal.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds poll_interval{250};

struct consume_options {
  std::vector<std::string> topics;
  std::string partitions;
  std::string from;
  std::string until;
  bool from_beginning = false;
  std::uint64_t count = 0;
  std::string format;
  bool with_key = false;
  std::string null_text;
  std::string idle;
  bool committed = false;
  group_options group;
};

outcome<reading_plan> plan_for(const consume_options& o) {
  reading_plan plan;
  plan.topics = o.topics;
  if (!o.partitions.empty()) {
    auto partitions = parse_partitions(o.partitions);
    if (!partitions) return failure(partitions.error());
    plan.partitions = std::move(*partitions);
  }
  const std::int64_t now_ms = wall_clock_ms();
  // Who names an end wants what is there, not what comes.
  std::string from = o.from.empty() ? (o.until.empty() && !o.from_beginning ? "end" : "beginning") : o.from;
  auto start = parse_position(from, now_ms);
  if (!start) return failure(start.error());
  plan.from = *start;
  if (!o.until.empty()) {
    auto end = parse_position(o.until, now_ms);
    if (!end) return failure(end.error());
    plan.until = *end;
  }
  return plan;
}

outcome<std::int64_t> idle_limit_ms(const consume_options& o) {
  if (o.idle.empty()) return std::int64_t{-1};
  auto ms = parse_duration_ms(o.idle);
  if (!ms) return failure(ms.error());
  return *ms;
}

outcome<void> read(net::client_fetcher& fetcher, record_printer& out, const consume_options& o, std::int64_t idle_ms) {
  std::uint64_t records = 0;
  auto last_record = clock::now();
  net::client_fetcher::on_record handler = [&](std::string_view topic, partition_id p, const protocol::record_view& r) {
    out.add(topic, p, r);
    return ++records != o.count && !interrupted();
  };
  while (!interrupted() && !fetcher.is_done() && (o.count == 0 || records < o.count)) {
    auto got = fetcher.step(poll_interval, handler);
    out.flush();
    if (!got && got.error().code == errc::out_of_range) {
      return failure{exit_status::failed,
                     got.error().detail + "; see what there is with: jackdaw topic describe --offsets"};
    }
    if (!got) return failure(got.error());
    const auto now = clock::now();
    if (*got != 0) last_record = now;
    if (idle_ms >= 0 && now - last_record >= milliseconds(idle_ms)) break;
  }
  return boost::system::in_place_value;
}

// Where a partition starts of which the group has no offset.
outcome<position_spec> group_start(const consume_options& o) {
  if (!o.partitions.empty() || !o.until.empty()) {
    return usage(
        "a group's members share all partitions and go on: --partitions and --until can't be used with --group");
  }
  auto start = parse_position(!o.from.empty() ? o.from : o.from_beginning ? "beginning" : "end", wall_clock_ms());
  if (!start) return failure(start.error());
  return *start;
}

outcome<void> consume_with_group(context& ctx, const consume_options& o, const record_format& format) {
  auto start = group_start(o);
  if (!start) return start.error();
  auto idle_ms = idle_limit_ms(o);
  if (!idle_ms) return idle_ms.error();
  record_printer out(format, ctx.is_json());
  const reading_limits limits{o.count, *idle_ms, o.committed};
  return consume_as_member(ctx, o.topics, o.group, *start, limits, out);
}

outcome<void> consume(context& ctx, const consume_options& o) {
  const std::string format = !o.format.empty() ? o.format : o.with_key ? "%k\\t%v\\n" : "%v\\n";
  auto parsed = record_format::parse(format, o.null_text);
  if (!parsed) return failure(parsed.error());
  if (!o.group.name.empty()) return consume_with_group(ctx, o, *parsed);
  auto plan = plan_for(o);
  if (!plan) return plan.error();
  auto idle_ms = idle_limit_ms(o);
  if (!idle_ms) return idle_ms.error();
  auto client = ctx.client();
  if (!client) return client.error();
  net::fetcher_options fetching;
  fetching.is_read_committed = o.committed;
  net::client_fetcher fetcher(**client, fetching);
  if (auto added = add_sources(**client, *plan, fetcher); !added) return added;
  catch_interrupts();
  record_printer out(std::move(*parsed), ctx.is_json());
  return read(fetcher, out, o, *idle_ms);
}

void declare(command verb, consume_options& o) {
  verb.add_option("topics", o.topics, "What to read").required();
  verb.add_option("-p,--partitions", o.partitions, "Only these: 0,3,5-7");
  verb.add_option("-f,--from", o.from,
                  "beginning, end (the default without --until), an offset, -COUNT before the end, time:TIME");
  verb.add_flag("--from-beginning", o.from_beginning, "The same as --from beginning");
  verb.add_option("-u,--until", o.until, "Stop there: end (as it is now), an offset, time:TIME");
  verb.add_option("-c,--count", o.count, "Stop after so many records").positive();
  verb.add_option("--idle", o.idle, "Stop when nothing came for so long: 5s");
  verb.add_option("-F,--format", o.format,
                  "%t topic %p partition %o offset %k key %v value %h headers %T timestamp %D date, \\n");
  verb.add_flag("-k,--key", o.with_key, "Key, tab, value");
  verb.add_option("--null", o.null_text, "What a null key or value is printed as");
  declare_group(verb, o.group);
  verb.add_flag("--committed", o.committed, "Leave out what open and aborted transactions wrote");
  verb.footer("With -o json each line is an object. Ends with status 0 on ^C.");
}

}  // namespace

void add_consume(command app, context& ctx) {
  add_verb<consume_options>(app, ctx, "consume", "Reads records", declare, consume);
}

}  // namespace jackdaw::cli
