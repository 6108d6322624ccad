// Incremental fetch sessions (KIP-227): what a client fetches is remembered, so that a request names only what
// changed and an answer only what is new. Pure state; one cache per shard.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "context/fetch_target.hpp"
#include "jackdaw/base/ids.hpp"
#include "jackdaw/base/memory_use.hpp"
#include "jackdaw/base/random.hpp"
#include "jackdaw/base/time.hpp"

namespace jackdaw::broker {

class fetch_session {
 public:
  static constexpr std::int32_t epoch_final = -1;   // no session wanted; ends the one named
  static constexpr std::int32_t epoch_initial = 0;  // start one

  // What the client last saw of a partition: an incremental answer leaves out what didn't change.
  struct entry {
    fetch_target target;
    offset high_watermark_sent{-1};
    offset log_start_sent{-1};
  };

  fetch_session(std::int32_t id, bool by_topic_id) : id_(id), by_topic_id_(by_topic_id) {}

  std::int32_t id() const noexcept { return id_; }
  bool by_topic_id() const noexcept { return by_topic_id_; }
  std::size_t size() const noexcept { return entries_.size(); }
  // About what it takes of memory.
  std::size_t bytes() const noexcept { return bytes_; }
  // The epoch that the client's next request must carry.
  std::int32_t next_epoch() const noexcept { return next_epoch_; }
  void advance_epoch() noexcept { next_epoch_ = next_epoch_ == INT32_MAX ? 1 : next_epoch_ + 1; }

  void put(fetch_target target);
  void forget(const uuid& topic_id, const std::string& topic_name, partition_id partition);

  // In the order in which the next fetch reads them.
  const std::list<entry>& entries() const noexcept { return entries_; }
  // Null when the partition was forgotten meanwhile.
  entry* find(const fetch_target& target);
  // A partition that gave data goes to the end, so that each gets its turn when answers are full.
  void move_to_end(const fetch_target& target);

 private:
  struct key {
    uuid topic_id;
    std::string topic_name;  // only when fetched by name
    partition_id partition;
    bool operator==(const key&) const = default;
  };
  struct key_hash {
    std::size_t operator()(const key& k) const noexcept {
      return std::hash<uuid>{}(k.topic_id) * 31 + std::hash<std::string>{}(k.topic_name) * 7 +
             std::hash<partition_id>{}(k.partition);
    }
  };
  key key_of(const uuid& topic_id, const std::string& topic_name, partition_id partition) const {
    return by_topic_id_ ? key{topic_id, {}, partition} : key{{}, topic_name, partition};
  }

  static std::size_t cost_of(const fetch_target& target) noexcept;

  std::int32_t id_;
  bool by_topic_id_;
  std::int32_t next_epoch_ = 1;
  std::size_t bytes_ = sizeof(fetch_session);
  std::list<entry> entries_;
  std::unordered_map<key, std::list<entry>::iterator, key_hash> index_;
};

// At most `slots` sessions, and about `bytes_max` of memory. A full cache takes in a new session only for those that
// weren't used for `idle`; else the client is served without a session, as in Kafka.
class fetch_session_cache {
 public:
  fetch_session_cache(std::size_t slots, std::size_t bytes_max, duration idle)
      : slots_(slots), idle_(idle), use_{0, bytes_max, 0} {}

  // Null when there is no such session.
  std::shared_ptr<fetch_session> find(std::int32_t id, time_point now);
  // Null when the cache is full of sessions in use.
  std::shared_ptr<fetch_session> create(bool by_topic_id, random_source& random, time_point now);
  // After partitions were put into a session or forgotten. False when all sessions together are too large now, and none
  // can go for it: then this one is removed.
  bool keep(const fetch_session& session, time_point now);
  void remove(std::int32_t id);
  std::size_t size() const noexcept { return sessions_.size(); }
  const memory_use& use() const noexcept { return use_; }

 private:
  // Removes the one that wasn't used for longest, if that is long enough.
  bool remove_idle(time_point now);

  struct slot {
    std::shared_ptr<fetch_session> session;
    std::size_t counted_bytes = 0;
    time_point last_used;
    std::list<std::int32_t>::iterator by_use;
  };
  std::size_t slots_;
  duration idle_;
  memory_use use_;
  std::unordered_map<std::int32_t, slot> sessions_;
  std::list<std::int32_t> by_use_;  // least recently used first
};

}  // namespace jackdaw::broker
