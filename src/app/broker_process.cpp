#include "broker_process.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <limits>
#include <random>

#include "jackdaw/base/counted.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/broker/node.hpp"
#include "jackdaw/broker/shard_options.hpp"
#include "jackdaw/disk/posix_disk.hpp"
#include "jackdaw/disk/worker_pool.hpp"
#include "jackdaw/net/host_name.hpp"
#include "jackdaw/net/server.hpp"
#include "logging.hpp"
#include "process.hpp"
#include "shard_handler.hpp"

namespace jackdaw::app {

namespace {

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// Kafka's default of 100 KiB would cap the window at what a fast client sends in a moment, and more than double the
// cost of a received byte. So only who sets it gets it.
int buffer_bytes(const broker_config& config, std::string_view key, std::int32_t value) {
  return config.settings.contains(key) ? value : -1;
}

std::uint32_t limit(std::int32_t value) { return static_cast<std::uint32_t>(std::max(value, 0)); }

// Into the limits that hold now.
void set_limits(net::admission_options& o, const dynamic_config& config) {
  o.max_connections = limit(config.max_connections);
  o.max_connections_per_ip = limit(config.max_connections_per_ip);
  o.max_new_per_second = limit(config.max_connection_creation_rate);
  o.per_ip_overrides.clear();
  for (const auto& [host, count] : config.max_connections_per_ip_overrides) {
    o.per_ip_overrides.emplace_back(host, limit(count));
  }
}

void set_rates(net::admission_options& o, const broker::connection_rates& rates) {
  o.ip_new_per_second = rates.of_any_ip.value_or(std::numeric_limits<double>::infinity());
  o.ip_new_per_second_overrides = rates.of_hosts;
}

// A node that doesn't know what is durable must not go on; what is on the disk is looked at by the next start.
void end_process(const error& why) {
  log_for_shard(broker::log_level::error, "the broker ends at once: " + to_string(why));
  end_logging();
  std::_Exit(1);
}

net::server_options network_options(const broker_config& config, std::uint32_t shards) {
  net::server_options o;
  o.shards = shards;
  for (const auto& l : config.listeners) o.listeners.push_back({l.name, l.host, l.port});
  set_limits(o.admission, config.dynamic);
  o.admission.ip_window = broker::quota_window_of(config);
  o.sockets.backlog = config.socket_listen_backlog_size;
  o.sockets.send_buffer_bytes = buffer_bytes(config, "socket.send.buffer.bytes", config.socket_send_buffer_bytes);
  o.sockets.receive_buffer_bytes =
      buffer_bytes(config, "socket.receive.buffer.bytes", config.socket_receive_buffer_bytes);
  o.connections.max_frame_bytes = static_cast<std::uint32_t>(config.socket_request_max_bytes);
  o.connections.max_idle = duration_of_ms(config.connections_max_idle_ms);
  o.connections.connection_bytes = static_cast<std::size_t>(config.memory_connection_bytes);
  o.connections.unsent_reply_bytes = o.connections.connection_bytes / 4;
  o.connections.requests_in_flight = static_cast<std::size_t>(config.connection_requests_max);
  o.connections.shard_bytes = static_cast<std::size_t>(config.memory_shard_bytes);
  o.connections.on_calm = give_back_memory;
  o.out = {log_for_shard, end_process};
  return o;
}

std::size_t disk_threads(const broker_config& config) {
  if (config.disk_threads > 0) return static_cast<std::size_t>(config.disk_threads);
  return std::clamp<std::size_t>(usable_cores() * 2, 4, 16);
}

// By class (broker::work_class). Threads start when there is work for them.
std::vector<std::size_t> worker_threads(const broker_config& config) {
  const std::size_t all = disk_threads(config);
  const std::size_t half = std::max<std::size_t>(1, all / 2);
  return {1, half, half, half};
}

std::string listener_list(const std::vector<listener_config>& listeners) {
  std::string out;
  for (const auto& l : listeners) {
    const bool is_v6 = l.host.find(':') != std::string::npos;
    out += fmt::format("{}{}://{}{}{}:{}", out.empty() ? "" : ", ", l.name, is_v6 ? "[" : "", l.host, is_v6 ? "]" : "",
                       l.port);
  }
  return out;
}

// Clients are told the port that the system picked where 0 was asked for.
std::vector<listener_config> with_bound_ports(const broker_config& config, std::vector<listener_config> listeners,
                                              const net::server& server) {
  for (auto& l : listeners) {
    for (std::size_t i = 0; i < config.listeners.size(); ++i) {
      if (config.listeners[i].name == l.name && l.port == 0) l.port = server.bound_port(i);
    }
  }
  return listeners;
}

// Who is served on all interfaces connects to this machine by its name.
std::vector<listener_config> with_host_names(std::vector<listener_config> listeners) {
  for (auto& l : listeners) {
    if (l.host.empty()) l.host = net::canonical_host_name();
  }
  return listeners;
}

}  // namespace

result<void> check_supported(const broker_config& config) {
  if (!config.is_broker) {
    return fail(errc::unsupported,
                "process.roles has no broker: this version runs brokers that are their own controller; "
                "set process.roles=broker,controller");
  }
  if (config.listeners.empty()) return fail(errc::invalid_argument, "listeners names no listener for clients");
  for (const auto& l : config.listeners) {
    if (l.security == security_protocol::plaintext) continue;
    return fail(errc::unsupported, fmt::format("Listener {} wants {}: this version has only PLAINTEXT; change "
                                               "listener.security.protocol.map",
                                               l.name, name_of(l.security)));
  }
  if (config.controller_quorum_voters.size() > 1) {
    return fail(errc::unsupported, fmt::format("controller.quorum.voters names {} nodes: this version runs one",
                                               config.controller_quorum_voters.size()));
  }
  return {};
}

// In the order in which they are made; the reverse is the order in which they go.
struct broker_process::parts final : broker::node_host {
  parts(const broker_config& config, std::uint32_t shard_count)
      : admission(network_options(config, shard_count).admission),
        workers(worker_threads(config)),
        server(network_options(config, shard_count), workers) {}

