#include "jackdaw/controller/placement.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

#include "jackdaw/base/assert.hpp"

namespace jackdaw::controller {
namespace {

using protocol::error_code;

struct candidate {
  const placement_broker* broker;
  std::size_t rack;  // counted from 0
  std::int32_t leaders = 0;
  std::int32_t replicas = 0;
};

class placer {
 public:
  placer(std::span<const placement_broker> brokers, random_source& random) : random_(random) {
    std::map<std::string_view, std::size_t> racks;
    for (const placement_broker& b : brokers)
      candidates_.push_back({&b, racks.try_emplace(b.rack, racks.size()).first->second});
    rack_uses_.resize(racks.size());
  }

  metadata::broker_list place(std::int16_t replication_factor) {
    JD_ASSERT(replication_factor > 0 && static_cast<std::size_t>(replication_factor) <= candidates_.size(),
              replication_factor, candidates_.size());
    std::vector<broker_id> chosen;
    std::fill(rack_uses_.begin(), rack_uses_.end(), 0);
    while (chosen.size() < static_cast<std::size_t>(replication_factor)) {
      candidate& c = chosen.empty() ? best_leader() : best_follower(chosen);
      if (chosen.empty()) ++c.leaders;
      ++c.replicas;
      ++rack_uses_[c.rack];
      chosen.push_back(c.broker->id);
    }
    return metadata::broker_list(std::span<const broker_id>(chosen));
  }

  // What place() has left behind: the brokers that may lead do so equally often, give or take one.
  void check() const {
    std::int32_t least = std::numeric_limits<std::int32_t>::max();
    std::int32_t most = 0;
    for (const candidate& c : candidates_) {
      JD_ASSERT(c.leaders <= c.replicas, c.broker->id.value(), c.leaders, c.replicas);
      JD_ASSERT(c.broker->active || c.leaders == 0, c.broker->id.value(), c.leaders);
      if (c.broker->active) least = std::min(least, c.leaders);
      most = std::max(most, c.leaders);
    }
    JD_ASSERT(most - least <= 1, most, least, candidates_.size());
  }

 private:
  candidate& best_leader() {
    return best([](const candidate& c) { return c.broker->active; },
                [](const candidate& c) { return std::tuple(c.leaders, c.replicas); });
  }
  candidate& best_follower(const std::vector<broker_id>& chosen) {
    return best(
        [&](const candidate& c) { return std::find(chosen.begin(), chosen.end(), c.broker->id) == chosen.end(); },
        [&](const candidate& c) { return std::tuple(!c.broker->active, rack_uses_[c.rack], c.replicas); });
  }

  // The allowed candidate with the least cost; among equals a random one, so that followers of one leader differ.
  template <class Allowed, class Cost>
  candidate& best(Allowed allowed, Cost cost) {
    candidate* found = nullptr;
    std::uint64_t equals = 0;
    for (candidate& c : candidates_) {
      if (!allowed(c)) continue;
      if (found == nullptr || cost(c) < cost(*found)) {
        found = &c;
        equals = 1;
      } else if (cost(c) == cost(*found) && random_.one_in(++equals)) {
        found = &c;
      }
    }
    JD_ASSERT(found != nullptr, candidates_.size());
    return *found;
  }

  random_source& random_;
  std::vector<candidate> candidates_;
  std::vector<std::int32_t> rack_uses_;  // of the partition being placed
};

}  // namespace

std::vector<placement_broker> brokers_for_placement(const metadata::image& image) {
  std::vector<placement_broker> out;
  for (const auto& [id, b] : image.brokers())
    out.push_back({id, b->rack.value_or(std::string()), !b->fenced && !b->shutting_down});
  return out;
}

placement place_replicas(std::span<const placement_broker> brokers, std::int32_t partitions,
                         std::int16_t replication_factor, random_source& random) {
  const std::string unable = "Unable to replicate the partition " + std::to_string(replication_factor) + " time(s): ";
  if (replication_factor < 1)
    return {refuse(error_code::invalid_replication_factor, unable + "the replication factor must be positive."), {}};
  if (static_cast<std::size_t>(replication_factor) > brokers.size())
    return {
        refuse(error_code::invalid_replication_factor,
               unable + "The target replication factor of " + std::to_string(replication_factor) +
                   " cannot be reached because only " + std::to_string(brokers.size()) + " broker(s) are registered."),
        {}};
  if (std::none_of(brokers.begin(), brokers.end(), [](const placement_broker& b) { return b.active; }))
    return {refuse(error_code::invalid_replication_factor, unable + "All brokers are currently fenced."), {}};

  JD_ASSERT(partitions > 0, partitions);
  placement out;
  placer p(brokers, random);
  out.replicas.reserve(static_cast<std::size_t>(partitions));
  for (std::int32_t i = 0; i < partitions; ++i) out.replicas.push_back(p.place(replication_factor));
  p.check();
  return out;
}

metadata::partition_state first_state(const metadata::image& image, const metadata::broker_list& replicas) {
  JD_ASSERT(!replicas.empty());
  metadata::partition_state state;
  state.replicas = replicas;
  std::vector<broker_id> in_sync;
  for (const broker_id id : replicas) {
    const auto* b = image.find_broker(id);
    if (b != nullptr && !b->fenced && !b->shutting_down) in_sync.push_back(id);
  }
  if (!in_sync.empty()) state.leader = in_sync.front();
  state.isr = metadata::broker_list(std::span<const broker_id>(in_sync));
  return state;
}

}  // namespace jackdaw::controller
