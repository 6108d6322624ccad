// ElectLeaders: the preferred leader of a partition, or at a price any.
#include <set>
#include <utility>

#include "jackdaw/base/assert.hpp"
#include "jackdaw/controller/partitions.hpp"
#include "partition_steps.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

class elector {
 public:
  elector(const metadata::image& image, std::int8_t type) : image_(image), type_(type) {}

  decision<std::vector<decided_topic>> decide(const protocol::elect_leaders_request& request) {
    if (!request.topic_partitions) {
      elect_everywhere();
      return std::move(out_);
    }
    for (const auto& t : *request.topic_partitions) {
      auto& row = out_.reply.emplace_back();
      row.name = t.topic;
      for (const auto p : t.partitions) row.partitions.push_back({p, elect(t.topic, p)});
    }
    return std::move(out_);
  }

 private:
  void elect_everywhere() {
    for (const auto& [name, id] : image_.names()) {
      auto& row = out_.reply.emplace_back();
      row.name = name;
      if (!is_election_type(type_)) continue;
      const auto* topic = image_.find_topic(id);
      JD_ASSERT(topic != nullptr && topic->name() == name, name);
      for (std::int32_t p = 0; p < topic->partition_count(); ++p) {
        auto outcome = elect(*topic, partition_id{p});
        if (outcome.code != error_code::election_not_needed) row.partitions.push_back({partition_id{p}, outcome});
      }
    }
  }

  verdict elect(std::string_view name, partition_id p) {
    if (!is_election_type(type_))
      return refuse(error_code::invalid_request, "Unknown election type " + std::to_string(type_));
    const auto* topic = image_.find_topic(name);
    if (topic == nullptr)
      return refuse(error_code::unknown_topic_or_partition, "No such topic as " + std::string(name));
    if (!topic->has(p)) {
      return refuse(error_code::unknown_topic_or_partition,
                    "No such partition as " + std::string(name) + "-" + std::to_string(p.value()));
    }
    return elect(*topic, p);
  }

  verdict elect(const metadata::topic& topic, partition_id p) {
    const auto& state = topic.partition(p);
    JD_ASSERT(!state.replicas.empty(), topic.name(), p.value());
    const bool unclean = static_cast<election_type>(type_) == election_type::unclean;
    if (unclean ? state.leader != broker_id{} : state.leader == state.replicas[0])
      return refuse(error_code::election_not_needed, "Leader election not needed for topic partition.");
    return unclean ? elect_any(topic, p, state) : elect_preferred(topic, p, state);
  }

  verdict elect_preferred(const metadata::topic& topic, partition_id p, const metadata::partition_state& state) {
    const broker_id preferred = state.replicas[0];
    if (!may_lead(image_, state, preferred))
      return refuse(error_code::preferred_leader_not_available, "The preferred leader was not available.");
    lead(topic, p, led_by(state, preferred));
    return {};
  }

  verdict elect_any(const metadata::topic& topic, partition_id p, const metadata::partition_state& state) {
    if (const auto clean = next_leader(image_, state)) {
      lead(topic, p, led_by(state, *clean));
      return {};
    }
    for (const broker_id id : state.replicas) {
      if (!is_active(image_, id)) continue;
      auto next = led_by(state, id);
      // Who else was in sync or eligible may have records that the new leader lacks.
      next.elr = {};
      next.last_known_elr = {};
      next.leader_recovering = true;
      lead(topic, p, std::move(next));
      return {};
    }
    return refuse(error_code::eligible_leaders_not_available, "No replica of the partition can lead it now.");
  }

  // A partition that the request names twice is decided once.
  void lead(const metadata::topic& topic, partition_id p, metadata::partition_state next) {
    check_step(topic.partition(p), next);
    JD_ASSERT(is_active(image_, next.leader), topic.name(), p.value(), next.leader.value());
    if (!decided_.emplace(topic.id(), p).second) return;
    out_.records.push_back(metadata::partition_changed{topic.id(), p, std::move(next)});
  }

  const metadata::image& image_;
  std::int8_t type_;
  std::set<std::pair<uuid, partition_id>> decided_;
  decision<std::vector<decided_topic>> out_;
};

}  // namespace

bool is_election_type(std::int8_t number) noexcept { return number == 0 || number == 1; }

decision<std::vector<decided_topic>> elect_leaders(const metadata::image& image,
                                                   const protocol::elect_leaders_request& request) {
  return elector(image, request.election_type).decide(request);
}

}  // namespace jackdaw::controller
