#include "jackdaw/net/server.hpp"

#include <spdlog/spdlog.h>

#include "doorkeeper.hpp"
#include "jackdaw/base/assert.hpp"
#include "listening_socket.hpp"
#include "shard_thread.hpp"

namespace jackdaw::net {

namespace {

// The same by address.
template <class Limit>
std::vector<std::pair<ip_address, Limit>> by_address(const std::vector<std::pair<std::string, Limit>>& by_host,
                                                     std::string_view setting) {
  std::vector<std::pair<ip_address, Limit>> out;
  for (const auto& [host, limit] : by_host) {
    const auto ips = resolve(host);
    if (!ips) {
      spdlog::warn("{}: {}, so its limit has no effect", setting, ips.error().detail);
      continue;
    }
    for (const auto& ip : *ips) out.emplace_back(ip, limit);
  }
  return out;
}

admission::limits limits_of(const admission_options& o) {
  return {.all = o.max_connections,
          .per_ip = o.max_connections_per_ip,
          .per_ip_overrides = by_address(o.per_ip_overrides, "max.connections.per.ip.overrides"),
          .new_per_second = o.max_new_per_second,
          .ip_new_per_second = o.ip_new_per_second,
          .ip_new_per_second_overrides = by_address(o.ip_new_per_second_overrides, "connection_creation_rate"),
          .ip_window = o.ip_window};
}

}  // namespace

server::server(server_options options, disk::worker_pools& workers, clock_function clock)
    : options_(std::move(options)) {
  JD_ASSERT(options_.shards > 0);
  for (std::uint32_t i = 0; i < options_.shards; ++i) {
    shards_.push_back(std::make_unique<shard_thread>(shard_id{i}, workers, options_.out, clock));
  }
  std::vector<shard_thread*> everybody;
  for (const auto& s : shards_) everybody.push_back(s.get());
  for (const auto& s : shards_) s->introduce(everybody);
}

server::~server() = default;

broker::environment& server::environment(shard_id id) noexcept { return *shards_[id.value()]; }

void server::run_at(shard_id id, unique_function<void()> task) { shards_[id.value()]->run_here(std::move(task)); }

result<void> server::bind() {
  for (const auto& listener : options_.listeners) {
    auto bound = bind_listener(listener, options_.sockets);
    if (!bound) return bound.error();
    ports_.push_back(bound->port);
    bound_.push_back(std::move(*bound));
  }
  return {};
}

std::uint16_t server::bound_port(std::size_t listener) const { return ports_.at(listener); }

std::vector<std::string> server::listener_names() const {
  std::vector<std::string> names;
  for (const auto& l : options_.listeners) names.push_back(l.name);
  return names;
}

void server::start(const std::vector<request_handler*>& handlers, stop_function stop_handlers) {
  stop_handlers_ = std::move(stop_handlers);
  JD_ASSERT(handlers.size() == shards_.size(), handlers.size());
  doors_ = std::make_unique<doorkeeper>(*shards_.front(), shards_.size(), limits_of(options_.admission));
  for (std::uint32_t i = 0; i < options_.shards; ++i) {
    shard_thread& shard = *shards_[i];
    shard.serve(*handlers[i], options_.connections, listener_names(),
                [&shard, i, doors = doors_.get()](const accepted_socket& socket) {
                  shard.run_at(shard_id{0}, [doors, i, ip = socket.ip] { doors->on_closed(shard_id{i}, ip); });
                });
  }
  for (const auto& shard : shards_) shard->start();
}

result<void> server::open() {
  for (std::size_t i = 0; i < bound_.size(); ++i) {
    const auto listening = start_listening(bound_[i], options_.listeners[i], options_.sockets.backlog);
    if (!listening) return listening.error();
  }
  shards_.front()->run_here([this, bound = std::move(bound_)]() mutable {
    opens_ = std::move(bound);
    open_doors();
  });
  bound_.clear();
  return {};
}

void server::open_doors() {
  if (looking_up_ == 0 && !is_stopping_) doors_->open(std::exchange(opens_, {}));
}

void server::set_admission(admission_options options) {
  const auto number = ++admissions_;
  if (options.per_ip_overrides.empty() && options.ip_new_per_second_overrides.empty())
    return doors_->set_limits(limits_of(options));
  struct look_up {
    admission_options options;
    admission::limits found{};
  };
  auto job = std::make_shared<look_up>(look_up{std::move(options)});
  ++looking_up_;
  shards_.front()->run_on_worker(
      broker::work_class::bulk, [job] { job->found = limits_of(job->options); },
      [this, job, number]() {
        --looking_up_;
        if (number == admissions_) doors_->set_limits(job->found);
        open_doors();
      });
}

void server::stop() {
  if (is_stopping_.exchange(true)) return;
  shards_.front()->run_here([this] {
    doors_->close();
    for (const auto& shard : shards_) shard->run_here([s = shard.get()] { s->stop_reading(); });
    stop_handlers_([this] { finish(); });
  });
}

void server::finish() {
  for (const auto& shard : shards_) {
    shard->run_here([s = shard.get(), grace = options_.stop_grace] { s->finish(grace); });
  }
}

void server::join() {
  for (const auto& shard : shards_) shard->join();
}

}  // namespace jackdaw::net
