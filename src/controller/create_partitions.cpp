// CreatePartitions: more partitions for topics that exist.
#include <map>

#include "assignments.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/placement.hpp"
#include "jackdaw/controller/topics.hpp"
#include "partition_steps.hpp"

namespace jackdaw::controller {
namespace {

using protocol::create_partitions_request;
using protocol::error_code;
using growing = create_partitions_request::create_partitions_topic;

class topic_grower {
 public:
  topic_grower(const metadata::image& image, random_source& random, mutation_quota* quota)
      : image_(image), random_(random), quota_(quota), brokers_(brokers_for_placement(image)) {}

  decision<std::vector<grown_topic>> decide(const create_partitions_request& request) {
    std::map<std::string_view, int> times;
    for (const growing& t : request.topics) ++times[t.name];
    for (const growing& t : request.topics) {
      int& left = times[t.name];
      if (left < 2) continue;
      out_.reply.push_back({std::string(t.name), refuse(error_code::invalid_request, "Duplicate topic name.")});
      left = 0;
    }
    for (const growing& t : request.topics) {
      if (times[t.name] != 1) continue;
      const std::size_t records = out_.records.size();
      out_.reply.push_back({std::string(t.name), grow(t)});
      JD_ASSERT(out_.reply.back().outcome.ok() || out_.records.size() == records, t.name, records);
    }
    JD_ASSERT(out_.reply.size() == times.size(), out_.reply.size(), times.size());  // one answer for each name
    if (request.validate_only) out_.records.clear();
    return std::move(out_);
  }

 private:
  verdict grow(const growing& t) {
    const metadata::topic* topic = image_.find_topic(t.name);
    if (topic == nullptr) return {error_code::unknown_topic_or_partition, std::nullopt};
    const std::int32_t now = topic->partition_count();
    if (t.count == now)
      return refuse(error_code::invalid_partitions, "Topic already has " + std::to_string(now) + " partition(s).");
    if (t.count < now)
      return refuse(error_code::invalid_partitions, "The topic " + std::string(t.name) + " currently has " +
                                                        std::to_string(now) + " partition(s); " +
                                                        std::to_string(t.count) + " would not be an increase.");
    const std::int32_t added = t.count - now;
    if (t.assignments && static_cast<std::int32_t>(t.assignments->size()) != added)
      return refuse(error_code::invalid_replica_assignment,
                    "Attempted to add " + std::to_string(added) + " additional partition(s), but only " +
                        std::to_string(t.assignments->size()) + " assignment(s) were specified.");
    budget_ -= added;
    if (budget_ < 0) return refuse(error_code::policy_violation, "Excessively large number of partitions per request.");
    return t.assignments ? take_assignments(t, *topic) : place(*topic, added);
  }

  verdict take_assignments(const growing& t, const metadata::topic& topic) {
    const std::size_t replication_factor = topic.partition(partition_id(0)).replicas.size();
    std::vector<metadata::partition_state> states;
    for (const auto& a : *t.assignments) {
      if (auto v = check_assignment(image_, a.broker_ids, replication_factor); !v.ok()) return v;
      states.push_back(first_state(image_, metadata::broker_list(std::span<const broker_id>(a.broker_ids))));
      const auto p = partition_id(topic.partition_count() + static_cast<std::int32_t>(states.size()) - 1);
      if (auto v = check_leader(states.back(), p); !v.ok()) return v;
    }
    return append(topic, std::move(states));
  }

  verdict place(const metadata::topic& topic, std::int32_t added) {
    const auto replication_factor = static_cast<std::int16_t>(topic.partition(partition_id(0)).replicas.size());
    auto placed = place_replicas(brokers_, added, replication_factor, random_);
    if (!placed.outcome.ok()) return std::move(placed.outcome);
    std::vector<metadata::partition_state> states;
    for (const auto& replicas : placed.replicas) states.push_back(first_state(image_, replicas));
    return append(topic, std::move(states));
  }

  verdict append(const metadata::topic& topic, std::vector<metadata::partition_state> states) {
    if (auto v = take_from(quota_, static_cast<std::int64_t>(states.size())); !v.ok()) return v;
    JD_ASSERT(!states.empty(), topic.name());
    std::int32_t p = topic.partition_count();
    for (auto& state : states) {
      check_state(state);
      JD_ASSERT(state.replicas.size() == topic.partition(partition_id(0)).replicas.size(), topic.name(), p);
      out_.records.push_back(metadata::partition_created{topic.id(), partition_id(p++), std::move(state)});
    }
    return {};
  }

  const metadata::image& image_;
  random_source& random_;
  mutation_quota* quota_;
  std::vector<placement_broker> brokers_;
  std::int32_t budget_ = partitions_per_request_max;
  decision<std::vector<grown_topic>> out_;
};

}  // namespace

decision<std::vector<grown_topic>> create_partitions(const metadata::image& image,
                                                     const create_partitions_request& request, random_source& random,
                                                     mutation_quota* quota) {
  return topic_grower(image, random, quota).decide(request);
}

}  // namespace jackdaw::controller
