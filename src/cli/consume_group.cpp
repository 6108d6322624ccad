// jackdaw consume --group: reads as a member of a group.
#include <algorithm>

#include "consuming.hpp"
#include "groups.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "jackdaw/net/client_group.hpp"
#include "offsets.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

constexpr milliseconds poll_interval{250};
constexpr milliseconds farewell_time{5000};  // for the last commit and the leaving

outcome<milliseconds> duration(const std::string& text) {
  auto ms = parse_duration_ms(text);
  if (!ms) return failure(ms.error());
  return milliseconds(*ms);
}

outcome<net::group_member_options> member_options(const std::vector<std::string>& topics, const group_options& o) {
  auto session = duration(o.session_timeout);
  if (!session) return session.error();
  auto commit = duration(o.commit_interval);
  if (!commit) return commit.error();
  net::group_member_options out;
  out.group = o.name;
  out.topics = topics;
  std::sort(out.topics.begin(), out.topics.end());
  out.topics.erase(std::unique(out.topics.begin(), out.topics.end()), out.topics.end());
  out.instance_id = o.instance;
  out.session_timeout = *session;
  out.heartbeat_interval = std::min(out.heartbeat_interval, *session / 3);
  out.commit_interval = *commit;
  return out;
}

class group_reader {
 public:
  group_reader(context& ctx, net::client& client, net::group_member_options options, const position_spec& start,
               const reading_limits& limits, record_printer& out, bool is_verbose)
      : ctx_(ctx),
        client_(client),
        group_name_(options.group),
        directory_(client),
        group_(client, std::move(options)),
        start_(start),
        limits_(limits),
        out_(out),
        is_verbose_(is_verbose) {
    positions_ = [this] { return positions(); };
    handler_ = [this](std::string_view topic, partition_id p, const protocol::record_view& r) {
      out_.add(topic, p, r);
      return ++records_ != limits_.count && !interrupted();
    };
  }

  outcome<void> run() {
    last_record_ = clock::now();
    std::optional<clock::time_point> stop_until;
    while (!group_.member().is_over()) {
      if (!stop_until && is_enough()) {
        group_.stop();
        stop_until = clock::now() + farewell_time;
      }
      if (stop_until && clock::now() >= *stop_until) {
        ctx_.note("the coordinator of " + group_named(group_name_) + " didn't answer the farewell");
        break;
      }
      if (auto stepped = group_.step(positions_); !stepped) return failure(stepped.error());
      if (auto opened = follow_assignment(); !opened) return opened;
      if (auto got = read(); !got) return got;
    }
    return boost::system::in_place_value;
  }

 private:
  bool is_enough() const {
    if (interrupted() || (limits_.count != 0 && records_ >= limits_.count)) return true;
    const bool is_reading = fetcher_ && group_.member().may_read();
    return is_reading && limits_.idle_ms >= 0 && clock::now() - last_record_ >= milliseconds(limits_.idle_ms);
  }

  net::group_positions positions() const {
    net::group_positions out;
    if (!fetcher_) return out;
    for (const auto& p : fetcher_->positions()) out[{p.topic, p.partition}] = p.next;
    return out;
  }

  outcome<void> read() {
    const milliseconds wait = group_.member().is_over() ? milliseconds(0) : group_.wait(poll_interval);
    if (!fetcher_ || !group_.member().may_read()) {
      client_.poll(wait);
      return boost::system::in_place_value;
    }
    auto got = fetcher_->step(wait, handler_);
    out_.flush();  // before it can be committed
    if (!got && got.error().code == errc::out_of_range) return find_way_back();
    if (!got) return failure(got.error());
    if (*got != 0) last_record_ = clock::now();
    return boost::system::in_place_value;
  }

  outcome<void> follow_assignment() {
    const auto& member = group_.member();
    if (member.assignment_count() == seen_) return boost::system::in_place_value;
    seen_ = member.assignment_count();
    fetcher_.reset();
    if (is_verbose_) tell(member);
    if (member.assigned().empty()) return boost::system::in_place_value;
    auto committed = fetch_committed(directory_, group_name_);
    if (!committed) return committed.error();
    last_record_ = clock::now();
    return start_fetching(member.assigned(), *committed);
  }

