// Several nodes in one thread: real shards over simulated disks, a network that delays, doubles and loses, and a seeded
// scheduler that decides who goes on next. Time passes only when nobody has anything left to do.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/random.hpp"
#include "jackdaw/broker/node.hpp"
#include "support/sim_disk.hpp"

namespace jackdaw::testing {

class test_cluster {
 public:
  // Nodes 1 to `count`, all of them voters, each with two shards.
  test_cluster(std::uint64_t seed, int count, std::vector<std::string> settings = {})
      : random_(seed), settings_(std::move(settings)) {
    for (int i = 0; i < count; ++i) nodes_.push_back(std::make_unique<sim_node>(*this, broker_id{i + 1}, seed + 1000));
  }
  ~test_cluster() {
    for (auto& n : nodes_) {
      for (const auto& why : n->failures) ADD_FAILURE() << "node " << n->id.value() << " failed: " << why;
      n->forget();
    }
  }

  // Odds of the network, in percent.
  std::uint64_t lost_percent = 0;
  std::uint64_t doubled_percent = 0;

  void start(broker_id id) { node_of(id).start(); }
  // As SIGKILL; its peers notice when `noticed`.
  void kill(broker_id id, crash_kind kind, bool noticed = true) {
    auto& dead = node_of(id);
    dead.disk.crash(kind);
    dead.forget();
    if (!noticed) return;
    for (auto& n : nodes_) {
      if (n->is_up()) n->at(0).on_peer_down(id, now_of(*n));
      if (n->is_up()) n->at(0).end_of_batch(now_of(*n));
    }
  }
  // Nothing passes between this node and the others any more, silently.
  void cut_off(broker_id id, bool is_cut = true) { node_of(id).is_cut_off = is_cut; }

  bool is_up(broker_id id) { return node_of(id).is_up(); }
  bool is_ready(broker_id id) { return node_of(id).ready; }
  broker::shard_state& state(broker_id id, std::uint32_t shard = 0) { return node_of(id).at(shard).state(); }
  // Why it said that it must not go on, since the last call.
  std::vector<std::string> take_failures(broker_id id) { return std::exchange(node_of(id).failures, {}); }
  sim_disk& disk(broker_id id) { return node_of(id).disk; }
  std::vector<broker_id> ids() const {
    std::vector<broker_id> out;
    for (const auto& n : nodes_) out.push_back(n->id);
    return out;
  }
  time_point now() const { return time_point(now_); }

  // Goes on until `done`, or until so much time has passed; false then.
  template <class Done>
  bool run_until(Done&& done, duration at_most = std::chrono::seconds(60)) {
    const duration end = now_ + at_most;
    while (!done()) {
      if (!step()) {
        if (now_ >= end) return false;
        pass_time(end);
      }
    }
    return true;
  }
  void run_for(duration time) {
    run_until([] { return false; }, time);
  }

 private:
  struct sim_node;

  struct sim_environment final : broker::environment {
    sim_environment(sim_node& n, shard_id i) : owner(n), id(i) {}
    void post(shard_id to, unique_function<void(broker::shard&)> message) override {
      owner.environments[to.value()]->inbox.push_back(std::move(message));
    }
    void run_on_worker(broker::work_class, unique_function<void()> work, unique_function<void()> done) override {
      jobs.emplace_back(std::move(work), std::move(done));
    }
    void send_to_peer(broker_id to, broker::peer_lane lane, std::vector<std::byte> message) override {
      owner.cluster.send(owner.id, to, lane, std::move(message));
    }
    void wake_at(time_point when) override { wake = when; }
    time_point read_clock() const override { return owner.cluster.now(); }
    broker::network_use network() const override { return {}; }
    void log(broker::log_level, const std::string& sentence) const override { owner.said.push_back(sentence); }
    void fail(const error& why) override { owner.failures.push_back(to_string(why)); }

    sim_node& owner;
    shard_id id;
    std::deque<unique_function<void(broker::shard&)>> inbox;
    std::deque<std::pair<unique_function<void()>, unique_function<void()>>> jobs;
    time_point wake = time_point::max();
  };

  struct sim_node final : broker::node_host {
    sim_node(test_cluster& c, broker_id i, std::uint64_t seed)
        : cluster(c), id(i), disk(seed + static_cast<std::uint64_t>(i.value())) {}

    void start() {
      config_input input;
      std::string voters;
      for (const auto& n : cluster.nodes_) {
        const auto number = std::to_string(n->id.value());
        voters += (voters.empty() ? "" : ",") + number + "@node" + number + ":9093";
      }
      input.overrides = {"log.dirs=/data",
                         "node.id=" + std::to_string(id.value()),
                         "process.roles=broker,controller",
                         "controller.listener.names=CONTROLLER",
                         "listeners=PLAINTEXT://:9092,CONTROLLER://:9093",
                         "controller.quorum.voters=" + voters,
                         "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"};
      input.overrides.insert(input.overrides.end(), cluster.settings_.begin(), cluster.settings_.end());
      auto loaded = load_broker_config(input);
      ASSERT_TRUE(loaded) << to_string(loaded.error());
      broker::node_options options;
      options.config = loaded->config;
      options.config.cluster_id = "4L6g3nShT-eMCtK--X86sw";
      options.version = "test";
      options.shard_count = 2;
      options.random_seed = cluster.random_.next();
      options.open_files_max = 1000;
      options.advertised_listeners = {
          {"PLAINTEXT", "node" + std::to_string(id.value()), 9092, security_protocol::plaintext}};
      for (std::uint32_t i = 0; i < options.shard_count; ++i)
        environments.push_back(std::make_unique<sim_environment>(*this, shard_id{i}));
      auto opened = broker::node::open(std::move(options), disk, *this);
      ASSERT_TRUE(opened) << to_string(opened.error());
      node = std::move(*opened);
      node->start([this](result<void> outcome) {
        EXPECT_TRUE(outcome) << to_string(outcome.error());
        ready = true;
      });
    }
    void forget() {
      ready = false;
      node.reset();
      environments.clear();
    }
    bool is_up() const { return node != nullptr; }
    broker::shard& at(std::uint32_t shard) { return node->at(shard_id{shard}); }
    broker::environment& environment_of(shard_id i) override { return *environments[i.value()]; }
    void run_at(shard_id i, unique_function<void()> task) override {
      environments[i.value()]->inbox.push_back([task = std::move(task)](broker::shard&) mutable { task(); });
    }

