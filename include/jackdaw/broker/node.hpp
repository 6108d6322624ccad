// A broker as a whole: its data directories, its shards, the order in which they start and stop, and the mark that a
// clean end leaves. A process has one; a test or a simulation may have many, in one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jackdaw/base/result.hpp"
#include "jackdaw/base/unique_function.hpp"
#include "jackdaw/broker/environment.hpp"
#include "jackdaw/broker/shard.hpp"
#include "jackdaw/broker/shard_options.hpp"

namespace jackdaw::broker {

// Where a node's shards run. Outlives the node.
class node_host {
 public:
  virtual ~node_host() = default;
  virtual environment& environment_of(shard_id id) = 0;
  // Runs `task` on a shard's thread, after the shard was told the time of the batch that it runs in. Any thread.
  virtual void run_at(shard_id id, unique_function<void()> task) = 0;
};

struct node_options {
  broker_config config;
  std::string version;  // of this program
  std::uint32_t shard_count = 1;
  std::uint64_t random_seed = 0;
  std::size_t open_files_max = 1 << 20;     // of this process
  std::shared_ptr<logger_control> loggers;  // null: nothing to control
  // Where clients reach this broker, ports as bound: same names as config.listeners.
  std::vector<listener_config> advertised_listeners;
  // As in shard_options; on shard 0's thread.
  unique_function<void(const dynamic_config&)> settings_changed = {};
  unique_function<void(const connection_rates&)> connection_rates_changed = {};
};

//   open ---> start ... ready ---> stop ... done ---> (threads end) ---> close
class node {
 public:
  // Opens, locks and scans the data directories, and makes the shards, which don't run yet. `d` and `host` outlive it.
  static result<std::unique_ptr<node>> open(node_options options, log::disk& d, node_host& host);
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  const server_info& info() const noexcept { return *info_; }
  // For its thread: what comes in from clients, other shards, other nodes, and time.
  shard& at(shard_id id) noexcept { return *shards_[id.value()]; }

  // Once the shards' threads run. `ready` runs on shard 0's thread: the cluster's state is there, this broker serves,
  // and all shards know it; or with what stands against it.
  void start(unique_function<void(result<void>)> ready);
  // Requests are refused from now on, logs are flushed and closed, shard 0 last, since the others report to it. `done`
  // runs on shard 0's thread. Any thread; once, also after a start that failed.
  void stop(unique_function<void()> done);
  // When the threads have ended: writes the checkpoints and the mark of a clean shutdown, if everything was closed
  // well. False: the next start checks the logs.
  result<bool> close();

 private:
  node(node_host& host, std::shared_ptr<const server_info> info) : host_(host), info_(std::move(info)) {}

  void stop_others(std::shared_ptr<unique_function<void()>> done);

  node_host& host_;
  std::shared_ptr<const server_info> info_;
  std::vector<std::unique_ptr<shard>> shards_;
  std::uint32_t stopped_ = 0;  // of the shards but 0; shard 0's
};

}  // namespace jackdaw::broker