  // Retention (or a truncation) took what was to be read next. What was handed out is not handed out again.
  outcome<void> find_way_back() { return start_fetching(group_.member().assigned(), positions()); }

  void tell(const net::group_member& member) const {
    std::string text = group_named(group_name_) + " generation " + std::to_string(member.generation()) + ":";
    if (member.assigned().empty()) text += " no partitions";
    for (const auto& [topic, partitions] : member.assigned()) text += ' ' + topic + ':' + format_partitions(partitions);
    ctx_.note(text);
  }

  // From where the group was, as long as the log holds that; else from where the user wants to start.
  outcome<void> start_fetching(const net::assigned_partitions& assigned, const std::map<topic_partition, offset>& was) {
    net::fetcher_options fetching;
    fetching.is_read_committed = limits_.is_read_committed;
    fetching.lane = net::client_lane::fetches;
    fetcher_ = std::make_unique<net::client_fetcher>(client_, fetching);
    for (const auto& [topic, partitions] : assigned) {
      auto found = find_topic(client_, topic);
      if (!found && found.error().status == exit_status::not_found) continue;  // deleted since it was assigned
      if (!found) return found.error();
      auto begins = list_offsets(client_, topic, partitions, earliest_offset);
      if (!begins) return begins.error();
      auto ends = list_offsets(client_, topic, partitions, latest_offset);
      if (!ends) return ends.error();
      auto starts = resolve(client_, topic, partitions, start_);
      if (!starts) return starts.error();
      for (const partition_id p : partitions) {
        const auto at = was.find({topic, p});
        const bool is_there = at != was.end() && at->second >= (*begins)[p] && at->second <= (*ends)[p];
        const offset wanted = is_there ? at->second : (*starts)[p];
        const offset from = std::clamp(wanted, (*begins)[p], std::max((*begins)[p], (*ends)[p]));
        if (at != was.end() && !is_there) {
          ctx_.note("topic '" + topic + "' partition " + std::to_string(p.value()) + " has no offset " +
                    std::to_string(at->second.value()) + " any more, where the group was; it goes on at " +
                    std::to_string(from.value()));
        }
        fetcher_->add(topic, p, from);
      }
    }
    return boost::system::in_place_value;
  }

  context& ctx_;
  net::client& client_;
  std::string group_name_;
  coordinators directory_;
  net::client_group group_;
  position_spec start_;
  reading_limits limits_;
  record_printer& out_;
  bool is_verbose_;
  unique_function<net::group_positions()> positions_;
  net::client_fetcher::on_record handler_;
  std::unique_ptr<net::client_fetcher> fetcher_;
  std::uint64_t seen_ = 0;
  std::uint64_t records_ = 0;
  clock::time_point last_record_;
};

}  // namespace

void declare_group(command verb, group_options& o) {
  verb.add_option("-g,--group", o.name, "Read as a member of this group: share the partitions, go on where it was");
  verb.add_option("--instance", o.instance, "A static member of this name, which keeps its partitions over a restart");
  verb.add_option("--session-timeout", o.session_timeout, "With --group: silent for so long, others take over")
      .show_default();
  verb.add_option("--commit-interval", o.commit_interval, "With --group: how often offsets are committed")
      .show_default();
  verb.add_flag("-v,--verbose", o.is_verbose, "With --group: tell which partitions are assigned");
}

outcome<void> consume_as_member(context& ctx, const std::vector<std::string>& topics, const group_options& o,
                                const position_spec& start, const reading_limits& limits, record_printer& out) {
  auto options = member_options(topics, o);
  if (!options) return options.error();
  auto client = ctx.client();
  if (!client) return client.error();
  for (const auto& topic : topics) {
    if (auto found = find_topic(**client, topic); !found) return found.error();
  }
  catch_interrupts();
  group_reader reader(ctx, **client, std::move(*options), start, limits, out, o.is_verbose);
  return reader.run();
}

}  // namespace jackdaw::cli
