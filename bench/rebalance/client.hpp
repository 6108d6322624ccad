// Clients of librdkafka, with the settings that it comes with but for those named here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "deliveries.hpp"

struct rd_kafka_s;

namespace jackdaw::bench {

using setting = std::pair<std::string, std::string>;

struct close_client {
  void operator()(rd_kafka_s* c) const noexcept;
};
using client = std::unique_ptr<rd_kafka_s, close_client>;

// A member of a group on a thread of its own, which commits by itself as librdkafka does.
class member {
 public:
  member(std::vector<setting> settings, std::string topic, deliveries& to);
  ~member();
  member(const member&) = delete;
  member& operator=(const member&) = delete;

  // Leaves the group and joins it again, as a program that is restarted does. At once: it is done later.
  void restart() noexcept { restarts_wanted_.fetch_add(1); }
  // Leaves for good; the destructor waits for it.
  void stop() noexcept { stopping_ = true; }
  bool has_restarted() const noexcept { return restarts_done_.load() == restarts_wanted_.load(); }

 private:
  void run();
  client open() const;

  std::vector<setting> settings_;
  std::string topic_;
  deliveries& deliveries_;
  std::atomic<int> restarts_wanted_{0};
  std::atomic<int> restarts_done_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

// Writes to all partitions in turn, at a steady rate, on a thread of its own.
class writer {
 public:
  writer(const std::vector<setting>& settings, std::string topic, std::int32_t partitions, double records_per_s);
  ~writer();
  writer(const writer&) = delete;
  writer& operator=(const writer&) = delete;

  std::uint64_t count() const noexcept { return count_.load(); }

 private:
  void run();

  client client_;
  std::string topic_;
  std::int32_t partitions_;
  double records_per_s_;
  std::atomic<std::uint64_t> count_{0};
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace jackdaw::bench