    test_cluster& cluster;
    broker_id id;
    sim_disk disk;
    std::vector<std::unique_ptr<sim_environment>> environments;
    std::unique_ptr<broker::node> node;
    std::vector<std::string> said;
    std::vector<std::string> failures;
    bool ready = false;
    bool is_cut_off = false;
  };

  struct peer_message {
    broker_id from;
    broker_id to;
    broker::peer_lane lane;
    std::vector<std::byte> bytes;
  };

  sim_node& node_of(broker_id id) { return *nodes_.at(static_cast<std::size_t>(id.value() - 1)); }
  now_t now_of(const sim_node&) const {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now_).count();
    return {now(), timestamp_ms{1'700'000'000'000 + ms}};
  }

  void send(broker_id from, broker_id to, broker::peer_lane lane, std::vector<std::byte> bytes) {
    if (node_of(from).is_cut_off || node_of(to).is_cut_off || random_.below(100) < lost_percent) return;
    const int copies = random_.below(100) < doubled_percent ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      const auto delay = std::chrono::microseconds(100 + random_.below(random_.one_in(20) ? 20'000 : 1'000));
      // In order within a lane, as over one connection.
      auto& last = last_due_[{from, to, lane}];
      last = std::max(last, now_ + delay);
      network_.emplace(last, peer_message{from, to, lane, bytes});
    }
  }

  // Lets one shard, one worker or one message go on. False: nobody has anything to do at this time.
  bool step() {
    struct choice {
      sim_node* node;
      std::size_t shard;
      bool worker;
    };
    std::vector<choice> choices;
    for (auto& n : nodes_) {
      for (std::size_t i = 0; i < n->environments.size(); ++i) {
        const auto& env = *n->environments[i];
        if (!env.inbox.empty() || env.wake <= now()) choices.push_back({n.get(), i, false});
        if (!env.jobs.empty()) choices.push_back({n.get(), i, true});
      }
    }
    const bool has_message = !network_.empty() && network_.begin()->first <= now_;
    if (choices.empty() && !has_message) return false;
    const auto at = random_.below(choices.size() + (has_message ? 1 : 0));
    if (at == choices.size()) {
      deliver();
    } else if (choices[at].worker) {
      work(*choices[at].node, choices[at].shard);
    } else {
      batch(*choices[at].node, choices[at].shard);
    }
    return true;
  }

  void batch(sim_node& n, std::size_t i) {
    auto& env = *n.environments[i];
    auto& s = n.at(static_cast<std::uint32_t>(i));
    s.set_now(now_of(n));
    if (env.wake <= now()) {
      env.wake = time_point::max();
      s.on_wake(now_of(n));
    }
    for (auto left = 1 + random_.below(4); left > 0 && !env.inbox.empty(); --left) {
      auto message = std::move(env.inbox.front());
      env.inbox.pop_front();
      message(s);
    }
    s.end_of_batch(now_of(n));
  }

  // Workers overtake each other; what they did comes home in a batch of its own.
  void work(sim_node& n, std::size_t i) {
    auto& env = *n.environments[i];
    const auto which = env.jobs.begin() + static_cast<std::ptrdiff_t>(random_.below(env.jobs.size()));
    auto job = std::move(*which);
    env.jobs.erase(which);
    job.first();
    env.inbox.push_back([done = std::move(job.second)](broker::shard&) mutable { done(); });
  }

  void deliver() {
    const auto m = std::move(network_.begin()->second);
    network_.erase(network_.begin());
    auto& to = node_of(m.to);
    if (!to.is_up() || to.is_cut_off) return;
    to.at(0).on_peer_message(m.from, m.lane, m.bytes, now_of(to));
    to.at(0).end_of_batch(now_of(to));
  }

  void pass_time(duration at_most) {
    duration next = network_.empty() ? at_most : std::min(at_most, network_.begin()->first);
    for (auto& n : nodes_) {
      for (auto& env : n->environments) {
        if (env->wake != time_point::max()) next = std::min(next, env->wake.time_since_epoch());
      }
    }
    now_ = std::max(next, now_ + duration(1));
  }

  random_source random_;
  std::vector<std::string> settings_;
  std::vector<std::unique_ptr<sim_node>> nodes_;
  std::multimap<duration, peer_message> network_;
  std::map<std::tuple<broker_id, broker_id, broker::peer_lane>, duration> last_due_;
  duration now_ = std::chrono::seconds(1);
};

}  // namespace jackdaw::testing
