// What `top` shows, made from two looks at a cluster: rates, lags and where they go.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "jackdaw/base/ids.hpp"
#include "jackdaw/cli/table.hpp"

namespace jackdaw::cli {

using partition_key = std::pair<std::string, partition_id>;

// One look. Times are milliseconds of any steady clock.
struct top_sample {
  struct partition {
    std::int64_t end = 0;
    broker_id leader;
  };
  struct group {
    std::string state;
    std::map<partition_key, offset> committed;
  };
  struct broker {
    broker_id id;
    std::string address;
    bool is_controller = false;
  };

  std::int64_t at_ms = 0;
  std::string cluster_id;
  std::vector<broker> brokers;
  std::int64_t under_replicated = 0;
  std::int64_t without_leader = 0;
  std::map<partition_key, partition> partitions;
  std::map<std::string, group> groups;
};

// Records per second; nothing where only one look is known.
using rate = std::optional<double>;

struct top_view {
  struct topic {
    std::string name;
    std::int64_t partitions = 0;
    rate produced;
    partition_id busiest;
    rate busiest_produced;
  };
  struct partition {
    std::string topic;
    partition_id id;
    broker_id leader;
    std::int64_t end = 0;
    rate produced;
  };
  struct group {
    std::string name;
    std::string state;
    std::int64_t lag = 0;
    rate trend;     // of the lag: above 0 the group falls behind
    rate consumed;  // as committed
  };
  struct lag {
    std::string group;
    std::string topic;
    partition_id partition;
    std::int64_t records = 0;
    rate trend;
  };
  struct broker {
    broker_id id;
    std::string address;
    bool is_controller = false;
    std::int64_t leads = 0;
    rate produced;
  };

  std::string cluster_id;
  std::int64_t under_replicated = 0;
  std::int64_t without_leader = 0;
  std::int64_t partition_count = 0;
  rate produced;
  std::vector<broker> brokers;        // by id
  std::vector<topic> topics;          // the busiest first
  std::vector<partition> partitions;  // the busiest first
  std::vector<group> groups;          // the largest lag first
  std::vector<lag> lags;              // the largest first, those above 0
};

// `before` is null for the first look.
top_view look(const top_sample* before, const top_sample& now);

// A screen of at most `height` lines of `width` characters; 0 is no limit. `title` is the first line's end.
std::string to_screen(const top_view& view, const std::string& title, bool with_partitions, std::size_t width,
                      std::size_t height);
void print(protocol::json_printer& out, const top_view& view);

}  // namespace jackdaw::cli
