// jackdaw top
#include <algorithm>

#include "groups.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/cli/terminal.hpp"
#include "jackdaw/cli/top_view.hpp"
#include "top_activity.hpp"
#include "verbs.hpp"

namespace jackdaw::cli {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

constexpr std::size_t rows_without_terminal = 50;

struct top_options {
  std::string interval = "2s";
  std::vector<std::string> topics;
  std::vector<std::string> groups;
  bool internal = false;
  bool partitions = false;
  bool once = false;
};

void add_brokers(const net::cluster_metadata& metadata, top_sample& out) {
  out.cluster_id = metadata.cluster_id();
  for (const auto& b : metadata.brokers()) {
    out.brokers.push_back({b.id, to_string(b.at), b.id == metadata.controller()});
  }
}

std::set<topic_partition> partitions_of(const net::cluster_metadata& metadata, const top_options& o,
                                        const partition_selection& selection, top_sample& out) {
  std::set<topic_partition> partitions;
  for (const auto& [name, topic] : metadata.topics()) {
    for (const auto& p : topic.partitions) {
      if (p.in_sync.size() < p.replicas.size()) ++out.under_replicated;
      if (p.leader.value() < 0) ++out.without_leader;
      if (topic.is_internal && !o.internal) continue;
      if (is_selected(selection, {name, p.id})) partitions.insert({name, p.id});
    }
  }
  return partitions;
}

class sampler {
 public:
  sampler(net::client& client, const top_options& o, partition_selection selection)
      : client_(client), directory_(client), o_(o), selection_(std::move(selection)) {}

  outcome<top_sample> sample() {
    top_sample out;
    if (auto fresh = client_.refresh_metadata(std::nullopt); !fresh) return failure(fresh.error());
    add_brokers(client_.metadata(), out);
    ask_activity(client_, out);
    const auto partitions = partitions_of(client_.metadata(), o_, selection_, out);
    // Commits first: then no lag is below what it was.
    if (auto added = add_groups(out); !added) return added.error();
    auto ends = log_ends_of_known(client_, partitions);
    if (!ends) return ends.error();
    out.at_ms = std::chrono::duration_cast<milliseconds>(clock::now().time_since_epoch()).count();
    for (const auto& [tp, end] : *ends) {
      const auto* known = client_.metadata().partition(tp.first, tp.second);
      out.partitions[tp] = {end.value(), known != nullptr ? known->leader : broker_id{}};
    }
    return out;
  }

 private:
  outcome<void> add_groups(top_sample& out) {
    auto listed = list_groups(client_, {}, {});
    if (!listed) return listed.error();
    std::vector<std::string> names;
    for (const auto& g : *listed) {
      const bool is_wanted =
          o_.groups.empty() || std::find(o_.groups.begin(), o_.groups.end(), g.name) != o_.groups.end();
      // Other groups keep no offsets of their own here.
      const bool has_offsets = g.type.empty() || g.type == "classic" || g.type == "consumer" || g.type == "streams";
      if (!is_wanted || !has_offsets) continue;
      out.groups[g.name].state = g.state;
      names.push_back(g.name);
    }
    if (names.empty()) return boost::system::in_place_value;
    auto committed = fetch_committed(directory_, names);
    if (!committed) return committed.error();
    for (auto& [name, offsets] : *committed) out.groups[name].committed = std::move(offsets);
    return boost::system::in_place_value;
  }

  net::client& client_;
  coordinators directory_;
  const top_options& o_;
  partition_selection selection_;
};

void wait(net::client& client, milliseconds time, int keys, screen* shown, bool& is_over) {
  const auto until = clock::now() + time;
  while (!is_over && !interrupted() && clock::now() < until) {
    const auto left = std::chrono::ceil<milliseconds>(until - clock::now());
    if (client.poll(std::min(left, milliseconds(250)), keys) && shown != nullptr) is_over = shown->is_quit_pressed();
  }
}

void print_json(const top_view& view) {
  protocol::json_printer json;
  print(json, view);
  context::print(json);
  std::fflush(stdout);
}

std::string text_of(const top_view& view, const top_options& o, const std::string& title) {
  const std::size_t height = terminal_height();
  return to_screen(view, title, o.partitions, terminal_width(), height == 0 ? rows_without_terminal : height);
}

outcome<void> show_once(context& ctx, net::client& client, sampler& samples, const top_options& o,
                        milliseconds interval) {
  auto before = samples.sample();
  if (!before) return before.error();
  bool is_over = false;
  wait(client, interval, -1, nullptr, is_over);
  auto now = samples.sample();
  if (!now) return now.error();
  const top_view view = look(&*before, *now);
  if (ctx.is_json()) {
    print_json(view);
  } else {
    context::print(text_of(view, o, ""));
  }
  return boost::system::in_place_value;
}

// What fails meanwhile is shown in the first line, and tried again.
outcome<void> show_live(context& ctx, net::client& client, sampler& samples, const top_options& o,
                        milliseconds interval) {
  auto first = samples.sample();
  if (!first) return first.error();
  std::optional<top_sample> before;
  top_sample now = std::move(*first);
  std::optional<screen> shown;
  if (!ctx.is_json()) shown.emplace();
  std::string trouble;
  bool is_over = false;
  while (!is_over && !interrupted()) {
    const top_view view = look(before ? &*before : nullptr, now);
    const std::string title = trouble.empty() ? format_time(wall_clock_ms()).substr(11, 8) + "Z" : trouble;
    if (shown) shown->show(text_of(view, o, title));
    if (!shown && before) print_json(view);
    wait(client, interval, shown ? shown->keys() : -1, shown ? &*shown : nullptr, is_over);
    if (is_over || interrupted()) break;
    auto next = samples.sample();
    trouble = next ? "" : next.error().text;
    if (!next) continue;
    before = std::move(now);
    now = std::move(*next);
  }
  return boost::system::in_place_value;
}

outcome<void> top(context& ctx, const top_options& o) {
  auto interval = parse_duration_ms(o.interval);
  if (!interval) return failure(interval.error());
  if (*interval < 100) return usage("--interval must be 100ms or more");
  auto selection = parse_selection(o.topics);
  if (!selection) return selection.error();
  auto client = ctx.client();
  if (!client) return client.error();
  catch_interrupts();
  sampler samples(**client, o, std::move(*selection));
  const milliseconds pause{*interval};
  return o.once ? show_once(ctx, **client, samples, o, pause) : show_live(ctx, **client, samples, o, pause);
}

}  // namespace

void add_top(command app, context& ctx) {
  add_verb<top_options>(
      app, ctx, "top", "Shows live what the cluster does: rates of topics, lags of groups, slow requests",
      [](command verb, top_options& o) {
        verb.add_option("-i,--interval", o.interval, "How often it looks; rates are since the last look")
            .show_default();
        verb.add_option("-t,--topic", o.topics, "Only these: topic, or topic:0,2-4").repeatable();
        verb.add_option("-g,--group", o.groups, "Only these groups").repeatable();
        verb.add_flag("-p,--partitions", o.partitions, "The busiest partitions instead of topics");
        verb.add_flag("--internal", o.internal, "Topics of the cluster itself, too");
        verb.add_flag("--once", o.once, "Print one screen, after one interval, and end");
        verb.footer("Ends with q or ^C. With -o json each look is an object in a line of its own.");
      },
      top);
}

}  // namespace jackdaw::cli
