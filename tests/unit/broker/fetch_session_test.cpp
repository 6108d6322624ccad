// Incremental fetch sessions (KIP-227), over whole shards.
#include "broker_fixture.hpp"
#include "handlers/shard_state.hpp"

namespace jackdaw::testing {
namespace {

using protocol::fetch_response;

class fetch_session : public broker_test {
 protected:
  // A request of a session; partitions are those that the client adds or changes, as "topic partition from".
  struct asked_partition {
    std::string_view topic;
    std::int32_t partition = 0;
    std::int64_t from = 0;
  };
  static protocol::fetch_request in_session(std::int32_t id, std::int32_t epoch,
                                            const std::vector<asked_partition>& partitions = {}) {
    protocol::fetch_request asked;
    asked.session_id = id;
    asked.session_epoch = epoch;
    asked.min_bytes = 1;
    for (const auto& a : partitions) {
      auto& t = asked.topics.emplace_back();
      t.topic = a.topic;
      auto& p = t.partitions.emplace_back();
      p.partition = partition_id{a.partition};
      p.fetch_offset = offset{a.from};
      p.partition_max_bytes = 1 << 20;
    }
    return asked;
  }
  static fetch_response fetch(test_broker& b, const protocol::fetch_request& asked) {
    return b.call<fetch_response>(fetch_version, asked);
  }
  // "topic partition" of each row.
  static std::vector<std::string> rows_of(const fetch_response& answer) {
    std::vector<std::string> rows;
    for (const auto& t : answer.responses) {
      for (const auto& p : t.partitions)
        rows.push_back(std::string(t.topic) + ' ' + std::to_string(p.partition_index.value()));
    }
    return rows;
  }
  using rows = std::vector<std::string>;
};

TEST_F(fetch_session, the_first_answer_has_every_partition_and_later_ones_only_what_changed) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}, {"t", 1}, {"t", 2}}));
  ASSERT_NE(first.session_id, 0);
  EXPECT_EQ(rows_of(first), (rows{"t 0", "t 1", "t 2"}));
  EXPECT_TRUE(rows_of(fetch(b, in_session(first.session_id, 1))).empty());
  produce(b, "t", 1, {"x"});
  const auto third = fetch(b, in_session(first.session_id, 2));
  EXPECT_EQ(rows_of(third), rows{"t 1"});
  EXPECT_EQ(values_of(third), (std::vector<std::string>{"0:x"}));
}

TEST_F(fetch_session, a_moved_fetch_offset_replaces_the_old_one) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"a"});
  produce(b, "t", 0, {"b"});
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  EXPECT_EQ(values_of(first).size(), 2U);
  EXPECT_EQ(values_of(fetch(b, in_session(first.session_id, 1, {{"t", 0, 1}}))), (std::vector<std::string>{"1:b"}));
  EXPECT_TRUE(rows_of(fetch(b, in_session(first.session_id, 2, {{"t", 0, 2}}))).empty());
}

TEST_F(fetch_session, a_forgotten_partition_is_read_no_more) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}, {"t", 1}}));
  auto forget = in_session(first.session_id, 1);
  auto& f = forget.forgotten_topics_data.emplace_back();
  f.topic = "t";
  f.partitions = {partition_id{0}};
  fetch(b, forget);
  produce(b, "t", 0, {"x"});
  produce(b, "t", 1, {"y"});
  EXPECT_EQ(rows_of(fetch(b, in_session(first.session_id, 2))), rows{"t 1"});
}

TEST_F(fetch_session, a_wrong_epoch_and_an_unknown_session_are_refused) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  EXPECT_EQ(fetch(b, in_session(first.session_id, 7)).error_code, error_code::invalid_fetch_session_epoch);
  EXPECT_EQ(fetch(b, in_session(first.session_id ^ 1, 1)).error_code, error_code::fetch_session_id_not_found);
  EXPECT_EQ(fetch(b, in_session(first.session_id, 1)).error_code, error_code::none) << "the session is as it was";
}

TEST_F(fetch_session, the_final_epoch_ends_a_session) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  const auto last = fetch(b, in_session(first.session_id, -1, {{"t", 0}}));
  EXPECT_EQ(last.session_id, 0);
  EXPECT_EQ(rows_of(last), rows{"t 0"});
  EXPECT_EQ(fetch(b, in_session(first.session_id, 1)).error_code, error_code::fetch_session_id_not_found);
}

TEST_F(fetch_session, a_session_by_name_cannot_go_on_by_id) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  EXPECT_EQ(b.call<fetch_response>(13, in_session(first.session_id, 1)).error_code,
            error_code::fetch_session_topic_id_error);
}

TEST_F(fetch_session, a_session_by_id_follows_the_id_and_names_an_unknown_one) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  auto asked = in_session(0, 0, {{"", 0}, {"", 0}});
  asked.topics[0].topic_id = topic_id_of(b, "t");
  asked.topics[1].topic_id = uuid{1, 2};
  const auto first = b.call<fetch_response>(13, asked);
  ASSERT_EQ(first.responses.size(), 2U);
  EXPECT_EQ(first.responses[0].partitions.at(0).error_code, error_code::none);
  EXPECT_EQ(first.responses[1].partitions.at(0).error_code, error_code::unknown_topic_id);
  // The error is told again, the unchanged partition isn't.
  const auto second = b.call<fetch_response>(13, in_session(first.session_id, 1));
  ASSERT_EQ(second.responses.size(), 1U);
  EXPECT_EQ(second.responses[0].topic_id, (uuid{1, 2}));
}

