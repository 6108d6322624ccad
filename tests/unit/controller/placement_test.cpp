#include "jackdaw/controller/placement.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "unit/controller/support.hpp"

namespace jackdaw::controller {
namespace {

placement place(const std::vector<placement_broker>& brokers, std::int32_t partitions, std::int16_t rf,
                std::uint64_t seed = 1) {
  random_source random(seed);
  return place_replicas(brokers, partitions, rf, random);
}

std::vector<placement_broker> flat(std::int32_t count) {
  std::vector<placement_broker> out;
  for (std::int32_t id = 1; id <= count; ++id) out.push_back({broker_id(id), "", true});
  return out;
}

struct spread {
  std::map<broker_id, int> leaders;
  std::map<broker_id, int> replicas;
  std::set<std::pair<broker_id, broker_id>> pairs;  // leader, first follower
};

spread measure(const placement& p) {
  spread out;
  for (const auto& list : p.replicas) {
    ++out.leaders[list[0]];
    if (list.size() > 1) out.pairs.insert({list[0], list[1]});
    for (const broker_id id : list) ++out.replicas[id];
  }
  return out;
}

template <class Map>
int unevenness(const Map& counts, std::size_t brokers) {
  if (counts.size() < brokers) return 1000;
  int least = 1 << 30;
  int most = 0;
  for (const auto& [id, n] : counts) least = std::min(least, n), most = std::max(most, n);
  return most - least;
}

TEST(placement, leaders_and_replicas_are_spread_evenly) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (const int brokers : {1, 2, 3, 5, 8}) {
      for (std::int16_t rf = 1; rf <= std::min(brokers, 3); ++rf) {
        const auto p = place(flat(brokers), 60, rf, seed);
        ASSERT_TRUE(p.outcome.ok());
        ASSERT_EQ(p.replicas.size(), 60u);
        const spread s = measure(p);
        EXPECT_LE(unevenness(s.leaders, static_cast<std::size_t>(brokers)), 1) << brokers << ' ' << rf << ' ' << seed;
        EXPECT_LE(unevenness(s.replicas, static_cast<std::size_t>(brokers)), 2) << brokers << ' ' << rf << ' ' << seed;
      }
    }
  }
}

TEST(placement, followers_of_one_leader_differ) {
  const spread s = measure(place(flat(5), 100, 2));
  EXPECT_EQ(s.pairs.size(), 20u);  // all ordered pairs of five
}

TEST(placement, a_partitions_replicas_are_different_brokers_in_different_racks) {
  std::vector<placement_broker> brokers;
  for (std::int32_t id = 0; id < 6; ++id)
    brokers.push_back({broker_id(id), std::string(1, static_cast<char>('a' + id / 2)), true});
  const auto p = place(brokers, 50, 3);
  for (const auto& list : p.replicas) {
    std::set<std::int32_t> racks;
    for (const broker_id id : list) racks.insert(id.value() / 2);
    EXPECT_EQ(racks.size(), 3u);
  }
  EXPECT_LE(unevenness(measure(p).leaders, 6), 1);
}

TEST(placement, more_replicas_than_racks_use_each_rack_before_one_twice) {
  const std::vector<placement_broker> brokers{
      {broker_id(1), "a", true}, {broker_id(2), "a", true}, {broker_id(3), "b", true}, {broker_id(4), "b", true}};
  for (const auto& list : place(brokers, 20, 3).replicas) {
    const auto in_a = std::count_if(list.begin(), list.end(), [](broker_id id) { return id.value() <= 2; });
    EXPECT_TRUE(in_a == 1 || in_a == 2);
    EXPECT_EQ(std::set<broker_id>(list.begin(), list.end()).size(), 3u);
  }
}

TEST(placement, fenced_brokers_serve_only_where_others_are_missing) {
  std::vector<placement_broker> brokers = flat(3);
  brokers[0].active = false;
  for (const auto& list : place(brokers, 10, 2).replicas) EXPECT_FALSE(list.contains(broker_id(1)));
  for (const auto& list : place(brokers, 10, 3).replicas) {
    EXPECT_EQ(list.size(), 3u);
    EXPECT_EQ(list[2], broker_id(1));
  }
}

TEST(placement, refuses_what_cannot_be) {
  EXPECT_EQ(text(place(flat(2), 1, 3).outcome),
            "38: Unable to replicate the partition 3 time(s): The target replication factor of 3 cannot be reached "
            "because only 2 broker(s) are registered.");
  EXPECT_EQ(text(place({{broker_id(1), "", false}}, 1, 1).outcome),
            "38: Unable to replicate the partition 1 time(s): All brokers are currently fenced.");
}

TEST(placement, follows_from_the_seed) {
  EXPECT_TRUE(place(flat(5), 30, 3, 7).replicas == place(flat(5), 30, 3, 7).replicas);
  EXPECT_FALSE(place(flat(5), 30, 3, 7).replicas == place(flat(5), 30, 3, 8).replicas);
}

TEST(placement, brokers_come_from_the_image) {
  cluster c;
  c.broker(2, "r").broker(1, "", true);
  const auto brokers = brokers_for_placement(c.image());
  ASSERT_EQ(brokers.size(), 2u);
  EXPECT_EQ(brokers[0].id, broker_id(1));
  EXPECT_FALSE(brokers[0].active);
  EXPECT_EQ(brokers[1].rack, "r");
}

}  // namespace
}  // namespace jackdaw::controller
