// Shards that do each other's work while they sleep: who does it, and that nothing is lost, doubled or out of order.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "load_meter.hpp"
#include "support.hpp"

namespace jackdaw::net {
namespace {

using std::chrono::milliseconds;
using testing::client;
using testing::fake_handler;
using testing::framed;
using testing::reply_of;
using testing::running_server;
using testing::watched;

// Time stands still: no shard has ever been busy.
now_t at_rest() { return {time_point(std::chrono::hours(1)), timestamp_ms{1}}; }

// Only requests take time, and much of it.
std::atomic<int> requests_seen{0};
now_t always_busy() {
  return {time_point(std::chrono::hours(1)) + milliseconds(10) * requests_seen.load(), timestamp_ms{1}};
}

// Asks another shard a question for each request, and answers when that has answered.
class asking_shards {
 public:
  asking_shards(std::uint32_t shards, clock_function clock, int messages = 1) : messages_(messages) {
    std::vector<fake_handler*> all;
    for (std::uint32_t i = 0; i < shards; ++i) {
      handlers_.push_back(std::make_unique<fake_handler>([this, i](const std::string& body) {
        ask(i, body);
        return std::optional<broker::reply>();
      }));
      all.push_back(handlers_.back().get());
    }
    server_ = std::make_unique<running_server>(all, server_options{}, clock);
  }
  ~asking_shards() { server_->stop(); }

  std::uint16_t port() const { return server_->port(); }
  running_server& server() { return *server_; }
  fake_handler& handler(std::size_t shard) { return *handlers_[shard]; }

  struct threads {
    std::thread::id asks;
    std::thread::id answers;
  };
  watched<threads> seen;
  // Who asked and who answered the `i`th request, which is for shard 1.
  threads answer_one(client& c, int i) {
    const std::string body = "request " + std::to_string(i) + " for 1";
    EXPECT_TRUE(c.send(framed(body)));
    EXPECT_EQ(c.receive_frame(), body);
    return seen.get();
  }

 private:
  // A request's last digit says which shard it is for; 9 is none.
  void ask(std::uint32_t home, const std::string& body) {
    ++requests_seen;
    if (body.back() == '9') return;
    const shard_id to{static_cast<std::uint32_t>(body.back() - '0')};
    seen.change([](threads& t) { t.asks = std::this_thread::get_id(); });
    for (int i = 0; i < messages_; ++i) {
      const bool is_last = i + 1 == messages_;
      env(home).post(to, [this, home, to, body, is_last](broker::shard&) {
        if (is_last) answer(home, to, body);
      });
    }
  }
  void answer(std::uint32_t home, shard_id to, const std::string& body) {
    seen.change([](threads& t) { t.answers = std::this_thread::get_id(); });
    env(to.value()).post(shard_id{home}, [this, home, body](broker::shard&) {
      handlers_[home]->release(body, reply_of(body));
    });
  }
  broker::environment& env(std::uint32_t shard) { return (*server_)->environment(shard_id{shard}); }

