// Requests that ask one thing of each of many partitions: a row of the answer for each, filled by the owner.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "jackdaw/protocol/error_codes.hpp"
#include "partitions/partition_store.hpp"
#include "scatter.hpp"

namespace jackdaw::broker {

// What every item of such a request has. `error` starts as none; work leaves items alone that already failed.
struct partition_question {
  uuid topic_id;
  partition_id partition;
  protocol::error_code error = protocol::error_code::none;
  std::string error_message;
};

// Names the partition, or says why that can't be.
template <class Question>
Question ask_partition(const metadata::image& image, std::string_view topic, partition_id partition) {
  Question q;
  q.partition = partition;
  const auto* known = image.find_topic(topic);
  if (known == nullptr || !known->has(partition)) {
    q.error = protocol::error_code::unknown_topic_or_partition;
  } else {
    q.topic_id = known->id();
  }
  return q;
}

// Calls `work(hosted_partition&, unique_function<void()> finished)` with the open log of an item's partition, at once
// or when a worker has opened it; an item that failed, or whose log can't be had, is finished with its error.
template <class Question, class Work>
void when_open(shard_state& owner, Question& q, unique_function<void()> finished, Work work) {
  if (q.error != protocol::error_code::none) return finished();
  owner.partitions.with_open({q.topic_id, q.partition},
                             [&q, finished = std::move(finished), work](open_outcome found) mutable {
                               if (found) return work(**found, std::move(finished));
                               q.error = found.error().code;
                               q.error_message = std::move(found.error().detail);
                               finished();
                             });
}

// Where an answer has every topic, and in it every partition, once: in the order in which they are first named.
class distinct_partitions {
 public:
  struct topic {
    std::string_view name;
    std::vector<std::size_t> questions;  // of its partitions
  };

  // The number of the question about a partition, counted from 0; true when it is a new one. `name` must outlive this.
  std::pair<std::size_t, bool> number_of(std::string_view name, partition_id partition) {
    const auto [number, is_new] = numbers_.try_emplace({name, partition}, numbers_.size());
    if (!is_new) return {number->second, false};
    const auto [place, is_new_topic] = places_.try_emplace(name, topics_.size());
    if (is_new_topic) topics_.push_back({name, {}});
    topics_[place->second].questions.push_back(number->second);
    return {number->second, true};
  }
  const std::vector<topic>& topics() const noexcept { return topics_; }

 private:
  std::map<std::pair<std::string_view, partition_id>, std::size_t> numbers_;
  std::map<std::string_view, std::size_t> places_;
  std::vector<topic> topics_;
};

// -1: the client doesn't say which epoch it knows.
inline protocol::error_code check_leader_epoch(leader_epoch asked, leader_epoch ours) {
  if (asked == leader_epoch{-1} || asked == ours) return protocol::error_code::none;
  return asked < ours ? protocol::error_code::fenced_leader_epoch : protocol::error_code::unknown_leader_epoch;
}

}  // namespace jackdaw::broker
