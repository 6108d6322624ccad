// Single records at a steady rate: how long until each is acknowledged, and until a reader has it. Both count from the
// time at which a record was due, so that a stall shows in every record that it held up.
#include <atomic>
#include <deque>
#include <thread>

#include "bench.hpp"
#include "consuming.hpp"
#include "jackdaw/base/counted.hpp"
#include "jackdaw/base/endian.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "producing.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t stamp_bytes = 8;

struct latency_options {
  load_options load;
  double rate = 1000;
  std::string duration = "10s";
  bool end_to_end = false;
  producing_options producing;
};

std::uint64_t microseconds_since(clock::time_point t) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - t).count());
}

// Reads what is written, on a thread and a connection of its own: an answer to a fetch that waits would hold up the
// answers to the writes behind it.
class follower {
 public:
  follower(net::client_options options, std::string topic)
      : client_(std::move(options)), topic_(std::move(topic)), fetcher_(client_, {}) {}
  ~follower() { stop(); }
  follower(const follower&) = delete;
  follower& operator=(const follower&) = delete;

  outcome<void> start() {
    const reading_plan plan{{topic_}, std::nullopt, {position_spec::kind::end, 0}, std::nullopt};
    if (auto added = add_sources(client_, plan, fetcher_); !added) return added;
    thread_ = std::thread([this] { follow(); });
    return boost::system::in_place_value;
  }
  // Waits for the last records to come, but not for ever.
  const histogram& finish(std::uint64_t expected) {
    const auto until = clock::now() + std::chrono::seconds(5);
    while (seen_.load() < expected && clock::now() < until && !failed_.load())
      std::this_thread::sleep_for(milliseconds(1));
    stop();
    return latencies_;
  }

 private:
  void follow() {
    net::client_fetcher::on_record handler = [&](std::string_view, partition_id, const protocol::record_view& r) {
      if (!r.value || r.value->size() < stamp_bytes) return true;
      const clock::time_point due{clock::duration(load_be<std::int64_t>(r.value->data()))};
      latencies_.add(microseconds_since(due));
      seen_.fetch_add(1);
      return true;
    };
    while (!stopping_.load()) {
      if (!fetcher_.step(milliseconds(100), handler)) failed_.store(true);
      if (failed_.load()) return;
    }
  }
  void stop() {
    stopping_.store(true);
    if (thread_.joinable()) thread_.join();
  }

  net::client client_;
  std::string topic_;
  net::client_fetcher fetcher_;
  std::thread thread_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> failed_ = false;
  std::atomic<std::uint64_t> seen_ = 0;
  histogram latencies_;
};

class pacer {
 public:
  pacer(producing& to, const latency_options& o, std::size_t size)
      : to_(to),
        interval_(std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>(1 / o.rate))),
        value_(size, 'x'),
        due_(static_cast<std::size_t>(to.producer.partition_count(to.topic))) {
    to_.producer.when_delivered([this](const net::delivery& d) { settle(d, true); });
    to_.producer.when_failed([this](const net::delivery& d, const error&) { settle(d, false); });
  }

  outcome<std::uint64_t> run(milliseconds duration) {
    progress shown;
    const auto start = clock::now();
    std::uint64_t sent = 0;
    for (auto due = start; due < start + duration && !interrupted(); due += interval_) {
      for (auto now = clock::now(); now < due; now = clock::now())
        to_.producer.step(std::chrono::floor<milliseconds>(due - now));
      if (auto queued = send(due, sent); !queued) return queued.error();
      ++sent;
      to_.producer.stop_lingering();
      to_.producer.step(milliseconds(0));
      if (shown.is_due())
        shown.show(std::to_string(sent) + " records, p99 " + std::to_string(latencies_.quantile(0.99)) + " us");
    }
    to_.producer.flush();
    return sent;
  }
  const histogram& latencies() const noexcept { return latencies_; }

 private:
  // A partition's batches come back in the order in which they were sent.
  void settle(const net::delivery& d, bool is_delivered) {
    auto& waiting = due_[static_cast<std::size_t>(d.partition.value())];
    for (std::int32_t i = 0; i < d.records && !waiting.empty(); ++i) {
      if (is_delivered) latencies_.add(microseconds_since(waiting.front()));
      waiting.pop_front();
    }
  }

  outcome<void> send(clock::time_point due, std::uint64_t number) {
    const auto count = static_cast<std::uint64_t>(due_.size());
    const partition_id partition{static_cast<std::int32_t>(number % count)};
    store_be(reinterpret_cast<std::byte*>(value_.data()), static_cast<std::int64_t>(due.time_since_epoch().count()));
    protocol::new_record record;
    record.timestamp = {wall_clock_ms()};
    record.value = as_bytes(value_);
    due_[static_cast<std::size_t>(partition.value())].push_back(due);
    auto queued = to_.producer.send(to_.topic, partition, record);
    if (!queued) return failure(queued.error());
    return boost::system::in_place_value;
  }

  producing& to_;
  clock::duration interval_;
  std::string value_;
  std::vector<std::deque<clock::time_point>> due_;
  histogram latencies_;
};

outcome<void> run(context& ctx, const latency_options& o) {
  auto size = parse_bytes(o.load.size);
  if (!size) return failure(size.error());
  auto duration_ms = parse_duration_ms(o.duration);
  if (!duration_ms) return failure(duration_ms.error());
  if (*size < stamp_bytes) return usage("--size must be at least 8: a record carries the time at which it was due");
  if (auto there = ensure_topic(ctx, o.load.topic, o.load.partitions); !there) return there;
  auto to = start_producing(ctx, o.load.topic, o.producing);
  if (!to) return to.error();
  std::optional<follower> reader;
  if (o.end_to_end) {
    reader.emplace((*ctx.client())->options(), o.load.topic);
    if (auto started = reader->start(); !started) return started;
  }
  catch_interrupts();
  pacer paced(**to, o, static_cast<std::size_t>(*size));
  const auto start = clock::now();
  auto sent = paced.run(milliseconds(*duration_ms));
  if (!sent) return sent.error();
  const double elapsed = std::chrono::duration<double>(clock::now() - start).count();
  figures out;
  out.add("records", static_cast<std::int64_t>(*sent));
  out.add("records_per_second", static_cast<double>(*sent) / elapsed);
  out.add_latencies(paced.latencies());
  if (reader) {
    const histogram& seen = reader->finish(*sent);
    const auto ms = [&](double q) { return static_cast<double>(seen.quantile(q)) / 1000; };
    out.add("read", static_cast<std::int64_t>(seen.count()));
    out.add("end_to_end_p50", ms(0.5), "ms");
    out.add("end_to_end_p99", ms(0.99), "ms");
    out.add("end_to_end_max", ms(1), "ms");
  }
  out.print(ctx);
  if ((*to)->producer.records_failed() == 0) return boost::system::in_place_value;
  return failure{exit_status::failed, "not written: " + counted((*to)->producer.records_failed(), "record") + ", " +
                                          (*to)->producer.first_failure()->detail};
}

}  // namespace

void add_bench_latency(command noun, context& ctx) {
  add_verb<latency_options>(
      noun, ctx, "latency", "Writes single records at a steady rate",
      [](command verb, latency_options& o) {
        declare_load(verb, o.load);
        verb.add_option("--rate", o.rate, "Records per second").positive().show_default();
        verb.add_option("--duration", o.duration, "For how long").show_default();
        verb.add_flag("--end-to-end", o.end_to_end, "Read them back, too");
        declare_producing(verb, o.producing);
      },
      run);
}

}  // namespace jackdaw::cli
