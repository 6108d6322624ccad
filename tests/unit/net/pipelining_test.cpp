// Requests in, answers out: order, framing, partial reads and writes.
#include "jackdaw/base/random.hpp"
#include "support.hpp"

namespace jackdaw::net {
namespace {

using namespace testing;

const auto keep_all = [](const std::string&) { return std::optional<broker::reply>(); };

TEST(pipelining, requests_start_while_earlier_ones_wait_and_answers_keep_their_order) {
  fake_handler handler(keep_all);
  running_server server({&handler});
  client c(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += framed("request-" + std::to_string(i));
  ASSERT_TRUE(c.send(all));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 50; }));
  server.run(0, [&] {
    // Backwards, so that the first is ready last.
    for (int i = 49; i >= 0; --i) {
      handler.release("request-" + std::to_string(i), reply_of("answer-" + std::to_string(i)));
    }
  });
  for (int i = 0; i < 50; ++i) EXPECT_EQ(c.receive_frame(), "answer-" + std::to_string(i));
}

TEST(pipelining, an_answer_waits_for_those_before_it) {
  fake_handler handler(keep_all);
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("first") + framed("second") + framed("third")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 3; }));
  server.run(0, [&] { handler.release("second", reply_of("2")); });
  server.run(0, [&] { handler.release("first", broker::reply::nothing()); });
  EXPECT_EQ(c.receive_frame(), "2") << "the first asked for no answer";
  server.run(0, [&] { handler.release("third", reply_of("3")); });
  EXPECT_EQ(c.receive_frame(), "3");
}

TEST(pipelining, a_request_may_arrive_byte_by_byte) {
  fake_handler handler;
  running_server server({&handler});
  client c(server.port());
  const std::string body(3000, 'x');
  for (const char byte : framed("short") + framed(body)) ASSERT_TRUE(c.send({&byte, 1}));
  EXPECT_EQ(c.receive_frame(), "short");
  EXPECT_EQ(c.receive_frame(), body);
}

TEST(pipelining, large_and_small_requests_mixed_come_through_whole) {
  random_source random(20260301);
  fake_handler handler;
  running_server server({&handler});
  client c(server.port());
  std::vector<std::string> bodies;
  std::string all;
  for (int i = 0; i < 120; ++i) {
    const std::uint64_t most = i % 10 == 0 ? 900'000 : i % 3 == 0 ? 9000 : 90;
    std::string body(1 + random.below(most), '\0');
    for (std::size_t k = 0; k < body.size(); ++k) body[k] = static_cast<char>(i + static_cast<int>(k / 7));
    all += framed(body);
    bodies.push_back(std::move(body));
  }
  std::thread sender([&] {
    for (std::size_t sent = 0; sent < all.size();) {
      const auto n = std::min<std::size_t>(all.size() - sent, 1 + random.below(300'000));
      ASSERT_TRUE(c.send(std::string_view(all).substr(sent, n)));
      sent += n;
    }
  });
  for (const auto& body : bodies) ASSERT_EQ(c.receive_frame(), body);
  sender.join();
}

TEST(pipelining, answers_larger_than_any_socket_buffer_arrive_whole) {
  const std::string big(30'000'000, 'b');
  fake_handler handler([&](const std::string& body) { return std::optional(reply_of(body == "big" ? big : body)); });
  running_server server({&handler});
  client c(server.port(), 4096);
  ASSERT_TRUE(c.send(framed("big") + framed("after")));
  EXPECT_TRUE(c.receive_frame() == big);
  EXPECT_EQ(c.receive_frame(), "after");
}

TEST(pipelining, a_refused_request_closes_after_the_answers_before_it) {
  fake_handler handler([](const std::string& body) {
    return std::optional(body == "bad" ? broker::reply::close_connection("bad bytes") : reply_of(body));
  });
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("good") + framed("bad") + framed("never")));
  EXPECT_EQ(c.receive_frame(), "good");
  EXPECT_TRUE(c.at_end());
  EXPECT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
}

TEST(pipelining, a_dropped_request_closes_the_connection) {
  fake_handler handler(keep_all);
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("lost")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 1; }));
  server.run(0, [&] { handler.drop("lost"); });
  EXPECT_TRUE(c.at_end());
}

TEST(pipelining, who_has_sent_all_and_shut_down_still_gets_the_answers_that_are_ready) {
  fake_handler handler;
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("a") + framed("b")));
  c.half_close();
  EXPECT_EQ(c.receive_frame(), "a");
  EXPECT_EQ(c.receive_frame(), "b");
  EXPECT_TRUE(c.at_end());
}

TEST(pipelining, waiting_requests_end_with_their_connection) {
  fake_handler handler(keep_all);
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("waits")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 1; }));
  c.close();
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
  server.run(0, [&] { EXPECT_EQ(handler.kept(), 0u); });
}

TEST(pipelining, an_answer_after_the_end_of_its_connection_is_dropped) {
  // A handler that remembers longer than it should must not hurt.
  broker::reply_sink late;
  struct keeper final : fake_handler {
    explicit keeper(broker::reply_sink& to) : to_(to) {}
    void handle(broker::connection_id, std::shared_ptr<buffer>, broker::reply_sink sink, now_t) override {
      to_ = std::move(sink);
      saw.change([](seen& s) { ++s.requests; });
    }
    broker::reply_sink& to_;
  } handler(late);
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("x")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 1; }));
  c.close();
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
  server.run(0, [&] { late(reply_of("too late")); });
  server.run(0, [&] { late = nullptr; });
}

}  // namespace
}  // namespace jackdaw::net