TEST_F(fetch_session, a_full_cache_serves_without_a_session_until_an_old_one_is_idle) {
  test_broker b(1, {"max.incremental.fetch.session.cache.slots=0"});  // leaves one slot
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  ASSERT_NE(first.session_id, 0);
  const auto refused = fetch(b, in_session(0, 0, {{"t", 0}}));
  EXPECT_EQ(refused.session_id, 0);
  EXPECT_EQ(rows_of(refused), rows{"t 0"});
  b.advance(120'000);
  const auto third = fetch(b, in_session(0, 0, {{"t", 0}}));
  EXPECT_NE(third.session_id, 0);
  EXPECT_EQ(fetch(b, in_session(first.session_id, 1)).error_code, error_code::fetch_session_id_not_found);
}

TEST_F(fetch_session, a_partition_that_gave_data_goes_to_the_end_so_that_each_gets_its_turn) {
  test_broker b(1);
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  for (int p = 0; p < 2; ++p) produce(b, "t", p, {std::string(1000, 'x')});
  auto asked = in_session(0, 0, {{"t", 0}, {"t", 1}});
  asked.max_bytes = 100;
  const auto size_of = [](const fetch_response& answer, std::int32_t partition) {
    std::size_t size = 0;
    for (const auto& t : answer.responses) {
      for (const auto& p : t.partitions)
        if (p.partition_index.value() == partition) size = p.records ? p.records->bytes().size() : 0;
    }
    return size;
  };
  const auto first = fetch(b, asked);
  EXPECT_GT(size_of(first, 0), 1000U);
  EXPECT_EQ(size_of(first, 1), 0U);
  auto again = in_session(first.session_id, 1);
  again.max_bytes = 100;
  const auto second = fetch(b, again);
  EXPECT_GT(size_of(second, 1), 1000U);
  EXPECT_EQ(size_of(second, 0), 0U);
}

TEST_F(fetch_session, sessions_beyond_their_memory_are_served_without_and_one_that_grows_too_large_begins_anew) {
  test_broker b(1, {"jackdaw.memory.fetch.sessions.bytes=10000"});
  ASSERT_EQ(create_topic(b, "t", 100), error_code::none);
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  EXPECT_NE(first.session_id, 0);
  std::vector<asked_partition> all;
  for (std::int32_t p = 0; p < 100; ++p) all.push_back({"t", p});
  const auto large = fetch(b, in_session(0, 0, all));
  EXPECT_EQ(large.session_id, 0);
  EXPECT_EQ(rows_of(large).size(), 100U) << "but it is answered";
  EXPECT_EQ(b.state(0).sessions.use().refused, 1U);
  EXPECT_EQ(fetch(b, in_session(first.session_id, 1)).error_code, error_code::none);
  EXPECT_EQ(fetch(b, in_session(first.session_id, 2, all)).error_code, error_code::fetch_session_id_not_found);
  EXPECT_EQ(b.state(0).sessions.use().used_bytes, 0U);
  EXPECT_NE(fetch(b, in_session(0, 0, {{"t", 0}})).session_id, 0) << "there is room again";
}

TEST_F(fetch_session, sessions_that_nobody_uses_go_when_memory_is_wanted) {
  test_broker b(1, {"jackdaw.memory.fetch.sessions.bytes=20000"});
  ASSERT_EQ(create_topic(b, "t", 40), error_code::none);
  std::vector<asked_partition> some;
  for (std::int32_t p = 0; p < 40; ++p) some.push_back({"t", p});
  EXPECT_NE(fetch(b, in_session(0, 0, some)).session_id, 0);
  EXPECT_EQ(fetch(b, in_session(0, 0, some)).session_id, 0);
  b.advance(2 * 60 * 1000);
  EXPECT_NE(fetch(b, in_session(0, 0, some)).session_id, 0);
  EXPECT_EQ(b.state(0).sessions.size(), 1U);
}

TEST_F(fetch_session, a_session_by_name_follows_a_topic_that_was_deleted_and_made_again) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"old"});
  const auto first = fetch(b, in_session(0, 0, {{"t", 0}}));
  ASSERT_EQ(delete_topic(b, "t"), error_code::none);
  const auto gone = fetch(b, in_session(first.session_id, 1));
  ASSERT_EQ(rows_of(gone), rows{"t 0"});
  EXPECT_EQ(gone.responses[0].partitions[0].error_code, error_code::unknown_topic_or_partition);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  produce(b, "t", 0, {"new"});
  EXPECT_EQ(values_of(fetch(b, in_session(first.session_id, 2))), (std::vector<std::string>{"0:new"}));
}

}  // namespace
}  // namespace jackdaw::testing
