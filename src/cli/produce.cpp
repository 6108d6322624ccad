// jackdaw produce: lines of standard input or files become records.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>

#include "jackdaw/base/counted.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "jackdaw/net/client_producer.hpp"
#include "jackdaw/net/unique_fd.hpp"
#include "offsets.hpp"
#include "producing.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct produce_options {
  std::string topic;
  std::vector<std::string> files;
  std::string key_separator;
  std::string header_separator;
  std::string delimiter = "\\n";
  std::string key;
  std::vector<std::string> headers;
  std::string value;
  bool has_value = false;
  bool is_tombstone = false;
  bool whole_files = false;
  bool empty_is_null = false;
  std::int32_t partition = -1;
  std::string timestamp;
  double rate = 0;
  bool verbose = false;
  producing_options producing;
};

// What the options say about every record.
struct record_plan {
  line_format lines;
  std::string delimiter;
  std::optional<std::string> key;
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<partition_id> partition;
  std::optional<std::int64_t> timestamp_ms;
};

outcome<std::optional<std::string>> unescaped(const std::string& text) {
  if (text.empty()) return std::optional<std::string>{};
  auto plain = unescape(text);
  if (!plain) return failure(plain.error());
  return std::optional(std::move(*plain));
}

outcome<record_plan> plan_for(const produce_options& o) {
  record_plan plan;
  auto key_separator = unescaped(o.key_separator);
  if (!key_separator) return key_separator.error();
  auto header_separator = unescaped(o.header_separator);
  if (!header_separator) return header_separator.error();
  auto delimiter = unescaped(o.delimiter);
  if (!delimiter) return delimiter.error();
  if (!*delimiter) return usage("the delimiter is empty");
  plan.lines = {*key_separator, *header_separator, o.empty_is_null};
  plan.delimiter = **delimiter;
  if (!o.key.empty()) plan.key = o.key;
  if (plan.key && plan.lines.key_separator) return usage("give one of --key and --key-separator");
  for (const auto& text : o.headers) {
    auto pair = parse_pair(text);
    if (!pair) return failure(pair.error());
    plan.headers.push_back(std::move(*pair));
  }
  if (o.partition >= 0) plan.partition = partition_id{o.partition};
  if (!o.timestamp.empty()) {
    auto ms = parse_time_ms(o.timestamp, wall_clock_ms());
    if (!ms) return failure(ms.error());
    plan.timestamp_ms = *ms;
  }
  return plan;
}

// Feeds one producer with records, at a rate if there is one, and tells how it goes.
class feed {
 public:
  feed(producing& to, const record_plan& plan, double rate)
      : to_(to), plan_(plan), rate_(rate), started_(clock::now()) {}

  outcome<void> add(const parsed_line& line) {
    wait_for_turn();
    std::vector<protocol::record_header> headers;
    for (const auto& [name, value] : plan_.headers) headers.push_back({name, as_bytes(value)});
    for (const auto& [name, value] : line.headers) headers.push_back({name, as_bytes(value)});
    protocol::new_record record;
    record.timestamp = {plan_.timestamp_ms.value_or(0)};
    if (!plan_.timestamp_ms) record.timestamp = {wall_clock_ms()};
    if (plan_.key) record.key = as_bytes(*plan_.key);
    if (line.key) record.key = as_bytes(*line.key);
    if (line.value) record.value = as_bytes(*line.value);
    record.headers = headers;
    ++sent_;
    auto sent = to_.producer.send(to_.topic, plan_.partition, record);
    if (!sent) return failure(sent.error());
    show_progress();
    return boost::system::in_place_value;
  }

  outcome<void> add_line(std::string_view text) {
    auto line = parse_line(text, plan_.lines);
    if (!line) return failure{exit_status::failed, "line " + std::to_string(sent_ + 1) + ": " + line.error().detail};
    return add(*line);
  }

  outcome<void> read_lines(int fd) {
    std::string pending;
    std::vector<char> chunk(64 * 1024);
    while (!interrupted()) {
      if (!to_.producer.step(milliseconds(1000), fd)) continue;
      const ssize_t got = ::read(fd, chunk.data(), chunk.size());
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return failure{exit_status::failed, std::string("the input can't be read, ") + std::strerror(errno)};
      if (got == 0) break;
      pending.append(chunk.data(), static_cast<std::size_t>(got));
      if (auto done = take_lines(pending); !done) return done;
    }
    if (!pending.empty() && !interrupted()) return add_line(pending);
    return boost::system::in_place_value;
  }

 private:
  outcome<void> take_lines(std::string& pending) {
    std::size_t at = 0;
    while (true) {
      const auto end = pending.find(plan_.delimiter, at);
      if (end == std::string::npos) break;
      if (auto done = add_line(std::string_view(pending).substr(at, end - at)); !done) return done;
      at = end + plan_.delimiter.size();
      if (interrupted()) break;
    }
    pending.erase(0, at);
    return boost::system::in_place_value;
  }

