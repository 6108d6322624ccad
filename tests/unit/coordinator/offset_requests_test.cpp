// Committed offsets: who may commit, what is kept for how long.
#include "coordinator_fixture.hpp"

namespace jackdaw::coordinator {
namespace {

class offset_requests_test : public coordinator_fixture {};

TEST_F(offset_requests_test, beyond_its_memory_known_offsets_are_committed_and_new_ones_refused) {
  const auto commit_now = [&](std::int32_t partition, std::int64_t value) {
    const auto w = commit(commit_of("s", partition, value));
    store();
    return *outcome(w);
  };
  ASSERT_EQ(commit_now(0, 1), error_code::none);
  settings.memory_max_bytes = 2 * core->groups.use().used_bytes;
  lead();
  std::int32_t next = 0;
  while (commit_now(next, 1) == error_code::none) ++next;
  EXPECT_GT(next, 1);
  EXPECT_EQ(core->groups.use().refused, 1u);
  for (int i = 2; i < 100; ++i) ASSERT_EQ(commit_now(0, i), error_code::none);
  coordinator_effects out;
  core->offsets.remove("s", {{"t", partition_id{0}}, {"t", partition_id{1}}}, ++last, out);
  in_flight.push_back(out.proposals.at(0));
  store();
  EXPECT_EQ(commit_now(next, 1), error_code::none);
  remove_group("s");
  store();
  EXPECT_EQ(core->groups.use().used_bytes, 0u);
}

TEST_F(offset_requests_test, an_expiry_does_not_take_a_commit_that_is_on_its_way) {
  commit(commit_of("s", 0, 1));
  store();
  now.wall.value += settings.offsets_retention_ms;
  commit(commit_of("s", 0, 2));
  EXPECT_EQ(expire(), "");
  store();
  ASSERT_NE(table.find("s"), nullptr);
  EXPECT_EQ(committed("s", 0), 2);
}

TEST_F(offset_requests_test, a_commit_after_an_expiry_that_is_on_its_way_stays) {
  commit(commit_of("s", 0, 1));
  store();
  now.wall.value += settings.offsets_retention_ms;
  EXPECT_EQ(expire(), "");
  ASSERT_EQ(in_flight.size(), 1u);
  EXPECT_EQ(in_flight[0].records->size(), 2u) << "the offset, and the group that has no other";
  commit(commit_of("s", 0, 2));
  store();
  EXPECT_EQ(committed("s", 0), 2);
}

TEST_F(offset_requests_test, a_group_whose_offsets_went_with_their_topic_is_empty_until_the_next_expiry) {
  commit(commit_of("s", 0, 1));
  store();
  forget_all();
  ASSERT_EQ(in_flight.size(), 1u);
  store();
  EXPECT_TRUE(core->groups.exists("s"));
  ASSERT_EQ(core->groups.list().size(), 1u);
  EXPECT_EQ(core->groups.list()[0].state, "Empty");
  EXPECT_EQ(core->groups.describe("s").state, "Empty");
  group_table loaded;
  table.for_each_record([&](metadata::record each) { loaded.replay(each); });
  EXPECT_EQ(loaded, table) << "a snapshot holds it, too";
  EXPECT_EQ(expire(), "");
  store();
  EXPECT_FALSE(core->groups.exists("s"));
  EXPECT_EQ(core->groups.use().used_bytes, 0u);
}

TEST_F(offset_requests_test, a_commit_of_a_generation_of_a_group_that_is_not_there_says_so_to_clients_that_know_it) {
  auto r = commit_of("absent", 0, 1);
  r.member_id = "a";
  r.generation = 3;
  r.knows_absent_groups = true;
  EXPECT_EQ(outcome(commit(r)), error_code::group_id_not_found);
  r.knows_absent_groups = false;
  EXPECT_EQ(outcome(commit(r)), error_code::illegal_generation);
  EXPECT_TRUE(in_flight.empty());
}

TEST_F(offset_requests_test, offsets_that_are_to_be_kept_for_ever_are) {
  auto r = commit_of("s", 0, 1);
  r.retention_ms = INT64_MAX;
  commit(std::move(r));
  store();
  now.wall.value += 100 * settings.offsets_retention_ms;
  expire();
  EXPECT_TRUE(in_flight.empty());
  settings.offsets_retention_ms = INT64_MAX;
  commit(commit_of("q", 0, 1));
  store();
  lead();
  expire();
  EXPECT_TRUE(in_flight.empty());
  EXPECT_EQ(committed("q", 0), 1);
}

}  // namespace
}  // namespace jackdaw::coordinator
