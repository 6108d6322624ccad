// What a shard does, for those who look after the broker: `jackdaw top` shows it (docs/formats/activity.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jackdaw/base/memory_use.hpp"
#include "jackdaw/base/time.hpp"
#include "jackdaw/broker/environment.hpp"

namespace jackdaw::broker {

struct slow_request {
  timestamp_ms began;  // when it was there whole
  duration took{};     // until its answer was handed over, without what request::did_wait() was told
  std::int16_t api_key = 0;
  std::int16_t api_version = 0;
  std::string client_id;  // its beginning, if it is very long
  std::string peer_address;
  std::uint64_t request_bytes = 0;
  std::uint64_t answer_bytes = 0;
};

// The slowest requests of the last few minutes. Once it is full of slower ones, looking at a request costs two
// comparisons.
class slowest_requests {
 public:
  static constexpr std::size_t capacity = 32;
  static constexpr duration kept_for = std::chrono::minutes(5);
  // What is faster is of no interest.
  static constexpr duration least = std::chrono::milliseconds(1);

  // Whether add() would keep one that took so long.
  bool wants(duration took, time_point now) const noexcept {
    return took >= least && (rows_.size() < capacity || took > fastest_ || now - oldest_ >= kept_for);
  }
  // Those that are over go first, then the fastest.
  void add(slow_request r, time_point now);
  // The slowest first.
  std::vector<slow_request> list(time_point now) const;

 private:
  struct row {
    slow_request request;
    time_point ended;
  };
  std::vector<row> rows_;
  duration fastest_{};   // of rows_
  time_point oldest_{};  // of rows_
};

// Answers of each api, by key.
class answer_counts {
 public:
  static constexpr std::size_t keys = 128;

  void add(std::int16_t key, std::uint64_t count = 1) noexcept {
    if (const auto at = static_cast<std::size_t>(key); at < keys) counts_[at] += count;
  }
  std::uint64_t of(std::int16_t key) const noexcept {
    const auto at = static_cast<std::size_t>(key);
    return at < keys ? counts_[at] : 0;
  }

 private:
  std::array<std::uint64_t, keys> counts_{};
};

// Of one shard. Answers that close their connection don't count.
struct activity {
  std::uint64_t accepted = 0;  // connections, since the start
  answer_counts answered;
  slowest_requests slowest;
};

// All of it at one time, of one shard or of several together.
struct activity_report {
  std::uint64_t connections = 0;
  std::uint64_t accepted = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  answer_counts answered;
  std::vector<std::pair<std::string_view, memory_use>> memory;  // by kind of work; names are literals
  std::vector<slow_request> slowest;                            // the slowest first, at most `capacity`

  void add(activity_report other);
};

// A client id as it is kept: at most so many bytes of whole characters.
std::string_view cut_client_id(std::string_view id) noexcept;

}  // namespace jackdaw::broker
