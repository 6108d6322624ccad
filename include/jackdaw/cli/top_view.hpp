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

// What a broker tells of itself, since its start: a Jackdaw does, others don't.
struct broker_activity {
  struct budget {
    std::string kind;
    std::int64_t used_bytes = 0;
    std::int64_t limit_bytes = 0;
    std::int64_t refused = 0;
  };
  struct slow_request {
    std::int64_t began_ms = 0;  // since 1970
    std::int64_t took_us = 0;
    std::int16_t api_key = 0;
    std::int16_t api_version = 0;
    std::string client_id;
    std::string peer_address;
    std::int64_t request_bytes = 0;
    std::int64_t answer_bytes = 0;
  };

  std::int64_t at_ms = 0;  // of the same clock as the look's
  std::int64_t connections = 0;
  std::int64_t accepted = 0;
  std::int64_t received_bytes = 0;
  std::int64_t sent_bytes = 0;
  std::map<std::int16_t, std::int64_t> answered;  // requests, by api key
  std::vector<budget> memory;
  std::vector<slow_request> slowest;
};

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
    std::optional<broker_activity> activity{};
  };

  std::int64_t at_ms = 0;
  std::string cluster_id;
  std::vector<broker> brokers;
  std::int64_t under_replicated = 0;
  std::int64_t without_leader = 0;
  std::map<partition_key, partition> partitions;
  std::map<std::string, group> groups;
};

// Records (or requests, or bytes) per second; nothing where only one look is known.
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
    std::optional<broker_activity> activity{};
    rate requests{};  // answered
    rate received_bytes{};
    rate sent_bytes{};
  };
  struct api {
    broker_id broker;
    std::string name;
    std::int64_t answered = 0;
    rate requests;
  };
  struct slow_request {
    broker_id broker;
    broker_activity::slow_request request;
  };
  struct budget {
    broker_id broker;
    broker_activity::budget use;
    // More than half of it is used, or it was spent already.
    bool is_short() const noexcept { return use.used_bytes > use.limit_bytes / 2 || use.refused != 0; }
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
  std::vector<api> apis;              // by broker, then the busiest first
  std::vector<slow_request> slowest;  // the slowest first
  std::vector<budget> memory;         // by broker
};

// "Fetch", or the key's number.
std::string api_name(std::int16_t key);

// `before` is null for the first look.
top_view look(const top_sample* before, const top_sample& now);

// A screen of at most `height` lines of `width` characters; 0 is no limit. `title` is the first line's end.
std::string to_screen(const top_view& view, const std::string& title, bool with_partitions, std::size_t width,
                      std::size_t height);
void print(protocol::json_printer& out, const top_view& view);

}  // namespace jackdaw::cli
