// Requests that ask one thing of each of many partitions: a row of the answer for each, filled by the owner.
#pragma once

#include <string>
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

inline protocol::error_code check_leader_epoch(leader_epoch asked, leader_epoch ours) {
  if (asked.value() < 0 || asked == ours) return protocol::error_code::none;
  return asked < ours ? protocol::error_code::fenced_leader_epoch : protocol::error_code::unknown_leader_epoch;
}

}  // namespace jackdaw::broker
