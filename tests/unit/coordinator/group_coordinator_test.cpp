// What holds for all groups of a coordinator: who is told when, what is remembered, what is too much.
#include "jackdaw/coordinator/group_coordinator.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace jackdaw::coordinator {
namespace {

using protocol::error_code;

class group_coordinator_test : public ::testing::Test {
 protected:
  group_coordinator_test() {
    settings.classic.initial_rebalance_delay_ms = 0;
    restart();
  }
  void restart() {
    core = std::make_unique<group_coordinator>(settings);
    for (const auto& r : log) core->replay(r);
    core->begin(now);
  }
  static join_request request(const std::string& member_id, std::optional<std::string> instance_id = {}) {
    join_request r;
    r.member_id = member_id;
    r.instance_id = std::move(instance_id);
    r.session_timeout_ms = 10'000;
    r.rebalance_timeout_ms = 10'000;
    r.protocol_type = "consumer";
    r.protocols = {{"range", {}}};
    return r;
  }
  std::optional<join_answer> join(join_request r, const std::string& new_id) {
    out = {};
    return core->join("g", std::move(r), ++last, new_id, now, out);
  }
  std::optional<sync_answer> sync(const std::string& member_id, std::size_t share_bytes) {
    sync_request r;
    r.member_id = member_id;
    r.generation = core->find_live("g")->generation();
    r.assignments = {{member_id, blob(share_bytes)}};
    out = {};
    return core->sync("g", std::move(r), ++last, now, out);
  }
  void store(error_code outcome = error_code::none) {
    auto jobs = std::move(out.stores);
    out = {};
    for (auto& job : jobs) {
      if (outcome == error_code::none) {
        log.push_back(job.record);
        core->replay(job.record);
      }
      core->stored(job, outcome, now, out);
    }
  }

