// GetTelemetrySubscriptions and PushTelemetry (KIP-714). The shard that knows the client instance answers both.
#include "clients/telemetry/client_telemetry.hpp"

#include "handlers.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/protocol/messages/get_telemetry_subscriptions.hpp"

namespace jackdaw::broker {
namespace {

using controller::client_fact;
using protocol::error_code;

// A payload may expand to so many times what a client may send.
constexpr std::size_t expansion_max = 16;
constexpr std::size_t points_max = 65'536;

template <class Request>
struct telemetry_operation {
  request_ptr r;
  Request asked;
  controller::client_facts client;
};
struct get_operation : telemetry_operation<protocol::get_telemetry_subscriptions_request> {
  uuid instance;
  client_telemetry::subscription found;
};
struct push_operation : telemetry_operation<protocol::push_telemetry_request> {
  error_code error = error_code::none;
  result<std::vector<pushed_metric>> metrics = std::vector<pushed_metric>();
};

// "host:port", an IPv6 host in brackets.
std::pair<std::string, std::string> split_address(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) return {address, {}};
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {std::move(host), address.substr(colon + 1)};
}

controller::client_facts facts_of(const request& r, const uuid& instance) {
  controller::client_facts facts;
  const auto fact = [&facts](client_fact f) -> std::string& { return facts[static_cast<std::size_t>(f)]; };
  fact(client_fact::client_id) = r.client_id();
  fact(client_fact::client_instance_id) = to_string(instance);
  if (const auto* c = r.home().find_connection(r.connection())) {
    fact(client_fact::client_software_name) = c->software_name;
    fact(client_fact::client_software_version) = c->software_version;
    auto [host, port] = split_address(c->info.peer_address);
    fact(client_fact::client_source_address) = std::move(host);
    fact(client_fact::client_source_port) = std::move(port);
  }
  return facts;
}

void answer_get(const get_operation& op) {
  protocol::get_telemetry_subscriptions_response message;
  message.error_code = op.found.error;
  if (op.found.error == error_code::none) {
    message.client_instance_id = op.instance;
    message.subscription_id = op.found.id;
    for (const auto codec :
         {protocol::codec::zstd, protocol::codec::lz4, protocol::codec::gzip, protocol::codec::snappy})
      message.accepted_compression_types.push_back(static_cast<std::int8_t>(codec));
    message.push_interval_ms = op.found.wanted.interval_ms;
    message.telemetry_max_bytes = op.r->home().config().telemetry_max_bytes;
    message.delta_temporality = true;
    for (const auto& m : op.found.wanted.metrics) message.requested_metrics.push_back(m);
  }
  op.r->respond(message);
}

void send_home(shard_state& from, std::unique_ptr<push_operation> op) {
  const auto home = op->r->home().id();
  from.env.post(home, [op = std::move(op)](shard&) {
    protocol::push_telemetry_response message;
    message.error_code = op->error;
    op->r->respond(message);
  });
}

void take_push(shard_state& owner, std::unique_ptr<push_operation> op) {
  JD_ASSERT(owner.telemetry_owner_of(op->asked.client_instance_id) == owner.id(), owner.id().value());
  const auto limit = static_cast<std::size_t>(owner.config().telemetry_max_bytes);
  op->error = owner.telemetry.may_push(op->asked, limit, op->client, owner.now);
  if (op->error != error_code::none || op->asked.metrics.empty()) return send_home(owner, std::move(op));
  std::shared_ptr<push_operation> shared = std::move(op);
  owner.env.run_on_worker(
      work_class::bulk,
      [shared, limit] {
        const auto codec = static_cast<protocol::codec>(shared->asked.compression_type);
        shared->metrics = decode_push(codec, shared->asked.metrics, limit * expansion_max, points_max);
      },
      [shared, &here = owner] {
        auto& it = *shared;
        if (it.metrics) {
          here.telemetry.keep(it.asked.client_instance_id, std::move(*it.metrics), here.now);
        } else {
          it.error =
              it.metrics.error().code == errc::too_large ? error_code::telemetry_too_large : error_code::invalid_record;
        }
        send_home(here, std::make_unique<push_operation>(std::move(it)));
      });
}

}  // namespace

void handle_get_telemetry_subscriptions(request_ptr r) {
  auto op = std::make_unique<get_operation>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  op->instance = op->asked.client_instance_id;
  if (is_reserved_instance(op->instance)) op->instance = random_uuid(home.random);
  op->client = facts_of(*op->r, op->instance);
  const auto to = home.telemetry_owner_of(op->instance);
  home.env.post(to, [op = std::move(op)](shard& s) mutable {
    auto& owner = s.state();
    JD_ASSERT(owner.telemetry_owner_of(op->instance) == owner.id(), owner.id().value());
    op->found = owner.telemetry.get(op->instance, op->client, owner.now);
    const auto back = op->r->home().id();
    owner.env.post(back, [op = std::move(op)](shard&) { answer_get(*op); });
  });
}

void handle_push_telemetry(request_ptr r) {
  auto op = std::make_unique<push_operation>();
  op->r = std::move(r);
  if (!op->r->decode(op->asked)) return;
  auto& home = op->r->home();
  op->client = facts_of(*op->r, op->asked.client_instance_id);
  const auto owner = home.telemetry_owner_of(op->asked.client_instance_id);
  home.env.post(owner, [op = std::move(op)](shard& s) mutable { take_push(s.state(), std::move(op)); });
}

}  // namespace jackdaw::broker
