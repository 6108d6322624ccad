// Three nodes in one thread: they elect, replicate, lose their leader, take over a snapshot, and end with equal images.
#include <gtest/gtest.h>

#include <cstdlib>
#include <set>

#include "handlers/shard_state.hpp"
#include "jackdaw/controller/configs.hpp"
#include "quorum/cluster_member.hpp"
#include "quorum/metadata_submit.hpp"
#include "test_cluster.hpp"

namespace jackdaw::testing {
namespace {

using metadata::config_changed;
using metadata::config_resource;

std::uint64_t seeds() {
  const char* wanted = std::getenv("JACKDAW_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20;
}

class three_nodes : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  three_nodes()
      : random(GetParam() * 977), cluster(GetParam(), 3, {"metadata.log.max.record.bytes.between.snapshots=100000"}) {
    cluster.lost_percent = random.below(3) * 2;
    cluster.doubled_percent = random.below(3) * 2;
  }

  std::optional<broker_id> leader() {
    for (const auto id : cluster.ids()) {
      if (cluster.is_up(id) && cluster.state(id).metadata->is_active_controller()) return id;
    }
    return std::nullopt;
  }
  void start_all() {
    for (const auto id : cluster.ids()) cluster.start(id);
    ASSERT_TRUE(cluster.run_until([&] { return all_ready(); }));
  }
  bool all_ready() {
    const auto ids = cluster.ids();
    return std::all_of(ids.begin(), ids.end(), [&](broker_id id) { return cluster.is_ready(id); });
  }
  // Every shard of every node that is up has the same state.
  bool are_equal() {
    std::set<raft_index> committed;
    const metadata::image* first = nullptr;
    for (const auto id : cluster.ids()) {
      if (!cluster.is_up(id)) continue;
      const auto& image = cluster.state(id).metadata->committed();
      if (first == nullptr) first = image.get();
      if (!(*first == *image)) return false;
      for (std::uint32_t s = 0; s < 2; ++s) {
        const auto& seen = *cluster.state(id, s).image;
        // What changed nothing for shards they needn't have been told.
        if (!(seen.all_configs().size() == first->all_configs().size() && seen.topic_count() == first->topic_count()))
          return false;
      }
    }
    return true;
  }
  // Sets `name` in the configuration of the cluster at whoever is the active controller, or says that nobody was.
  void set(broker_id at, const std::string& name) {
    ++asked;
    auto& zero = cluster.state(at);
    zero.metadata->submit(
        [name](const metadata::image&, random_source&) {
          return std::vector<metadata::record>{config_changed{config_resource::topic, name, "retention.ms", "1"}};
        },
        [this, name](const result<void>& outcome) {
          ++answered;
          if (outcome) acknowledged.insert(name);
          if (!outcome) ++refused;
        });
  }
  void set_some(int count) {
    for (int i = 0; i < count; ++i) {
      if (const auto at = leader()) set(*at, "t" + std::to_string(next_name++));
      cluster.run_for(std::chrono::milliseconds(random.below(5)));
    }
  }
  void overwrite_until_entries_are_dropped() {
    const auto have_dropped = [this] {
      const auto ids = cluster.ids();
      return std::all_of(ids.begin(), ids.end(), [this](broker_id id) {
        return !cluster.is_up(id) || cluster.state(id).metadata->raft()->first_index() > raft_index{1};
      });
    };
    for (int i = 0; i < 30'000 && !have_dropped(); ++i) {
      if (const auto at = leader()) set(*at, "again");
      if (i % 200 == 0) cluster.run_for(std::chrono::milliseconds(5));
    }
    ASSERT_TRUE(have_dropped()) << "whoever leads then, no snapshot will be needed";
  }
  void expect_all_kept() {
    for (const auto id : cluster.ids()) {
      if (!cluster.is_up(id)) continue;
      const auto& image = *cluster.state(id).metadata->committed();
      image.check();
      for (const auto& name : acknowledged) {
        EXPECT_FALSE(image.configs(config_resource::topic, name).empty()) << name << " is lost on " << id.value();
      }
    }
  }

  random_source random;
  test_cluster cluster;
  int next_name = 0;
  int asked = 0;
  int answered = 0;
  int refused = 0;
  std::set<std::string> acknowledged;
};

TEST_P(three_nodes, elect_replicate_lose_the_leader_install_a_snapshot_and_end_equal) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  ASSERT_NO_FATAL_FAILURE(start_all());
  set_some(20);
  ASSERT_TRUE(cluster.run_until([&] { return answered == asked && are_equal(); }));
  EXPECT_EQ(acknowledged.size(), 20U);