  coordinator_settings settings;
  now_t now{time_point(std::chrono::hours(1)), {1'000'000}};
  std::unique_ptr<group_coordinator> core;
  std::vector<metadata::record> log;
  coordinator_effects out;
  waiter last = 0;
};

TEST_F(group_coordinator_test, a_static_member_that_came_back_hears_of_it_once_its_new_id_is_stored) {
  ASSERT_FALSE(join(request("", "i"), "a"));
  ASSERT_EQ(out.joins.size(), 1u);
  ASSERT_FALSE(sync("a", 3));
  store();
  ASSERT_EQ(out.syncs.size(), 1u);
  EXPECT_FALSE(join(request("", "i"), "b")) << "the log doesn't know b yet";
  EXPECT_TRUE(out.joins.empty());
  store();
  ASSERT_EQ(out.joins.size(), 1u);
  EXPECT_EQ(out.joins[0].second.error, error_code::none);
  EXPECT_EQ(out.joins[0].second.member_id, "b");
  restart();
  EXPECT_EQ(core->heartbeat("g", {"b", "i", 1}, now), error_code::none);
  EXPECT_EQ(core->heartbeat("g", {"a", "i", 1}, now), error_code::fenced_instance_id);
}

TEST_F(group_coordinator_test, a_group_that_is_removed_right_after_its_last_member_left_does_not_revive_it) {
  ASSERT_FALSE(join(request("", "i"), "a"));
  ASSERT_FALSE(sync("a", 3));
  store();
  out = {};
  ASSERT_EQ(core->leave("g", "", "i", "", now, out), error_code::none);
  auto emptied = std::move(out.stores);
  ASSERT_EQ(emptied.size(), 1u);
  const auto removal = core->remove_group("g");
  ASSERT_TRUE(removal.record);
  ASSERT_FALSE(join(request("", "i"), "b")) << "before the log has either";
  EXPECT_EQ(core->find_live("g")->generation(), 3);
  EXPECT_EQ(core->find_live("g")->members().size(), 1u);
  out = {};
  EXPECT_EQ(core->heartbeat("g", {"a", "i", 1}, now), error_code::fenced_instance_id);
  core->replay(emptied.front().record);
  core->stored(emptied.front(), error_code::none, now, out);
  core->replay(*removal.record);
  ASSERT_TRUE(core->find_live("g")) << "b is in it";
  ASSERT_FALSE(sync("b", 3));
  store();
  ASSERT_EQ(out.syncs.size(), 1u);
  EXPECT_EQ(core->table().find("g")->stored()->generation, 3);
}

TEST_F(group_coordinator_test, of_a_removed_group_nothing_is_left) {
  ASSERT_FALSE(join(request(""), "a"));
  ASSERT_FALSE(sync("a", 3));
  store();
  out = {};
  ASSERT_EQ(core->leave("g", "a", {}, "", now, out), error_code::none);
  store();
  ASSERT_TRUE(core->find_live("g")) << "its history is told";
  const auto removal = core->remove_group("g");
  ASSERT_TRUE(removal.record);
  core->replay(*removal.record);
  EXPECT_FALSE(core->find_live("g"));
  EXPECT_TRUE(core->list().empty());
}

TEST_F(group_coordinator_test, an_assignment_that_is_not_stored_is_nobodys) {
  ASSERT_FALSE(join(request(""), "a"));
  ASSERT_FALSE(sync("a", 3));
  store(error_code::coordinator_not_available);
  ASSERT_EQ(out.syncs.size(), 1u);
  EXPECT_EQ(out.syncs[0].second.error, error_code::coordinator_not_available);
  EXPECT_EQ(core->find_live("g")->state(), group_state::preparing_rebalance);
  restart();
  EXPECT_FALSE(core->exists("g"));
}

TEST_F(group_coordinator_test, an_assignment_that_is_too_large_is_refused) {
  settings.generation_bytes_max = 10'000;
  restart();
  ASSERT_FALSE(join(request(""), "a"));
  ASSERT_FALSE(sync("a", 10'001));
  EXPECT_TRUE(out.stores.empty());
  ASSERT_EQ(out.syncs.size(), 1u);
  EXPECT_EQ(out.syncs[0].second.error, error_code::unknown_server_error);
}

TEST_F(group_coordinator_test, beyond_its_memory_new_members_are_refused_for_now_and_known_ones_stay) {
  ASSERT_FALSE(join(request(""), "a"));
  ASSERT_FALSE(sync("a", 3));
  store();
  settings.memory_max_bytes = core->use().used_bytes + 1;
  restart();
  auto large = request("a");
  large.protocols[0].metadata = blob(1000);
  ASSERT_FALSE(join(std::move(large), "")) << "it comes again";
  EXPECT_TRUE(core->use().is_spent());
  const auto refused = join(request(""), "b");
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->error, error_code::coordinator_not_available);
  EXPECT_EQ(core->use().refused, 1u);
  EXPECT_EQ(core->leave("g", "a", {}, "", now, out), error_code::none);
  store();
  EXPECT_EQ(core->remove_group("g").error, error_code::none);
  core->replay(metadata::group_removed{"g"});
  EXPECT_EQ(core->use().used_bytes, 0u) << "everything is given back";
  EXPECT_FALSE(join(request(""), "b"));
}

TEST_F(group_coordinator_test, beyond_its_memory_known_offsets_are_committed_and_new_ones_refused) {
  const auto commit = [&](std::int32_t partition, std::int64_t value) {
    commit_request r;
    r.group = "s";
    r.offsets.resize(1);
    r.offsets[0].topic = "t";
    r.offsets[0].partition = partition_id{partition};
    r.offsets[0].offset = offset{value};
    auto d = core->commit(std::move(r), now);
    if (d.record) core->replay(*d.record);
    return d.error;
  };
  ASSERT_EQ(commit(0, 1), error_code::none);
  settings.memory_max_bytes = 2 * core->use().used_bytes;
  restart();
  std::int32_t next = 0;
  while (commit(next, 1) == error_code::none) ++next;
  EXPECT_GT(next, 1);
  EXPECT_EQ(core->use().refused, 1u);
  for (int i = 2; i < 100; ++i) ASSERT_EQ(commit(0, i), error_code::none);
  core->replay(metadata::offsets_removed{"s", {{"t", partition_id{0}}, {"t", partition_id{1}}}, {}});
  EXPECT_EQ(commit(next, 1), error_code::none);
  core->replay(metadata::group_removed{"s"});
  EXPECT_EQ(core->use().used_bytes, 0u);
}

TEST_F(group_coordinator_test, who_waits_is_sent_to_the_next_coordinator) {
  settings.classic.initial_rebalance_delay_ms = 3000;
  restart();
  ASSERT_FALSE(join(request(""), "a"));
  core->end(out);
  ASSERT_EQ(out.joins.size(), 1u);
  EXPECT_EQ(out.joins[0].second.error, error_code::not_coordinator);
  EXPECT_EQ(core->next_deadline(), time_point::max());
  EXPECT_EQ(core->commit({"g", "", {}, -1, -1, {}}, now).error, error_code::coordinator_load_in_progress);
}

TEST_F(group_coordinator_test, an_expiry_does_not_take_a_commit_that_is_on_its_way) {
  const auto commit = [&](std::int64_t value) {
    commit_request r;
    r.group = "s";
    r.offsets.resize(1);
    r.offsets[0].topic = "t";
    r.offsets[0].partition = partition_id{0};
    r.offsets[0].offset = offset{value};
    return *core->commit(std::move(r), now).record;
  };
  core->replay(commit(1));
  now.wall.value += settings.offsets_retention_ms;
  const auto on_its_way = commit(2);
  std::vector<metadata::record> expired;
  EXPECT_EQ(core->expire("", 10, now, expired), "");
  ASSERT_EQ(expired.size(), 2u) << "the offset, and the group that has no other";
  core->replay(on_its_way);
  for (const auto& r : expired) core->replay(r);
  const auto* entry = core->table().find("s");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->offsets().find(offset_key{"t", partition_id{0}})->offset, offset{2});
}

}  // namespace
}  // namespace jackdaw::coordinator
