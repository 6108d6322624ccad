// The coordinator comes and goes with leadership, over a log that the test holds.
#include "quorum/active_coordinator.hpp"

#include <deque>

#include "group_fixture.hpp"
#include "handlers/shard_state.hpp"
#include "jackdaw/protocol/messages/consumer_group_describe.hpp"
#include "jackdaw/protocol/messages/delete_groups.hpp"
#include "jackdaw/protocol/messages/describe_groups.hpp"
#include "jackdaw/protocol/messages/list_groups.hpp"
#include "jackdaw/protocol/messages/offset_delete.hpp"
#include "quorum/cluster_member.hpp"

namespace jackdaw::testing {
namespace {

using broker::active_coordinator;
using coordinator::rows_answer;

struct held_log final : broker::proposer {
  void append(metadata::record_batch records, unique_function<void(result<void>)> done) override {
    waiting.emplace_back(std::move(records), std::move(done));
  }
  void commit_next() {
    auto [records, done] = std::move(waiting.front());
    waiting.pop_front();
    for (const auto& r : *records) table.replay(r);
    done({});
  }
  coordinator::group_table table;
  std::deque<std::pair<metadata::record_batch, unique_function<void(result<void>)>>> waiting;
};

class active_coordinator_test : public group_test {
 protected:
  std::unique_ptr<active_coordinator> lead() {
    return std::make_unique<active_coordinator>(b.state(0), log.table, log);
  }
  static coordinator::commit_request commit_of(const std::string& group, std::int64_t value) {
    coordinator::commit_request r;
    r.group = group;
    r.offsets.resize(1);
    r.offsets[0].topic = "t";
    r.offsets[0].partition = partition_id{0};
    r.offsets[0].offset = offset{value};
    return r;
  }
  unique_function<void(rows_answer)> keep() {
    return [this](const rows_answer& a) { told.push_back(a.error); };
  }

  test_broker b{1};
  held_log log;
  std::vector<error_code> told;
};

TEST_F(active_coordinator_test,
       losing_leadership_answers_whoever_waits_and_regaining_it_begins_with_what_was_committed) {
  for (int term = 1; term <= 3; ++term) {
    auto groups = lead();
    groups->commit(commit_of("g", 10 * term), keep());
    log.commit_next();
    groups->commit(commit_of("g", 10 * term + 1), keep());
    groups->commit(commit_of("g", 10 * term + 2), keep());
    coordinator::join_request join;
    join.session_timeout_ms = 10'000;
    join.protocol_type = "consumer";
    join.protocols = {{"range", {}}};
    std::vector<error_code> joined;
    groups->join("h", join, [&](const coordinator::join_answer& a) { joined.push_back(a.error); });
    EXPECT_EQ(told, std::vector<error_code>{error_code::none});
    groups.reset();
    EXPECT_EQ(told, (std::vector{error_code::none, error_code::not_coordinator, error_code::not_coordinator}));
    EXPECT_EQ(joined, std::vector{error_code::not_coordinator});
    // One of them made it into the log; nobody is told of either again.
    log.commit_next();
    log.waiting.front().second(fail(errc::not_leader, "another node leads"));
    log.waiting.clear();
    EXPECT_EQ(told.size(), 3u);
    EXPECT_EQ(log.table.find("g")->offsets().begin().value().offset, offset{10 * term + 1});
    told.clear();
  }
}

TEST_F(active_coordinator_test, what_it_goes_on_with_later_ends_with_it) {
  auto groups = lead();
  for (int i = 0; i < 600; ++i) {
    groups->commit(commit_of("g" + std::to_string(i), 1), keep());
    log.commit_next();
  }
  groups->topics_deleted(metadata::image::empty());
  EXPECT_EQ(log.waiting.size(), 1u) << "a few hundred groups";
  groups.reset();
  b.advance(10);
  EXPECT_EQ(log.waiting.size(), 1u);
  log.commit_next();
  groups = lead();
  groups->topics_deleted(metadata::image::empty());
  for (int i = 0; i < 10; ++i) b.advance(1);
  while (!log.waiting.empty()) log.commit_next();
  for (int i = 0; i < 600; ++i) EXPECT_TRUE(log.table.find("g" + std::to_string(i))->offsets().empty());
}

TEST_F(active_coordinator_test, where_none_is_every_request_is_sent_on_to_another_broker) {
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  b.state(0).metadata->end_coordinating();
  const member m{"m", 1, "m"};
  EXPECT_EQ(b.call<protocol::join_group_response>(5, join_request("g", "")).error_code, error_code::not_coordinator);
  EXPECT_EQ(sync(b, "g", m, "x").error_code, error_code::not_coordinator);
  EXPECT_EQ(heartbeat(b, "g", m), error_code::not_coordinator);
  protocol::leave_group_request leave;
  leave.group_id = "g";
  EXPECT_EQ(b.call<protocol::leave_group_response>(3, leave).error_code, error_code::not_coordinator);
  EXPECT_EQ(commit(b, "g", {}, "t", 0, 1), error_code::not_coordinator);
  protocol::offset_fetch_request fetch;
  fetch.groups.emplace_back().group_id = "g";
  EXPECT_EQ(b.call<protocol::offset_fetch_response>(9, fetch).groups.at(0).error_code, error_code::not_coordinator);
  fetch = {};
  fetch.group_id = "g";
  EXPECT_EQ(b.call<protocol::offset_fetch_response>(5, fetch).error_code, error_code::not_coordinator);
  protocol::offset_delete_request remove_offsets;
  remove_offsets.group_id = "g";
  EXPECT_EQ(b.call<protocol::offset_delete_response>(0, remove_offsets).error_code, error_code::not_coordinator);
  EXPECT_EQ(b.call<protocol::list_groups_response>(5, protocol::list_groups_request{}).error_code,
            error_code::not_coordinator);
  protocol::describe_groups_request describe;
  describe.groups = {"g"};
  EXPECT_EQ(b.call<protocol::describe_groups_response>(5, describe).groups.at(0).error_code,
            error_code::not_coordinator);
  protocol::consumer_group_describe_request describe_consumers;
  describe_consumers.group_ids = {"g"};
  EXPECT_EQ(b.call<protocol::consumer_group_describe_response>(1, describe_consumers).groups.at(0).error_code,
            error_code::not_coordinator);
  protocol::delete_groups_request remove;
  remove.groups_names = {"g"};
  EXPECT_EQ(b.call<protocol::delete_groups_response>(2, remove).results.at(0).error_code, error_code::not_coordinator);
}

}  // namespace
}  // namespace jackdaw::testing
