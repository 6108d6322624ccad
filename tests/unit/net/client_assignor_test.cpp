#include "jackdaw/net/client_assignor.hpp"

#include <gtest/gtest.h>

#include "jackdaw/protocol/frames.hpp"
#include "jackdaw/protocol/messages/consumer_protocol_subscription.hpp"

namespace jackdaw::net {
namespace {

// "a: t 0 1; b: ..." by member.
std::string text(const group_assignment& all) {
  std::string out;
  for (const auto& [member, assigned] : all) {
    if (!out.empty()) out += "; ";
    out += member + ':';
    for (const auto& [topic, partitions] : assigned) {
      out += ' ' + topic;
      for (const partition_id p : partitions) out += ' ' + std::to_string(p.value());
    }
  }
  return out;
}

TEST(client_assignor, subscriptions_and_assignments_come_back) {
  const std::vector<std::string> topics{"b", "a"};
  EXPECT_EQ(decode_subscription(encode_subscription(topics)).value(), topics);
  const assigned_partitions assigned{{"a", {partition_id{0}, partition_id{2}}}, {"b", {partition_id{1}}}};
  EXPECT_EQ(decode_assignment(encode_assignment(assigned)).value(), assigned);
  EXPECT_TRUE(decode_assignment({}).value().empty());
}

TEST(client_assignor, newer_subscriptions_are_read_and_damage_is_refused) {
  protocol::consumer_protocol_subscription message;
  message.topics = {"t"};
  message.rack_id = "r";
  auto body = protocol::encode_message(message, 3);
  std::vector<std::byte> bytes{std::byte{0}, std::byte{9}};  // version 9, with more at its end
  bytes.insert(bytes.end(), body.begin(), body.end());
  bytes.resize(bytes.size() + 5);
  EXPECT_EQ(decode_subscription(bytes).value(), std::vector<std::string>{"t"});
  bytes.resize(6);
  EXPECT_EQ(decode_subscription(bytes).error().code, errc::corrupt);
  EXPECT_EQ(decode_assignment(bytes).error().code, errc::corrupt);
}

TEST(client_assignor, range_gives_neighbours_and_the_first_members_one_more) {
  EXPECT_EQ(text(assign_range({{"b", "", {"t", "u"}}, {"a", "", {"t", "u"}}}, {{"t", 3}, {"u", 1}})),
            "a: t 0 1 u 0; b: t 2");
  EXPECT_EQ(text(assign_range({{"a", "", {"t"}}, {"b", "", {"u"}}, {"c", "", {"t", "u"}}}, {{"t", 2}, {"u", 2}})),
            "a: t 0; b: u 0; c: t 1 u 1");
  EXPECT_EQ(text(assign_range({{"a", "", {"gone"}}, {"b", "", {"t"}}}, {{"t", 1}})), "a:; b: t 0");
}

TEST(client_assignor, round_robin_deals_out_all_topics_in_turn) {
  EXPECT_EQ(text(assign_round_robin({{"b", "", {"t", "u"}}, {"a", "", {"t", "u"}}}, {{"t", 3}, {"u", 3}})),
            "a: t 0 2 u 1; b: t 1 u 0 2");
  EXPECT_EQ(text(assign_round_robin({{"a", "", {"t"}}, {"b", "", {"t", "u"}}}, {{"t", 1}, {"u", 2}, {"v", 9}})),
            "a: t 0; b: u 0 1");
}

TEST(client_assignor, static_members_keep_their_share_under_a_new_member_id) {
  const partition_counts topics{{"t", 4}};
  EXPECT_EQ(text(assign_range({{"x", "i1", {"t"}}, {"y", "i2", {"t"}}, {"a", "", {"t"}}}, topics)),
            "a: t 3; x: t 0 1; y: t 2");
  EXPECT_EQ(text(assign_range({{"z", "i1", {"t"}}, {"y", "i2", {"t"}}, {"a", "", {"t"}}}, topics)),
            "a: t 3; y: t 2; z: t 0 1");
}

}  // namespace
}  // namespace jackdaw::net
