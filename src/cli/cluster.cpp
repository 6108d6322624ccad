// jackdaw cluster describe
#include "cluster.hpp"

#include "jackdaw/base/counted.hpp"
#include "jackdaw/protocol/messages/describe_cluster.hpp"

namespace jackdaw::cli {

namespace {

struct load {
  std::int64_t leads = 0;
  std::int64_t holds = 0;
};

struct totals {
  std::int64_t topics = 0;
  std::int64_t partitions = 0;
  std::int64_t under_replicated = 0;
  std::int64_t without_leader = 0;
  std::map<std::int32_t, load> by_broker;
};

totals count(const net::cluster_metadata& metadata) {
  totals out;
  for (const auto& [name, topic] : metadata.topics()) {
    ++out.topics;
    for (const auto& p : topic.partitions) {
      ++out.partitions;
      if (p.in_sync.size() < p.replicas.size()) ++out.under_replicated;
      if (p.leader.value() < 0) ++out.without_leader;
      ++out.by_broker[p.leader.value()].leads;
      for (const auto& replica : p.replicas) ++out.by_broker[replica.value()].holds;
    }
  }
  return out;
}

// Fenced brokers are known to DescribeCluster only, which old brokers don't offer.
void add_fenced_brokers(net::client& client, table& rows, const totals& t) {
  protocol::describe_cluster_request request;
  request.include_fenced_brokers = true;
  auto answered = client.call<protocol::describe_cluster_response>(request);
  if (!answered || answered->body.error_code != protocol::error_code::none) return;
  for (const auto& b : answered->body.brokers) {
    if (!b.is_fenced) continue;
    const auto l = t.by_broker.find(b.broker_id.value());
    rows.add({std::int64_t{b.broker_id.value()}, std::string(b.host), std::int64_t{b.port},
              std::string(b.rack.value_or("")), std::string("fenced"), std::int64_t{0},
              l == t.by_broker.end() ? 0 : l->second.holds});
  }
}

void print_people(context& ctx, const net::cluster_metadata& metadata, const totals& t, const table& rows) {
  std::string text = "cluster " + metadata.cluster_id() + ", " + counted(metadata.brokers().size(), "broker") + ", " +
                     counted(static_cast<std::uint64_t>(t.topics), "topic") + ", " +
                     counted(static_cast<std::uint64_t>(t.partitions), "partition");
  if (t.under_replicated != 0) text += ", " + std::to_string(t.under_replicated) + " under-replicated";
  if (t.without_leader != 0) text += ", " + std::to_string(t.without_leader) + " without leader";
  context::print(text + "\n\n");
  ctx.print(rows);
}

void print_json(const net::cluster_metadata& metadata, const totals& t, const table& rows) {
  protocol::json_printer json;
  const auto number = [&](std::string_view key, std::int64_t value) {
    json.key(key);
    json.value(value);
  };
  json.begin_object();
  json.key("cluster_id");
  json.value(std::string_view(metadata.cluster_id()));
  number("controller", metadata.controller().value());
  number("topics", t.topics);
  number("partitions", t.partitions);
  number("under_replicated", t.under_replicated);
  number("without_leader", t.without_leader);
  json.key("brokers");
  rows.print(json);
  json.end_object();
  context::print(json);
}

struct no_options {};

outcome<void> describe(context& ctx, const no_options&) {
  auto client = ctx.client();
  if (!client) return client.error();
  if (auto fresh = (*client)->refresh_metadata(std::nullopt); !fresh) return failure(fresh.error());
  const auto& metadata = (*client)->metadata();
  const totals t = count(metadata);
  table rows({{"id"}, {"host"}, {"port"}, {"rack"}, {"state"}, {"leads"}, {"holds"}});
  for (const auto& b : metadata.brokers()) {
    const auto l = t.by_broker.find(b.id.value());
    const load of = l == t.by_broker.end() ? load{} : l->second;
    rows.add({std::int64_t{b.id.value()}, b.at.host, std::int64_t{b.at.port}, b.rack,
              std::string(b.id == metadata.controller() ? "controller" : "up"), of.leads, of.holds});
  }
  add_fenced_brokers(**client, rows, t);
  if (ctx.is_json()) {
    print_json(metadata, t, rows);
  } else {
    print_people(ctx, metadata, t, rows);
  }
  return boost::system::in_place_value;
}

}  // namespace

void add_cluster(command app, context& ctx) {
  const command noun = add_noun(app, "cluster", "The cluster as a whole");
  add_verb<no_options>(
      noun, ctx, "describe", "Brokers, and how topics spread over them", [](command, no_options&) {}, describe);
  add_cluster_log_dirs(noun, ctx);
}

}  // namespace jackdaw::cli
