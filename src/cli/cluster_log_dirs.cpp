// jackdaw cluster log-dirs
#include "cluster.hpp"
#include "groups.hpp"
#include "jackdaw/cli/arguments.hpp"
#include "jackdaw/protocol/messages/describe_log_dirs.hpp"

namespace jackdaw::cli {

using protocol::error_code;

namespace {

struct log_dirs_options {
  std::vector<std::string> topics;
  std::vector<std::int32_t> brokers;
  bool partitions = false;
};

struct replica {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t size_bytes = 0;
  std::int64_t offset_lag = 0;
  bool is_future = false;
};

struct directory {
  std::int32_t broker = 0;
  std::string path;
  error_code error = error_code::none;
  std::int64_t total_bytes = -1;  // of its volume; -1: the broker is too old to say
  std::int64_t usable_bytes = -1;
  std::vector<replica> replicas;

  std::int64_t size_bytes() const {
    std::int64_t sum = 0;
    for (const auto& r : replicas) sum += r.size_bytes;
    return sum;
  }
};

outcome<void> ask(net::client& client, broker_id broker, const partition_selection& selection,
                  std::vector<directory>& out) {
  auto answered =
      client.call<protocol::describe_log_dirs_response>(protocol::describe_log_dirs_request{std::nullopt, {}}, broker);
  if (!answered) return failure(answered.error());
  if (answered->body.error_code != error_code::none) {
    return refused("broker " + std::to_string(broker.value()), answered->body.error_code);
  }
  for (const auto& d : answered->body.results) {
    directory dir{broker.value(), std::string(d.log_dir), d.error_code, d.total_bytes, d.usable_bytes, {}};
    for (const auto& t : d.topics) {
      for (const auto& p : t.partitions) {
        if (!is_selected(selection, {std::string(t.name), p.partition_index})) continue;
        dir.replicas.push_back(
            {std::string(t.name), p.partition_index.value(), p.partition_size, p.offset_lag, p.is_future_key});
      }
    }
    out.push_back(std::move(dir));
  }
  return boost::system::in_place_value;
}

outcome<std::vector<broker_id>> brokers_to_ask(net::client& client, const std::vector<std::int32_t>& wanted) {
  if (auto fresh = client.refresh_metadata(std::vector<std::string>{}); !fresh) return failure(fresh.error());
  std::vector<broker_id> out;
  for (const std::int32_t id : wanted) {
    if (client.metadata().broker(broker_id{id}) == nullptr) {
      return failure{exit_status::not_found,
                     "there is no broker " + std::to_string(id) + "; see: jackdaw cluster describe"};
    }
    out.emplace_back(id);
  }
  if (wanted.empty()) {
    for (const auto& b : client.metadata().brokers()) out.push_back(b.id);
  }
  return out;
}

cell bytes(const context& ctx, std::int64_t count) {
  if (count < 0) return {};
  return ctx.is_json() ? cell{count} : cell{format_bytes(static_cast<double>(count))};
}

cell state_of(const directory& d) { return std::string(d.error == error_code::none ? "online" : name_of(d.error)); }

table directory_rows(const context& ctx, const std::vector<directory>& all) {
  table rows({{"broker"}, {"directory"}, {"state"}, {"partitions"}, {"size", true}, {"free", true}, {"volume", true}});
  for (const auto& d : all) {
    rows.add({std::int64_t{d.broker}, d.path, state_of(d), static_cast<std::int64_t>(d.replicas.size()),
              bytes(ctx, d.size_bytes()), bytes(ctx, d.usable_bytes), bytes(ctx, d.total_bytes)});
  }
  return rows;
}

// The largest first, by broker and directory.
table topic_rows(const context& ctx, const std::vector<directory>& all) {
  struct sum {
    std::int64_t partitions = 0;
    std::int64_t size_bytes = 0;
  };
  table rows({{"broker"}, {"directory"}, {"topic"}, {"partitions"}, {"size", true}});
  for (const auto& d : all) {
    std::map<std::string, sum> by_topic;
    for (const auto& r : d.replicas) {
      ++by_topic[r.topic].partitions;
      by_topic[r.topic].size_bytes += r.size_bytes;
    }
    std::vector<std::pair<std::string, sum>> sorted(by_topic.begin(), by_topic.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second.size_bytes > b.second.size_bytes; });
    for (const auto& [topic, s] : sorted) {
      rows.add({std::int64_t{d.broker}, d.path, topic, s.partitions, bytes(ctx, s.size_bytes)});
    }
  }
  return rows;
}

table partition_rows(const context& ctx, const std::vector<directory>& all) {
  table rows({{"broker"}, {"directory"}, {"topic"}, {"partition"}, {"size", true}, {"offset_lag"}, {"moving_in"}});
  for (const auto& d : all) {
    auto sorted = d.replicas;
    std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
      return std::tie(a.topic, a.partition) < std::tie(b.topic, b.partition);
    });
    for (const auto& r : sorted) {
      rows.add({std::int64_t{d.broker}, d.path, r.topic, std::int64_t{r.partition}, bytes(ctx, r.size_bytes),
                r.offset_lag, r.is_future});
    }
  }
  return rows;
}

outcome<void> log_dirs(context& ctx, const log_dirs_options& o) {
  auto selection = parse_selection(o.topics);
  if (!selection) return selection.error();
  auto client = ctx.client();
  if (!client) return client.error();
  auto brokers = brokers_to_ask(**client, o.brokers);
  if (!brokers) return brokers.error();
  std::vector<directory> all;
  for (const broker_id b : *brokers) {
    if (auto asked = ask(**client, b, *selection, all); !asked) return asked;
  }
  const table directories = directory_rows(ctx, all);
  const table rows = o.partitions ? partition_rows(ctx, all) : topic_rows(ctx, all);
  if (!ctx.is_json()) {
    ctx.print(directories);
    if (rows.empty()) return boost::system::in_place_value;
    context::print("\n");
    ctx.print(rows);
    return boost::system::in_place_value;
  }
  protocol::json_printer json;
  json.begin_object();
  json.key("directories");
  directories.print(json);
  json.key(o.partitions ? "partitions" : "topics");
  rows.print(json);
  json.end_object();
  context::print(json);
  return boost::system::in_place_value;
}

}  // namespace

void add_cluster_log_dirs(command noun, context& ctx) {
  add_verb<log_dirs_options>(
      noun, ctx, "log-dirs", "Data directories, and how much each topic takes there",
      [](command verb, log_dirs_options& o) {
        verb.add_option("-t,--topic", o.topics, "Only these: topic, or topic:0,2-4").repeatable();
        verb.add_option("--broker", o.brokers, "Only these brokers: 1,2").delimiter(',');
        verb.add_flag("-p,--partitions", o.partitions, "A row for each partition instead of each topic");
      },
      log_dirs);
}

}  // namespace jackdaw::cli