  void wait_for_turn() {
    if (rate_ <= 0) return;
    const auto turn = started_ + std::chrono::duration_cast<clock::duration>(
                                     std::chrono::duration<double>(static_cast<double>(sent_) / rate_));
    for (auto now = clock::now(); now < turn && !interrupted(); now = clock::now()) {
      to_.producer.step(std::chrono::ceil<milliseconds>(turn - now));
    }
  }

  void show_progress() {
    if ((sent_ & 0xff) != 0 || !progress_.is_due()) return;
    progress_.show(counted(to_.producer.records_delivered(), "record") + " written");
  }

  producing& to_;
  const record_plan& plan_;
  double rate_;
  clock::time_point started_;
  std::uint64_t sent_ = 0;
  progress progress_;
};

outcome<std::string> read_file(const std::string& path) {
  const net::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return failure{exit_status::failed, path + ": " + std::strerror(errno)};
  std::string content;
  char chunk[64 * 1024];
  while (true) {
    const ssize_t got = ::read(fd.get(), chunk, sizeof chunk);
    if (got < 0) return failure{exit_status::failed, path + ": " + std::strerror(errno)};
    if (got == 0) return content;
    content.append(chunk, static_cast<std::size_t>(got));
  }
}

outcome<void> feed_files(feed& to, const produce_options& o) {
  for (const auto& path : o.files) {
    if (o.whole_files) {
      auto content = read_file(path);
      if (!content) return content.error();
      if (auto done = to.add({std::nullopt, *content, {}}); !done) return done;
      continue;
    }
    const net::unique_fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return failure{exit_status::failed, path + ": " + std::strerror(errno)};
    if (auto done = to.read_lines(fd.get()); !done) return done;
  }
  return boost::system::in_place_value;
}

outcome<void> feed_all(feed& to, const produce_options& o) {
  if (o.is_tombstone) return to.add({});
  if (o.has_value) return to.add({std::nullopt, o.value, {}});
  if (!o.files.empty()) return feed_files(to, o);
  return to.read_lines(STDIN_FILENO);
}

void report_deliveries(producing& to) {
  to.producer.when_delivered([](const net::delivery& d) {
    std::fprintf(stderr, "%.*s partition %d offset %lld: %d records\n", static_cast<int>(d.topic.size()),
                 d.topic.data(), d.partition.value(), static_cast<long long>(d.base_offset.value()), d.records);
  });
}

outcome<void> produce(context& ctx, const produce_options& o) {
  auto plan = plan_for(o);
  if (!plan) return plan.error();
  auto to = start_producing(ctx, o.topic, o.producing);
  if (!to) return to.error();
  if (o.verbose) report_deliveries(**to);
  catch_interrupts();
  outcome<void> fed(boost::system::in_place_value);
  {
    feed records(**to, *plan, o.rate);
    fed = feed_all(records, o);
  }
  // What was read before a bad line is still delivered.
  (*to)->producer.flush();
  const auto finished = finish_producing(ctx, **to);
  return fed ? finished : fed;
}

void declare(command verb, produce_options& o) {
  verb.add_option("topic", o.topic, "Where the records go").required();
  verb.add_option("files", o.files, "Read these instead of standard input").existing_file();
  verb.add_option("-k,--key-separator", o.key_separator, "In a line, what stands before it is the key: '\\t', ':'");
  verb.add_option("--header-separator", o.header_separator,
                  "In a line, what stands before it is headers: name=value,name=value");
  verb.add_option("-d,--delimiter", o.delimiter, "What ends a record").show_default();
  verb.add_option("--key", o.key, "The key of every record");
  verb.add_option("-H,--header", o.headers, "name=value for every record, may be given again").repeatable();
  verb.add_option("-v,--value", o.value, "Write one record with this value").notes_given(o.has_value);
  verb.add_flag("--tombstone", o.is_tombstone, "Write one record with no value; give its --key");
  verb.add_flag("--whole-files", o.whole_files, "A file is one record");
  verb.add_flag("--empty-is-null", o.empty_is_null, "Lines without value become tombstones");
  verb.add_option("-p,--partition", o.partition, "Instead of the key's hash").non_negative();
  verb.add_option("--timestamp", o.timestamp, "Of every record: 2024-05-01T10:20:30Z, -1h; else the time now");
  verb.add_option("--rate", o.rate, "Records per second at most").positive();
  verb.add_flag("--verbose", o.verbose, "Tell where each batch went");
  declare_producing(verb, o.producing);
}

}  // namespace

void add_produce(command app, context& ctx) {
  add_verb<produce_options>(app, ctx, "produce", "Writes records from standard input or files", declare, produce);
}

}  // namespace jackdaw::cli
