#include "jackdaw/cli/group_story.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace jackdaw::cli {
namespace {

using rebalance = protocol::group_history::rebalance;

rebalance sample_rebalance() {
  rebalance r;
  r.began_ms = 1714558830123;
  r.causes.push_back({"left", "app-1-x", "app-1", "/10.0.0.7", "the consumer is being closed", {}});
  r.causes.push_back({"session_over", "app-2-y", "", "", "", {}});
  r.generation = 7;
  r.joined_after_ms = 340;
  r.synced_after_ms = 3120;
  r.slowest_member = "app-3-z";
  r.dropped_members = {"app-4-w"};
  r.member_count = 2;
  r.partitions_moved = 3;
  r.partitions_assigned = 12;
  return r;
}

TEST(group_story, says_when_why_how_long_and_what_moved) {
  EXPECT_EQ(tell(sample_rebalance()),
            "2024-05-01T10:20:30.123Z  led to generation 7 with 2 members\n"
            "  because client app-1 at 10.0.0.7 (app-1-x) left: the consumer is being closed\n"
            "  and     member app-2-y sent no heartbeat within its session timeout\n"
            "  all members had joined after 340 ms, partitions were assigned after 3.1 s\n"
            "  the last to join was app-3-z\n"
            "  dropped, because it didn't join in time: app-4-w\n"
            "  3 of 12 partitions moved to another member\n");
}

TEST(group_story, what_is_under_way_or_not_known_is_not_told_as_done) {
  rebalance r = sample_rebalance();
  r.generation = -1;
  r.joined_after_ms = r.synced_after_ms = -1;
  r.partitions_moved = r.partitions_assigned = -1;
  r.dropped_members.clear();
  r.slowest_member = {};
  const auto text = tell(r);
  EXPECT_TRUE(text.starts_with("2024-05-01T10:20:30.123Z  not done yet\n")) << text;
  EXPECT_TRUE(text.ends_with("  not all members have joined yet\n")) << text;
  r.joined_after_ms = 5;
  EXPECT_NE(tell(r).find("after 5 ms, partitions aren't assigned yet"), std::string::npos);
  r.member_count = 0;
  EXPECT_NE(tell(r).find("nobody is in the group any more"), std::string::npos) << tell(r);
}

TEST(group_story, many_causes_are_counted) {
  rebalance r = sample_rebalance();
  r.causes.assign(40, {"joined", "m", "c", "h", "", {}});
  r.causes.push_back({"something_new", "m", "c", "h", "", {}});
  const auto text = tell(r);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1 + 5 + 2 + 1 + 1 + 1 + 1) << text;
  EXPECT_NE(text.find("  and     35 more joined\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  and     1 more something_new\n"), std::string::npos) << text;
}

TEST(group_story, scripts_get_everything) {
  protocol::json_printer json;
  print(json, sample_rebalance());
  EXPECT_EQ(json.text(),
            R"({"began":"2024-05-01T10:20:30.123Z","generation":7,"causes":[{"kind":"left","member":"app-1-x",)"
            R"("client":"app-1","host":"10.0.0.7","reason":"the consumer is being closed"},{"kind":"session_over",)"
            R"("member":"app-2-y","client":null,"host":null,"reason":null}],"joined_after_ms":340,)"
            R"("assigned_after_ms":3120,"slowest_member":"app-3-z","dropped_members":["app-4-w"],"members":2,)"
            R"("partitions_moved":3,"partitions_assigned":12})");
}

TEST(group_story, durations_read_well) {
  EXPECT_EQ(format_duration(999), "999 ms");
  EXPECT_EQ(format_duration(1000), "1.0 s");
  EXPECT_EQ(format_duration(125'000), "2 min 5 s");
}

}  // namespace
}  // namespace jackdaw::cli
