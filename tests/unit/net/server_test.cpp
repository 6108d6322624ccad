// Shards beside each other, listeners, and the end.
#include "support.hpp"

namespace jackdaw::net {
namespace {

using namespace testing;

TEST(server, connections_spread_evenly_over_the_shards) {
  fake_handler first;
  fake_handler second;
  running_server server({&first, &second});
  std::vector<client> clients;
  for (int i = 0; i < 10; ++i) {
    clients.emplace_back(server.port());
    ASSERT_TRUE(clients.back().send(framed("hello")));
    EXPECT_EQ(clients.back().receive_frame(), "hello");
  }
  EXPECT_EQ(first.saw.get().opened, 5);
  EXPECT_EQ(second.saw.get().opened, 5);
  // The shard that lost some gets the next ones.
  for (int i = 0; i < 10; i += 2) clients[static_cast<std::size_t>(i)].close();
  ASSERT_TRUE(first.saw.wait([&](const auto& s) { return s.closed + second.saw.get().closed == 5; }));
  const auto closed = first.saw.get().closed;
  EXPECT_TRUE(closed == 5 || closed == 0);
}

TEST(server, bytes_are_counted_of_closed_connections_too) {
  fake_handler handler(
      [](const std::string& body) { return body == "kept" ? std::nullopt : std::optional(reply_of(body + body)); });
  running_server server({&handler});
  for (int i = 0; i < 3; ++i) {
    client c(server.port());
    ASSERT_TRUE(c.send(framed("hello")));
    EXPECT_EQ(c.receive_frame(), "hellohello");
    c.close();
  }
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 3; }));
  client c(server.port());
  ASSERT_TRUE(c.send(framed("kept")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 4; }));
  broker::network_use use;
  server.run(0, [&] { use = server->environment(shard_id{0}).network(); });
  EXPECT_EQ(use.received_bytes, 3u * 9 + 8);
  EXPECT_EQ(use.sent_bytes, 3u * 14);
  EXPECT_GT(use.memory.used_bytes, 0u) << "the request that isn't answered";
  EXPECT_EQ(use.memory.limit_bytes, server_options{}.connections.shard_bytes);
  EXPECT_EQ(use.memory.refused, 0u);
}

TEST(server, the_handler_is_told_the_listener_and_the_peer) {
  fake_handler handler;
  server_options options;
  options.listeners = {{"INSIDE", "127.0.0.1", 0}, {"OUTSIDE", "localhost", 0}, {"ALL", "", 0}};
  running_server server({&handler}, options);
  EXPECT_NE(server.port(0), server.port(1));
  for (const std::size_t i : {0u, 1u, 2u}) {
    client c(server.port(i));
    ASSERT_TRUE(c.send(framed("hi")));
    EXPECT_EQ(c.receive_frame(), "hi");
  }
  const auto infos = handler.saw.get().infos;
  ASSERT_EQ(infos.size(), 3u);
  EXPECT_EQ(infos[0].listener, "INSIDE");
  EXPECT_EQ(infos[1].listener, "OUTSIDE");
  EXPECT_EQ(infos[2].listener, "ALL");
  for (const auto& info : infos) EXPECT_TRUE(info.peer_address.starts_with("127.0.0.1:")) << info.peer_address;
  EXPECT_NE(infos[0].id, infos[1].id);
}

TEST(server, a_taken_port_and_an_unknown_host_are_named) {
  fake_handler handler;
  running_server first({&handler});
  disk::worker_pools workers({1, 1, 1, 1});
  server_options options;
  options.listeners = {{"PLAINTEXT", "127.0.0.1", first.port()}};
  server second(options, workers);
  const auto bound = second.bind();
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, errc::busy);
  EXPECT_NE(bound.error().detail.find("PLAINTEXT://127.0.0.1:" + std::to_string(first.port())), std::string::npos);
  options.listeners = {{"ODD", "no-such-host.invalid", 0}};
  server third(options, workers);
  const auto unknown = third.bind();
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().detail.find("no-such-host.invalid"), std::string::npos);
}

TEST(server, messages_between_shards_keep_their_order_and_share_wake_ups) {
  constexpr int messages = 5000;
  fake_handler first;
  fake_handler second;
  running_server server({&first, &second});
  watched<std::vector<int>> arrived;
  const int batches_before = second.saw.get().batches;
  server.run(0, [&] {
    auto& env = server->environment(shard_id{0});
    for (int i = 0; i < messages; ++i) {
      env.post(shard_id{1}, [&, i](broker::shard&) { arrived.change([i](auto& v) { v.push_back(i); }); });
    }
  });
  ASSERT_TRUE(arrived.wait([](const auto& v) { return v.size() == messages; }));
  const auto got = arrived.get();
  EXPECT_TRUE(std::is_sorted(got.begin(), got.end()));
  server.run(1, [] {});
  EXPECT_LE(second.saw.get().batches - batches_before, 4) << "all of them in one bundle";
}

