// AlterPartitionReassignments: which brokers shall hold a partition. New replicas join first, and when they are in sync
// the old ones go; where no new one is needed, all happens at once.
#include <algorithm>
#include <map>

#include "assignments.hpp"
#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/partitions.hpp"
#include "partition_steps.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

class reassigner {
 public:
  reassigner(const metadata::image& image, bool may_change_factor)
      : image_(image), may_change_factor_(may_change_factor) {}

  decision<std::vector<decided_topic>> decide(const protocol::alter_partition_reassignments_request& request) {
    for (const auto& t : request.topics) {
      auto& row = out_.reply.emplace_back();
      row.name = t.name;
      for (const auto& p : t.partitions) row.partitions.push_back({p.partition_index, change(t.name, p)});
    }
    for (auto& [key, state] : changed_)
      out_.records.push_back(metadata::partition_changed{key.first, key.second, std::move(state)});
    return std::move(out_);
  }

 private:
  using asked_partition = protocol::alter_partition_reassignments_request::reassignable_partition;
  using state_key = std::pair<uuid, partition_id>;

  verdict change(std::string_view name, const asked_partition& asked) {
    const auto* topic = image_.find_topic(name);
    if (topic == nullptr) {
      return refuse(error_code::unknown_topic_or_partition, "Unable to find a topic named " + std::string(name) + ".");
    }
    if (!topic->has(asked.partition_index)) {
      return refuse(error_code::unknown_topic_or_partition, "Unable to find partition " + std::string(name) + ":" +
                                                                std::to_string(asked.partition_index.value()) + ".");
    }
    const state_key key{topic->id(), asked.partition_index};
    const auto earlier = changed_.find(key);
    const auto state = earlier != changed_.end() ? earlier->second : topic->partition(asked.partition_index);
    return asked.replicas ? reassign(key, state, *asked.replicas) : take_back(key, state);
  }

  verdict take_back(const state_key& key, const metadata::partition_state& state) {
    if (state.adding_replicas.empty() && state.removing_replicas.empty())
      return {error_code::no_reassignment_in_progress, std::nullopt};
    const auto isr = without(state.isr, state.adding_replicas);
    if (isr.empty()) {
      return refuse(error_code::invalid_replica_assignment,
                    "None of the brokers that held the partition before is in sync, so going back would lose records.");
    }
    auto next = state;
    next.replicas = without(state.replicas, state.adding_replicas);
    next.isr = isr;
    next.adding_replicas = next.removing_replicas = {};
    settle(key, state, std::move(next));
    return {};
  }

  verdict reassign(const state_key& key, const metadata::partition_state& state, const std::vector<broker_id>& wanted) {
    if (auto v = check_assignment(image_, wanted, 0); !v.ok()) return v;
    // While a reassignment runs, the brokers before it count.
    const auto current = without(state.replicas, state.adding_replicas);
    JD_ASSERT(!current.empty(), key.second.value(), state.partition_epoch.value());
    if (!may_change_factor_ && wanted.size() != current.size()) {
      return refuse(error_code::invalid_replication_factor,
                    "The partition has " + std::to_string(current.size()) + " replica(s), the request names " +
                        std::to_string(wanted.size()) + ", and it forbids to change their number.");
    }
    const metadata::broker_list target{std::span<const broker_id>(wanted)};
    auto next = state;
    next.adding_replicas = without(target, current);
    next.removing_replicas = without(current, target);
    std::vector<broker_id> replicas(target.begin(), target.end());
    replicas.insert(replicas.end(), next.removing_replicas.begin(), next.removing_replicas.end());
    next.replicas = metadata::broker_list(std::span<const broker_id>(replicas));
    // Who was to be added before and isn't any more.
    next.isr = without(state.isr, without(state.replicas, next.replicas));
    if (next.isr.empty()) {
      return refuse(error_code::invalid_replica_assignment, "None of the named brokers is in sync with the partition.");
    }
    settle(key, state, std::move(next));
    return {};
  }

  // Completes the move if everybody who is needed is in sync, and gives the partition a leader that it still has.
  void settle(const state_key& key, const metadata::partition_state& before, metadata::partition_state next) {
    const auto isr = without(next.isr, next.removing_replicas);
    const bool complete = !isr.empty() && std::all_of(next.adding_replicas.begin(), next.adding_replicas.end(),
                                                      [&isr](broker_id id) { return isr.contains(id); });
    if (complete) {
      next.replicas = without(next.replicas, next.removing_replicas);
      next.isr = isr;
      next.adding_replicas = next.removing_replicas = {};
    }
    const auto gone = without(next.elr, next.replicas);
    next.elr = without(next.elr, gone);
    if (next == before) return;
    auto& changed = changed_[key] = with_leader(before, std::move(next));
    check_step(before, changed);
  }

  metadata::partition_state with_leader(const metadata::partition_state& before, metadata::partition_state next) const {
    const bool leads_on = next.leader == broker_id{} || next.replicas.contains(next.leader);
    if (leads_on) {
      // Brokers that hold it no more must not take themselves for followers.
      if (!without(before.replicas, next.replicas).empty()) ++next.leader_epoch;
      ++next.partition_epoch;
      return next;
    }
    const auto leader = next_leader(image_, next);
    return leader ? led_by(std::move(next), *leader) : leaderless(std::move(next));
  }

  const metadata::image& image_;
  bool may_change_factor_;
  std::map<state_key, metadata::partition_state> changed_;
  decision<std::vector<decided_topic>> out_;
};

}  // namespace

decision<std::vector<decided_topic>> alter_reassignments(
    const metadata::image& image, const protocol::alter_partition_reassignments_request& request) {
  return reassigner(image, request.allow_replication_factor_change).decide(request);
}

}  // namespace jackdaw::controller
