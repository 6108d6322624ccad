// What holds for all groups of a coordinator: who is told when, what is remembered, what is too much.
#include "coordinator_fixture.hpp"

namespace jackdaw::coordinator {
namespace {

class group_coordinator_test : public coordinator_fixture {};

TEST_F(group_coordinator_test, a_static_member_that_came_back_hears_of_it_once_its_new_id_is_stored) {
  const auto a = join(request("", "i"), "a");
  ASSERT_TRUE(joins.contains(a));
  const auto synced = sync("a", 3);
  EXPECT_FALSE(syncs.contains(synced));
  store();
  ASSERT_TRUE(syncs.contains(synced));
  const auto b = join(request("", "i"), "b");
  EXPECT_FALSE(joins.contains(b)) << "the log doesn't know b yet";
  store();
  ASSERT_TRUE(joins.contains(b));
  EXPECT_EQ(joins[b].error, error_code::none);
  EXPECT_EQ(joins[b].member_id, "b");
  lead();
  EXPECT_EQ(heartbeat("b", "i", 1), error_code::none);
  EXPECT_EQ(heartbeat("a", "i", 1), error_code::fenced_instance_id);
}

TEST_F(group_coordinator_test, a_group_that_is_removed_right_after_its_last_member_left_does_not_revive_it) {
  join(request("", "i"), "a");
  sync("a", 3);
  store();
  ASSERT_EQ(leave("", "i"), error_code::none);
  ASSERT_EQ(in_flight.size(), 1u);
  const auto removal = remove_group("g");
  ASSERT_EQ(in_flight.size(), 2u);
  const auto b = join(request("", "i"), "b");
  ASSERT_TRUE(joins.contains(b)) << "before the log has either";
  EXPECT_EQ(live("g")->generation(), 3);
  EXPECT_EQ(live("g")->members().size(), 1u);
  EXPECT_EQ(heartbeat("a", "i", 1), error_code::fenced_instance_id);
  store();
  EXPECT_EQ(outcome(removal), error_code::none);
  ASSERT_TRUE(live("g")) << "b is in it";
  const auto synced = sync("b", 3);
  store();
  ASSERT_TRUE(syncs.contains(synced));
  EXPECT_EQ(table.find("g")->stored()->generation, 3);
}

TEST_F(group_coordinator_test, of_a_removed_group_nothing_is_left) {
  join(request(""), "a");
  sync("a", 3);
  store();
  ASSERT_EQ(leave("a"), error_code::none);
  store();
  ASSERT_TRUE(live("g")) << "its history is told";
  remove_group("g");
  store();
  EXPECT_FALSE(live("g"));
  EXPECT_TRUE(core->groups.list().empty());
}

TEST_F(group_coordinator_test, an_assignment_that_is_not_stored_is_nobodys) {
  join(request(""), "a");
  const auto synced = sync("a", 3);
  store(error_code::coordinator_not_available);
  ASSERT_TRUE(syncs.contains(synced));
  EXPECT_EQ(syncs[synced].error, error_code::coordinator_not_available);
  EXPECT_EQ(live("g")->state(), group_state::preparing_rebalance);
  lead();
  EXPECT_FALSE(core->groups.exists("g"));
}

TEST_F(group_coordinator_test, an_assignment_that_is_too_large_is_refused) {
  settings.generation_bytes_max = 10'000;
  lead();
  join(request(""), "a");
  const auto synced = sync("a", 10'001);
  EXPECT_TRUE(in_flight.empty());
  ASSERT_TRUE(syncs.contains(synced));
  EXPECT_EQ(syncs[synced].error, error_code::unknown_server_error);
}

TEST_F(group_coordinator_test, beyond_its_memory_new_members_are_refused_for_now_and_known_ones_stay) {
  join(request(""), "a");
  sync("a", 3);
  store();
  settings.memory_max_bytes = core->groups.use().used_bytes + 1;
  lead();
  auto large = request("a");
  large.protocols[0].metadata = blob(1000);
  EXPECT_EQ(joins[join(std::move(large), "")].error, error_code::none) << "it comes again";
  EXPECT_TRUE(core->groups.use().is_spent());
  const auto refused = join(request(""), "b");
  ASSERT_TRUE(joins.contains(refused));
  EXPECT_EQ(joins[refused].error, error_code::coordinator_not_available);
  EXPECT_EQ(core->groups.use().refused, 1u);
  EXPECT_EQ(leave("a"), error_code::none);
  store();
  const auto removed = remove_group("g");
  store();
  EXPECT_EQ(outcome(removed), error_code::none);
  EXPECT_EQ(core->groups.use().used_bytes, 0u) << "everything is given back";
  EXPECT_EQ(joins[join(request(""), "b")].error, error_code::none);
}

TEST_F(group_coordinator_test, ids_that_were_given_out_count_with_their_names_until_they_are_over) {
  auto r = request("");
  r.requires_member_id = true;
  const std::string name(30'000, 'n');
  for (int i = 0; i < 10; ++i) join(r, name + std::to_string(i));
  EXPECT_EQ(joins.size(), 10u);
  EXPECT_GT(core->groups.use().used_bytes, 300'000u);
  advance(11'000);
  EXPECT_EQ(core->groups.use().used_bytes, 0u);
}

TEST_F(group_coordinator_test, what_a_group_remembers_of_its_rebalances_is_counted_and_bounded) {
  auto r = request("");
  r.client_id = r.client_host = r.reason = std::string(30'000, 'x');
  join(r, "a");
  sync("a", 3);
  store();
  const auto before = core->groups.use().used_bytes;
  for (int i = 0; i < 3000; ++i) {
    const auto id = std::string(30'000, 'b') + std::to_string(i);
    join(r, id);
    ASSERT_EQ(leave(id, {}, r.reason), error_code::none);
  }
  EXPECT_GT(core->groups.use().used_bytes, before) << "the history";
  EXPECT_LT(core->groups.use().used_bytes, before + (1 << 20));
  EXPECT_GT(live("g")->history().bytes(), 10'000u);
}

TEST_F(group_coordinator_test, who_waits_is_sent_to_the_next_coordinator) {
  settings.classic.initial_rebalance_delay_ms = 3000;
  lead();
  const auto a = join(request(""), "a");
  const auto c = commit(commit_of("s", 0, 1));
  end();
  ASSERT_TRUE(joins.contains(a));
  EXPECT_EQ(joins[a].error, error_code::not_coordinator);
  EXPECT_EQ(outcome(c), error_code::not_coordinator) << "it may yet be committed, or not";
  EXPECT_EQ(core->groups.next_deadline(), time_point::max());
}

TEST_F(group_coordinator_test, the_next_request_decides_on_what_is_in_flight) {
  commit(commit_of("s", 0, 1));
  EXPECT_EQ(core->groups.describe("s").state, "Dead") << "a reader is told what is committed";
  const auto removed = remove_group("s");
  EXPECT_FALSE(rows.contains(removed));
  EXPECT_EQ(outcome(remove_group("s")), error_code::group_id_not_found);
  const auto again = commit(commit_of("s", 0, 2));
  store();
  EXPECT_EQ(outcome(removed), error_code::none);
  EXPECT_EQ(outcome(again), error_code::none);
  EXPECT_EQ(committed("s", 0), 2);
}

TEST_F(group_coordinator_test, what_could_not_be_stored_is_undone_and_the_rest_in_flight_stays) {
  commit(commit_of("r", 0, 1));
  store();
  const auto lost = remove_group("r");
  const auto kept = commit(commit_of("s", 0, 1));
  store(error_code::coordinator_not_available, 1);
  EXPECT_EQ(outcome(lost), error_code::coordinator_not_available);
  EXPECT_TRUE(core->groups.exists("r"));
  EXPECT_TRUE(core->groups.exists("s"));
  EXPECT_FALSE(rows.contains(kept));
  store();
  EXPECT_EQ(outcome(kept), error_code::none);
  EXPECT_TRUE(core->groups.newest() == table);
}

TEST_F(group_coordinator_test, a_new_leader_begins_with_what_was_committed_as_often_as_it_comes) {
  for (int term = 1; term <= 3; ++term) {
    commit(commit_of("s", 0, term));
    store();
    commit(commit_of("s", 0, 100 + term));
    const auto a = join(request(""), "a");
    end();
    EXPECT_TRUE(joins.contains(a));
    lead();
    EXPECT_EQ(committed("s", 0), term);
    EXPECT_TRUE(core->groups.newest() == table);
    EXPECT_EQ(live("g"), nullptr);
  }
}

}  // namespace
}  // namespace jackdaw::coordinator