TEST(server, shards_talk_back_and_forth_while_clients_do) {
  constexpr int rounds = 2000;
  fake_handler first;
  fake_handler second;
  running_server server({&first, &second});
  watched<int> done;
  struct ping {
    net::server& server;
    watched<int>& done;
    int left;
    std::uint32_t at;
    void operator()(broker::shard&) {
      if (left == 0) return done.change([](int& d) { ++d; });
      const shard_id next{1 - at};
      server.environment(shard_id{at}).post(next, ping{server, done, left - 1, next.value()});
    }
  };
  for (std::uint32_t s = 0; s < 2; ++s) {
    server.run(s, [&] { server->environment(shard_id{s}).post(shard_id{s}, ping{*server, done, rounds, s}); });
  }
  client c(server.port());
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(c.send(framed(std::to_string(i))));
    EXPECT_EQ(c.receive_frame(), std::to_string(i));
  }
  EXPECT_TRUE(done.wait([](int d) { return d == 2; }));
}

TEST(server, work_runs_elsewhere_and_its_end_on_the_shard) {
  fake_handler handler;
  running_server server({&handler});
  watched<std::vector<std::thread::id>> threads;
  server.run(0, [&] {
    const auto here = [&] { threads.change([](auto& v) { v.push_back(std::this_thread::get_id()); }); };
    here();
    server->environment(shard_id{0}).run_on_worker(broker::work_class::read, here, here);
  });
  ASSERT_TRUE(threads.wait([](const auto& v) { return v.size() == 3; }));
  const auto v = threads.get();
  EXPECT_NE(v[0], v[1]);
  EXPECT_EQ(v[0], v[2]);
}

TEST(server, wakes_the_handler_when_asked_and_only_then) {
  fake_handler handler;
  watched<std::vector<time_point>> wakes;
  handler.woken = [&](now_t now) { wakes.change([&](auto& v) { v.push_back(now.steady); }); };
  running_server server({&handler});
  time_point asked{};
  server.run(0, [&] {
    auto& env = server->environment(shard_id{0});
    env.wake_at(system_now().steady + std::chrono::hours(1));
    asked = system_now().steady + std::chrono::milliseconds(20);
    env.wake_at(asked);
  });
  ASSERT_TRUE(wakes.wait([](const auto& v) { return !v.empty(); }));
  server.run(0, [] {});
  const auto v = wakes.get();
  ASSERT_EQ(v.size(), 1u);
  EXPECT_GE(v[0], asked);
}

TEST(server, an_idle_thread_sleeps) {
  fake_handler handler;
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("x")));
  EXPECT_EQ(c.receive_frame(), "x");
  server.run(0, [] {});
  // 50 ms pass; nothing of the server may run meanwhile.
  watched<bool> woken;
  server.run(0, [&] {
    handler.woken = [&](now_t) { woken.change([](bool& w) { w = true; }); };
    server->environment(shard_id{0}).wake_at(system_now().steady + std::chrono::milliseconds(50));
  });
  const int before = handler.saw.get().batches;
  ASSERT_TRUE(woken.wait([](bool w) { return w; }));
  EXPECT_LE(handler.saw.get().batches - before, 2);
}

TEST(server, stopping_answers_what_is_under_way_and_refuses_the_rest) {
  fake_handler handler([](const std::string& body) {
    return body == "wait" ? std::optional<broker::reply>() : std::optional(reply_of(body));
  });
  handler.stopping = [&] { handler.release("wait", reply_of("finished")); };
  running_server server({&handler});
  client c(server.port());
  ASSERT_TRUE(c.send(framed("wait") + framed("next")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 2; }));
  const auto port = server.port();
  server.stop();
  EXPECT_EQ(c.receive_frame(), "finished");
  EXPECT_EQ(c.receive_frame(), "next");
  EXPECT_TRUE(c.at_end());
  client late(port);
  EXPECT_FALSE(late.connected());
  const auto saw = handler.saw.get();
  EXPECT_TRUE(saw.stopped);
  EXPECT_EQ(saw.closed, saw.opened);
}

TEST(server, stopping_waits_for_workers_but_not_for_slow_readers) {
  const std::string big(20'000'000, 'b');
  fake_handler first([&](const std::string&) { return std::optional(reply_of(big)); });
  fake_handler second;
  server_options options;
  options.stop_grace = std::chrono::milliseconds(20);
  running_server server({&first, &second}, options);
  client slow(server.port(), 4096);
  ASSERT_TRUE(slow.send(framed("much")));
  ASSERT_TRUE(first.saw.wait([](const auto& s) { return s.requests == 1; }));
  watched<bool> gate;
  bool finished = false;
  server.run(1, [&] {
    server->environment(shard_id{1})
        .run_on_worker(
            broker::work_class::read, [&] { EXPECT_TRUE(gate.wait([](bool open) { return open; })); },
            [&] { finished = true; });
  });
  server->stop();
  ASSERT_TRUE(first.saw.wait([](const auto& s) { return s.closed == 1; }));
  gate.change([](bool& open) { open = true; });
  server.stop();
  EXPECT_TRUE(finished);
}

TEST(server, stops_at_once_when_nobody_is_connected) {
  fake_handler first;
  fake_handler second;
  running_server server({&first, &second});
  server.stop();
  EXPECT_TRUE(first.saw.get().stopped);
  EXPECT_TRUE(second.saw.get().stopped);
}

}  // namespace
}  // namespace jackdaw::net
