// A node as a whole: how it starts, stops, and what it leaves behind.
#include "broker_fixture.hpp"
#include "handlers/shard_state.hpp"

namespace jackdaw::testing {
namespace {

class node : public broker_test {
 protected:
  static std::string marker(test_broker& b) {
    if (!b.disk->exists("/data/.kafka_cleanshutdown")) return "";
    return std::string(as_text(b.disk->content("/data/.kafka_cleanshutdown")));
  }
  static std::int64_t epoch_of(test_broker& b) { return b.state(0).image->find_broker(broker_id{1})->epoch.value(); }
};

TEST_F(node, leaves_a_mark_that_says_under_which_epoch_it_ended_cleanly) {
  test_broker b;
  const auto first = epoch_of(b);
  EXPECT_GE(first, 0);
  b.stop();
  EXPECT_EQ(marker(b), R"({"version":0,"brokerEpoch":)" + std::to_string(first) + "}");
  b.start();
  EXPECT_GT(epoch_of(b), first);
  EXPECT_EQ(marker(b), "") << "a crash from here on is none of a clean end";
}

}  // namespace
}  // namespace jackdaw::testing