  // The leader dies with requests in flight; the others go on without it.
  const auto first = *leader();
  for (int i = 0; i < 5; ++i) set(first, "in_flight" + std::to_string(i));
  for (auto left = random.below(10); left > 0; --left) cluster.run_for(std::chrono::microseconds(200));
  const bool is_noticed = random.one_in(2);
  cluster.kill(first, crash_kind::power, is_noticed);
  asked = answered;
  ASSERT_TRUE(cluster.run_until([&] { return leader().has_value(); }));
  EXPECT_NE(*leader(), first);
  set_some(20);
  // More than a leader keeps for followers that are a little late.
  ASSERT_NO_FATAL_FAILURE(overwrite_until_entries_are_dropped());
  ASSERT_TRUE(cluster.run_until([&] { return answered == asked && are_equal(); }));
  EXPECT_GE(acknowledged.size(), 40U);

  // By now its next entry is gone everywhere, so it gets a snapshot.
  cluster.start(first);
  ASSERT_TRUE(cluster.run_until([&] { return all_ready() && are_equal(); }));
  EXPECT_GT(cluster.state(first).metadata->raft()->first_index(), raft_index{1});
  expect_all_kept();
}

TEST_P(three_nodes, leadership_is_lost_and_regained_with_requests_in_flight) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  ASSERT_NO_FATAL_FAILURE(start_all());
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(cluster.run_until([&] { return leader().has_value(); }));
    const auto old = *leader();
    set_some(3);
    cluster.cut_off(old);
    // It goes on for a while without knowing; none of this may be acknowledged.
    const auto acknowledged_before = acknowledged.size();
    cluster.run_for(std::chrono::milliseconds(random.below(100)));
    if (cluster.state(old).metadata->is_active_controller()) {
      for (int i = 0; i < 4; ++i) set(old, "lost" + std::to_string(next_name++));
    }
    ASSERT_TRUE(cluster.run_until([&] {
      const auto ids = cluster.ids();
      return std::any_of(ids.begin(), ids.end(),
                         [&](broker_id id) { return id != old && cluster.state(id).metadata->is_active_controller(); });
    }));
    // Check-quorum: it steps down by itself, and everybody who asked is answered.
    ASSERT_TRUE(cluster.run_until([&] { return !cluster.state(old).metadata->is_active_controller(); }));
    ASSERT_TRUE(cluster.run_until([&] { return answered == asked; }));
    EXPECT_GE(acknowledged.size(), acknowledged_before);
    cluster.cut_off(old, false);
    ASSERT_TRUE(cluster.run_until([&] { return leader().has_value() && are_equal(); }));
  }
  EXPECT_GE(refused, 5) << "nothing was in flight when leadership was lost";
  set_some(5);
  ASSERT_TRUE(cluster.run_until([&] { return answered == asked && are_equal(); }));
  expect_all_kept();
}

TEST(node, whose_data_directory_is_removed_ends_within_seconds_although_nobody_opens_a_file) {
  const broker_id only{1};
  test_cluster cluster(7, 1);
  cluster.start(only);
  cluster.run_for(std::chrono::seconds(10));
  EXPECT_TRUE(cluster.is_ready(only));
  EXPECT_TRUE(cluster.take_failures(only).empty());
  ASSERT_TRUE(cluster.disk(only).remove_all("/data"));
  cluster.run_for(std::chrono::seconds(3));
  const auto failures = cluster.take_failures(only);
  ASSERT_FALSE(failures.empty());
  EXPECT_NE(failures.front().find("/data"), std::string::npos) << failures.front();
  EXPECT_FALSE(cluster.disk(only).exists("/data")) << "it is not made again";
}

INSTANTIATE_TEST_SUITE_P(seeds, three_nodes, ::testing::Range(std::uint64_t{1}, seeds() + 1));

}  // namespace
}  // namespace jackdaw::testing
