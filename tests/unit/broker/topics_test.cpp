// CreateTopics, DeleteTopics, CreatePartitions, and that what they did outlives the process.
#include "broker_fixture.hpp"
#include "jackdaw/protocol/messages/create_partitions.hpp"
#include "jackdaw/protocol/messages/delete_records.hpp"

namespace jackdaw::testing {
namespace {

using values = std::vector<std::string>;

class topics : public broker_test {
 protected:
  static std::size_t partitions_of(test_broker& b, std::string_view name) {
    protocol::metadata_request asked;
    asked.topics->emplace_back().name = name;
    asked.allow_auto_topic_creation = false;
    return b.call<protocol::metadata_response>(12, asked).topics.at(0).partitions.size();
  }
  static error_code grow(test_broker& b, std::int16_t version, std::string_view name, std::int32_t count,
                         bool validate_only = false) {
    protocol::create_partitions_request asked;
    asked.validate_only = validate_only;
    auto& t = asked.topics.emplace_back();
    t.name = name;
    t.count = count;
    t.assignments.reset();
    return b.call<protocol::create_partitions_response>(version, asked).results.at(0).error_code;
  }
  static error_code cut(test_broker& b, std::string_view name, std::int64_t before) {
    protocol::delete_records_request asked;
    auto& t = asked.topics.emplace_back();
    t.name = name;
    t.partitions.push_back({});
    t.partitions[0].offset = offset{before};
    return b.call<protocol::delete_records_response>(2, asked).topics.at(0).partitions.at(0).error_code;
  }
};

TEST_F(topics, every_version_creates_a_topic_that_takes_records_at_once) {
  test_broker b(3);
  for (std::int16_t v = 2; v <= 7; ++v) {
    const std::string name = "t" + std::to_string(v);
    const auto made = b.call<protocol::create_topics_response>(v, creation({name}, 2));
    ASSERT_EQ(made.topics.size(), 1U);
    EXPECT_EQ(made.topics[0].error_code, error_code::none);
    if (v >= 5) {
      EXPECT_EQ(made.topics[0].num_partitions, 2);
      EXPECT_FALSE(made.topics[0].configs->empty());
    }
    if (v >= 7) {
      EXPECT_EQ(made.topics[0].topic_id, topic_id_of(b, name));
    }
    EXPECT_EQ(produce(b, name, 1, {"x"}).error_code, error_code::none);
  }
}

TEST_F(topics, validating_alone_creates_nothing) {
  test_broker b;
  auto asked = creation({"t"}, 2);
  asked.validate_only = true;
  EXPECT_EQ(b.call<protocol::create_topics_response>(7, asked).topics.at(0).error_code, error_code::none);
  EXPECT_EQ(partitions_of(b, "t"), 0U);
}

TEST_F(topics, a_topic_that_exists_or_is_named_twice_is_refused_and_the_others_are_made) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "old"), error_code::none);
  const auto answer = b.call<protocol::create_topics_response>(7, creation({"old", "new", "twice", "twice"}, 2));
  for (const auto& t : answer.topics) {
    const auto expected = t.name == "old"   ? error_code::topic_already_exists
                          : t.name == "new" ? error_code::none
                                            : error_code::invalid_request;
    EXPECT_EQ(t.error_code, expected) << t.name;
  }
  EXPECT_EQ(partitions_of(b, "new"), 2U);
  EXPECT_EQ(partitions_of(b, "twice"), 0U);
}

TEST_F(topics, names_that_brokers_keep_for_themselves_are_neither_created_nor_written_to) {
  test_broker b;
  for (const std::string_view name : {"__consumer_offsets", "__transaction_state", "__share_group_state"}) {
    EXPECT_EQ(create_topic(b, name), error_code::invalid_topic_exception) << name;
    EXPECT_EQ(produce(b, name, 0, {"x"}).error_code, error_code::invalid_topic_exception) << name;
    EXPECT_EQ(partitions_of(b, name), 0U);
  }
}

TEST_F(topics, a_topic_is_deleted_by_name_in_every_version_and_by_id) {
  test_broker b(3);
  for (std::int16_t v = 1; v <= 6; ++v) {
    ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
    protocol::delete_topics_request asked;
    if (v < 6) {
      asked.topic_names.push_back("t");
    } else {
      asked.topics.emplace_back().name = "t";
    }
    const auto answer = b.call<protocol::delete_topics_response>(v, asked);
    EXPECT_EQ(answer.responses.at(0).error_code, error_code::none) << v;
    EXPECT_EQ(partitions_of(b, "t"), 0U);
  }
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  protocol::delete_topics_request by_id;
  by_id.topics.emplace_back().topic_id = topic_id_of(b, "t");
  const uuid unknown{5, 6};
  by_id.topics.emplace_back().topic_id = unknown;
  const auto answer = b.call<protocol::delete_topics_response>(6, by_id);
  ASSERT_EQ(answer.responses.size(), 2U);
  for (const auto& r : answer.responses)
    EXPECT_EQ(r.error_code, r.topic_id == unknown ? error_code::unknown_topic_id : error_code::none);
  EXPECT_EQ(delete_topic(b, "t"), error_code::unknown_topic_or_partition);
}