  broker::environment& environment_of(shard_id id) override { return server.environment(id); }
  void run_at(shard_id id, unique_function<void()> task) override { server.run_at(id, std::move(task)); }

  result<void> open(broker_config config, const std::string& version, std::shared_ptr<broker::logger_control> loggers);
  broker::node_options options_of(broker_config config, const std::string& version,
                                  std::shared_ptr<broker::logger_control> loggers);
  result<void> start_node();
  void close_node();

  net::admission_options admission;  // what the server was told last; shard 0's, once it runs
  disk::posix_disk disk;
  disk::worker_pools workers;
  net::server server;
  std::unique_ptr<broker::node> node;
  std::vector<std::unique_ptr<shard_handler>> handlers;
};

result<void> broker_process::parts::open(broker_config config, const std::string& version,
                                         std::shared_ptr<broker::logger_control> loggers) {
  if (const auto bound = server.bind(); !bound) return bound.error();
  auto opened = broker::node::open(options_of(std::move(config), version, std::move(loggers)), disk, *this);
  if (!opened) return opened.error();
  node = std::move(*opened);
  std::vector<net::request_handler*> all;
  for (std::uint32_t i = 0; i < server.shard_count(); ++i) {
    handlers.push_back(std::make_unique<shard_handler>(node->at(shard_id{i})));
    all.push_back(handlers.back().get());
  }
  server.start(all, [this](auto stopped) { node->stop(std::move(stopped)); });
  if (auto ready = start_node(); !ready) return ready;
  return server.open();
}

broker::node_options broker_process::parts::options_of(broker_config config, const std::string& version,
                                                       std::shared_ptr<broker::logger_control> loggers) {
  broker::node_options o;
  o.version = version;
  o.shard_count = server.shard_count();
  o.random_seed = random_seed();
  o.open_files_max = open_files_max();
  o.loggers = std::move(loggers);
  o.advertised_listeners = with_host_names(with_bound_ports(config, config.advertised_listeners, server));
  o.config = std::move(config);
  o.settings_changed = [this](const dynamic_config& now) {
    set_limits(admission, now);
    server.set_admission(admission);
  };
  o.connection_rates_changed = [this](const broker::connection_rates& now) {
    set_rates(admission, now);
    server.set_admission(admission);
  };
  return o;
}

result<void> broker_process::parts::start_node() {
  std::promise<result<void>> ready;
  node->start([&ready](result<void> outcome) { ready.set_value(std::move(outcome)); });
  return ready.get_future().get();
}

// The threads have ended, so their state may be looked at from here.
void broker_process::parts::close_node() {
  if (const auto closed = node->close(); !closed) {
    spdlog::error("The mark of a clean shutdown could not be written: {}", to_string(closed.error()));
  }
}

broker_process::broker_process() = default;
broker_process::~broker_process() = default;

result<std::unique_ptr<broker_process>> broker_process::start(broker_config config, const std::string& version,
                                                              std::shared_ptr<broker::logger_control> loggers,
                                                              time_point started_at) {
  const auto shards = config.shards > 0 ? static_cast<std::size_t>(config.shards) : usable_cores();
  tune_allocator(shards + 1);
  std::unique_ptr<broker_process> process(new broker_process());
  process->parts_ = std::make_unique<parts>(config, static_cast<std::uint32_t>(shards));
  auto& parts = *process->parts_;
  const auto opened = parts.open(std::move(config), version, std::move(loggers));
  if (!opened) {
    process->stop();
    return opened.error();
  }
  const auto& made = parts.node->info();
  spdlog::info("Broker {} of cluster {} has {}, version {}: Transitioning from RECOVERY to RUNNING",
               made.config.node_id.value(), made.cluster_id, counted(shards, "shard"), version);
  if (!made.config.controller_listeners.empty()) {
    spdlog::info("{} isn't opened: a single node is its own controller and has nobody to talk to",
                 listener_list(made.config.controller_listeners));
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(net::system_now().steady - started_at);
  spdlog::info("Kafka Server started: clients are served on {}, ready after {} ms",
               listener_list(with_bound_ports(made.config, made.config.listeners, parts.server)), took.count());
  return process;
}

void broker_process::stop() {
  parts_->server.stop();
  parts_->server.join();
  parts_->workers.stop();
  if (parts_->node) parts_->close_node();
}

}  // namespace jackdaw::app
