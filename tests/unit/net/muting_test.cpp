// Connections that aren't read from for a while, because their clients have used up a quota (KIP-219).
#include <atomic>

#include "support.hpp"

namespace jackdaw::net {
namespace {

using namespace testing;

std::atomic<std::int64_t> passed_ms{0};
now_t passed_now() {
  return {time_point(std::chrono::milliseconds(passed_ms)), timestamp_ms{1'000'000'000'000 + passed_ms}};
}

// "mute N" is answered with itself and N milliseconds of silence; everything else with itself.
std::optional<broker::reply> answer(const std::string& body) {
  auto r = reply_of(body);
  if (body.starts_with("mute ")) r.mute_for = std::chrono::milliseconds(std::stoll(body.substr(5)));
  return r;
}

class muting : public ::testing::Test {
 protected:
  static server_options idle_after(std::int64_t ms) {
    server_options o;
    o.connections.max_idle = std::chrono::milliseconds(ms);
    return o;
  }
  // Moves the clock, and waits until the server has seen it and done what follows.
  static void pass(running_server& server, std::int64_t ms) {
    passed_ms += ms;
    server.run(0, [] {});
    server.run(0, [] {});
  }
};

TEST_F(muting, the_answer_comes_at_once_and_the_next_request_is_read_when_time_has_passed) {
  fake_handler handler(answer);
  running_server server({&handler}, {}, passed_now);
  client c(server.port());
  ASSERT_TRUE(c.send(framed("mute 1000") + framed("next")));
  EXPECT_EQ(c.receive_frame(), "mute 1000");
  ASSERT_TRUE(c.send(framed("later")));
  client other(server.port());
  ASSERT_TRUE(other.send(framed("other")));
  EXPECT_EQ(other.receive_frame(), "other");
  pass(server, 999);
  EXPECT_EQ(handler.saw.get().requests, 2);
  pass(server, 1);
  EXPECT_EQ(c.receive_frame(), "next");
  EXPECT_EQ(c.receive_frame(), "later");
}

TEST_F(muting, of_two_waits_the_longer_counts) {
  fake_handler handler([](const std::string&) { return std::nullopt; });
  running_server server({&handler}, {}, passed_now);
  client c(server.port());
  ASSERT_TRUE(c.send(framed("a") + framed("b")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 2; }));
  server.run(0, [&] {
    auto second = reply_of("b");
    second.mute_for = std::chrono::milliseconds(500);
    handler.release("b", std::move(second));
    auto first = reply_of("a");
    first.mute_for = std::chrono::milliseconds(100);
    handler.release("a", std::move(first));
  });
  EXPECT_EQ(c.receive_frame(), "a");
  EXPECT_EQ(c.receive_frame(), "b");
  ASSERT_TRUE(c.send(framed("c")));
  pass(server, 499);
  EXPECT_EQ(handler.saw.get().requests, 2);
  pass(server, 1);
  EXPECT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 3; }));
}

TEST_F(muting, a_muted_connection_is_not_idle) {
  fake_handler handler(answer);
  running_server server({&handler}, idle_after(1000), passed_now);
  client c(server.port());
  ASSERT_TRUE(c.send(framed("mute 5000")));
  EXPECT_EQ(c.receive_frame(), "mute 5000");
  for (int i = 0; i < 49; ++i) pass(server, 100);
  EXPECT_EQ(handler.saw.get().closed, 0);
  ASSERT_TRUE(c.send(framed("still here")));
  pass(server, 100);
  EXPECT_EQ(c.receive_frame(), "still here");
}

TEST_F(muting, who_finishes_while_muted_is_closed_when_the_wait_is_over) {
  fake_handler handler(answer);
  running_server server({&handler}, {}, passed_now);
  client c(server.port());
  ASSERT_TRUE(c.send(framed("mute 1000") + framed("last")));
  EXPECT_EQ(c.receive_frame(), "mute 1000");
  c.half_close();
  pass(server, 999);
  EXPECT_EQ(handler.saw.get().closed, 0);
  pass(server, 1);
  EXPECT_EQ(c.receive_frame(), "last");
  EXPECT_TRUE(c.at_end());
}

TEST_F(muting, who_breaks_off_while_muted_is_forgotten_at_once) {
  fake_handler handler(answer);
  running_server server({&handler}, {}, passed_now);
  client c(server.port());
  ASSERT_TRUE(c.send(framed("mute 1000000")));
  EXPECT_EQ(c.receive_frame(), "mute 1000000");
  const linger reset{1, 0};
  ASSERT_EQ(::setsockopt(c.fd(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
  c.close();
  EXPECT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
}

TEST_F(muting, a_server_stops_with_muted_connections) {
  fake_handler handler(answer);
  running_server server({&handler}, {}, passed_now);
  client c(server.port());
  ASSERT_TRUE(c.send(framed("mute 1000000")));
  EXPECT_EQ(c.receive_frame(), "mute 1000000");
  server.stop();
  EXPECT_TRUE(c.at_end());
}

}  // namespace
}  // namespace jackdaw::net