  int messages_;
  std::vector<std::unique_ptr<fake_handler>> handlers_;
  std::unique_ptr<running_server> server_;
};

TEST(load_meter, tells_the_share_of_time_that_was_work) {
  load_meter load{milliseconds(50)};
  EXPECT_EQ(load.share(), 0);
  time_point now{};
  load.slept(now);
  load.worked(now += milliseconds(1));
  load.slept(now += milliseconds(3));
  EXPECT_DOUBLE_EQ(load.share(), 0.25);
}

TEST(load_meter, forgets_what_is_long_ago) {
  load_meter load{milliseconds(50)};
  time_point now{};
  load.slept(now);
  load.worked(now += std::chrono::hours(100));
  EXPECT_DOUBLE_EQ(load.share(), 1);
  load.slept(now += milliseconds(50));
  EXPECT_DOUBLE_EQ(load.share(), 0.5);
  load.slept(now += std::chrono::hours(100));
  EXPECT_LT(load.share(), 0.001);
}

TEST(turns, work_for_a_shard_that_sleeps_is_done_by_the_shard_that_has_it) {
  asking_shards shards(2, at_rest);
  client c(shards.port());
  // The shard may not have fallen asleep yet when the first comes.
  for (int i = 0; i < 50; ++i) {
    const auto seen = shards.answer_one(c, i);
    if (seen.asks == seen.answers) return;
  }
  FAIL() << "it was always woken";
}

TEST(turns, a_busy_shard_wakes_the_other_for_its_work) {
  asking_shards shards(2, always_busy);
  client c(shards.port());
  for (int i = 0; i < 50; ++i) {
    const auto seen = shards.answer_one(c, i);
    // It isn't known for busy before the first is done.
    if (i > 0) {
      EXPECT_NE(seen.asks, seen.answers);
    }
  }
}

TEST(turns, much_work_at_once_wakes_the_other) {
  asking_shards shards(2, at_rest, 100);
  client c(shards.port());
  for (int i = 0; i < 50; ++i) {
    const auto seen = shards.answer_one(c, i);
    EXPECT_NE(seen.asks, seen.answers);
  }
}

// Both have their connections at shards that do each other's work, home and back again.
TEST(turns, connections_are_answered_whoever_has_the_turn) {
  asking_shards shards(2, at_rest);
  client at_0(shards.port());
  client at_1(shards.port());
  for (int i = 0; i < 100; ++i) {
    const std::string a = "from 0, " + std::to_string(i) + " for 1";
    const std::string b = "from 1, " + std::to_string(i) + " for 0";
    ASSERT_TRUE(at_0.send(framed(a)));
    ASSERT_TRUE(at_1.send(framed(b)));
    ASSERT_EQ(at_0.receive_frame(), a);
    ASSERT_EQ(at_1.receive_frame(), b);
  }
}

TEST(turns, a_connection_is_closed_from_elsewhere_while_its_shard_sleeps) {
  asking_shards shards(2, at_rest);
  for (int i = 0; i < 50; ++i) {
    client at_0(shards.port());
    client at_1(shards.port());
    ASSERT_TRUE(at_1.send(framed("wait, for 9")));
    ASSERT_TRUE(shards.handler(1).saw.wait([&](const auto& s) { return s.requests == i + 1; }));
    shards.server().run(0, [&] {
      shards.server()->environment(shard_id{0}).post(shard_id{1}, [&](broker::shard&) {
        shards.handler(1).release("wait, for 9", broker::reply::close_connection("the test says so"));
      });
    });
    EXPECT_TRUE(at_1.at_end());
    ASSERT_TRUE(shards.handler(1).saw.wait([&](const auto& s) { return s.closed == i + 1; }));
    // The next pair begins at shard 0 again.
    at_0.close();
    ASSERT_TRUE(shards.handler(0).saw.wait([&](const auto& s) { return s.closed == i + 1; }));
  }
}

TEST(turns, requests_keep_their_order_whoever_does_the_work) {
  constexpr int clients = 6;
  constexpr int requests = 300;
  constexpr int under_way = 5;
  asking_shards shards(3, at_rest);
  std::vector<std::thread> all;
  for (int n = 0; n < clients; ++n) {
    all.emplace_back([&, n] {
      client c(shards.port());
      const auto body = [n](int i) {
        return "client " + std::to_string(n) + " request " + std::to_string(i) + " for " + std::to_string(i * 7 % 3);
      };
      for (int i = 0; i < requests + under_way; ++i) {
        if (i < requests) {
          ASSERT_TRUE(c.send(framed(body(i))));
        }
        if (i >= under_way) {
          ASSERT_EQ(c.receive_frame(), body(i - under_way));
        }
        // Now and then long enough for shards to fall asleep.
        if (i % 50 == n) std::this_thread::yield();
      }
    });
  }
  for (auto& t : all) t.join();
  int handled = 0;
  for (std::size_t i = 0; i < 3; ++i) handled += shards.handler(i).saw.get().requests;
  EXPECT_EQ(handled, clients * requests);
}

}  // namespace
}  // namespace jackdaw::net