TEST_F(topics, a_topic_made_again_is_empty) {
  test_broker b(3);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
    for (int p = 0; p < 3; ++p) EXPECT_EQ(produce(b, "t", p, {"x"}).base_offset, offset{0});
    ASSERT_EQ(delete_topic(b, "t"), error_code::none);
  }
}

TEST_F(topics, a_topic_made_again_after_a_restart_begins_at_offset_0) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  for (int i = 0; i < 4; ++i) produce(b, "t", 0, {"old"});
  ASSERT_EQ(cut(b, "t", 3), error_code::none);
  b.stop();
  b.start();
  ASSERT_EQ(delete_topic(b, "t"), error_code::none);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"new"}).base_offset, offset{0});
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:new"}));
}

TEST_F(topics, deleting_and_making_again_in_one_breath_keeps_the_new_records) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t", 3), error_code::none);
  for (int p = 0; p < 3; ++p) produce(b, "t", p, {"old"});
  protocol::delete_topics_request gone;
  gone.topics.emplace_back().name = "t";
  b.hold();  // both requests are on their way before either takes effect
  auto first = b.send(b.connection(), 6, gone);
  auto made = creation({"t"}, 2);
  auto second = b.send(b.connection(), 7, made);
  b.release();
  ASSERT_EQ(b.decode<protocol::delete_topics_response>(first, 6).responses.at(0).error_code, error_code::none);
  ASSERT_EQ(b.decode<protocol::create_topics_response>(second, 7).topics.at(0).error_code, error_code::none);
  for (int p = 0; p < 2; ++p) EXPECT_EQ(produce(b, "t", p, {"new"}).base_offset, offset{0});
  b.stop();
  b.start();
  for (int p = 0; p < 2; ++p) EXPECT_EQ(read_all(b, "t", p), (values{"0:new"}));
}

TEST_F(topics, partitions_are_added_in_every_version_and_never_taken_away) {
  test_broker b(3);
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  std::int32_t count = 1;
  for (std::int16_t v = 0; v <= 3; ++v) {
    EXPECT_EQ(grow(b, v, "t", ++count), error_code::none);
    EXPECT_EQ(produce(b, "t", count - 1, {"x"}).error_code, error_code::none);
  }
  EXPECT_EQ(grow(b, 3, "t", 2), error_code::invalid_partitions);
  EXPECT_EQ(grow(b, 3, "t", count), error_code::invalid_partitions);
  EXPECT_EQ(grow(b, 3, "none", 2), error_code::unknown_topic_or_partition);
  EXPECT_EQ(grow(b, 3, "t", 9, true), error_code::none);
  EXPECT_EQ(partitions_of(b, "t"), static_cast<std::size_t>(count));
}

TEST_F(topics, what_was_answered_outlives_a_restart_and_a_power_cut) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "kept", 3), error_code::none);
  ASSERT_EQ(create_topic(b, "gone"), error_code::none);
  ASSERT_EQ(delete_topic(b, "gone"), error_code::none);
  const auto id = topic_id_of(b, "kept");
  b.stop();
  b.start();
  ASSERT_EQ(grow(b, 3, "kept", 4), error_code::none);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(partitions_of(b, "kept"), 4U);
  EXPECT_EQ(topic_id_of(b, "kept"), id);
  EXPECT_EQ(partitions_of(b, "gone"), 0U);
  EXPECT_EQ(produce(b, "kept", 3, {"x"}).error_code, error_code::none);
}

TEST_F(topics, a_change_that_comes_too_late_is_refused_row_by_row) {
  test_broker b(2);
  const auto late = b.connect(1);
  b.stop_shard(0);
  const auto sent = b.send(late, 7, creation({"a", "b"}, 2));
  const auto answer = b.decode<protocol::create_topics_response>(sent, 7);
  ASSERT_EQ(answer.topics.size(), 2U);
  for (const auto& t : answer.topics) EXPECT_EQ(t.error_code, error_code::not_controller);
  b.crash(crash_kind::process);
}

}  // namespace
}  // namespace jackdaw::testing
