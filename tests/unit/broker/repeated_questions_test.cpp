// One request that names the same group very often: its answer is no larger than what there is to tell.
#include "group_fixture.hpp"
#include "jackdaw/protocol/messages/describe_groups.hpp"

namespace jackdaw::testing {
namespace {

class repeated_questions : public group_test {};

TEST_F(repeated_questions, a_group_is_described_once) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  join_alone(b, "g");
  protocol::describe_groups_request asked;
  asked.groups.resize(1000, "g");
  asked.groups.push_back("absent");
  for (std::int16_t v = 0; v <= 6; ++v) {
    const auto answer = b.call<protocol::describe_groups_response>(v, asked);
    ASSERT_EQ(answer.groups.size(), 2U) << v;
    EXPECT_EQ(answer.groups[0].members.size(), 1U);
    EXPECT_EQ(answer.groups[1].group_id, "absent");
  }
}

TEST_F(repeated_questions, all_offsets_of_a_group_are_told_once) {
  test_broker b;
  ASSERT_EQ(create_topic(b, "t", 50), error_code::none);
  for (int p = 0; p < 50; ++p) ASSERT_EQ(commit(b, "g", {"", -1, ""}, "t", p, 7), error_code::none);
  protocol::offset_fetch_request asked;
  for (int i = 0; i < 1000; ++i) {
    auto& g = asked.groups.emplace_back();
    g.group_id = "g";
    g.topics.reset();
  }
  for (std::int16_t v = 8; v <= 10; ++v) {
    const auto answer = b.call<protocol::offset_fetch_response>(v, asked);
    ASSERT_EQ(answer.groups.size(), 1000U) << v;
    EXPECT_EQ(answer.groups[0].topics.at(0).partitions.size(), 50U);
    EXPECT_EQ(answer.groups[1].error_code, error_code::invalid_request);
    EXPECT_TRUE(answer.groups[999].topics.empty());
  }
}

}  // namespace
}  // namespace jackdaw::testing
