// What connections may cost: sizes, memory, numbers, time.
#include <sys/resource.h>

#include <atomic>

#include "support.hpp"

namespace jackdaw::net {
namespace {

using namespace testing;

const auto keep_all = [](const std::string&) { return std::optional<broker::reply>(); };

// Time that only the test moves.
std::atomic<std::int64_t> manual_ms{1'000'000};
now_t manual_now() { return {time_point(std::chrono::milliseconds(manual_ms.load())), timestamp_ms{manual_ms.load()}}; }

std::string size_only(std::int32_t size) {
  std::string out(4, '\0');
  store_be(reinterpret_cast<std::byte*>(out.data()), size);
  return out;
}

TEST(limits, a_size_that_is_not_allowed_closes_after_the_answers_before_it) {
  for (const std::int32_t size : {0, -5, 1'000'001, 0x47455420 /* "GET " */}) {
    fake_handler handler;
    server_options options;
    options.connections.max_frame_bytes = 1'000'000;
    running_server server({&handler}, options);
    client c(server.port());
    ASSERT_TRUE(c.send(framed("good") + size_only(size)));
    EXPECT_EQ(c.receive_frame(), "good");
    EXPECT_TRUE(c.at_end()) << size;
    ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
  }
}

TEST(limits, the_largest_allowed_request_is_answered) {
  fake_handler handler;
  server_options options;
  options.connections.max_frame_bytes = 1'000'000;
  running_server server({&handler}, options);
  client c(server.port());
  const std::string body(1'000'000, 'm');
  ASSERT_TRUE(c.send(framed(body)));
  EXPECT_TRUE(c.receive_frame() == body);
}

TEST(limits, too_many_unanswered_requests_stop_the_reading_until_some_are_answered) {
  fake_handler handler(keep_all);
  server_options options;
  options.connections.requests_in_flight = 4;
  running_server server({&handler}, options);
  client c(server.port());
  std::string all;
  for (int i = 0; i < 10; ++i) all += framed("r" + std::to_string(i));
  ASSERT_TRUE(c.send(all));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 4; }));
  server.run(0, [&] { EXPECT_EQ(handler.kept(), 4u); });
  // Down to half of the limit it goes on.
  server.run(0, [&] { handler.release("r0", reply_of("a0")); });
  server.run(0, [&] { EXPECT_EQ(handler.kept(), 3u); });
  server.run(0, [&] { handler.release("r1", reply_of("a1")); });
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests == 6; }));
  for (int i = 2; i < 10; ++i) {
    ASSERT_TRUE(handler.saw.wait([i](const auto& s) { return s.requests > i; }));
    server.run(0, [&] { handler.release("r" + std::to_string(i), reply_of("a" + std::to_string(i))); });
  }
  for (int i = 0; i < 10; ++i) EXPECT_EQ(c.receive_frame(), "a" + std::to_string(i));
}

TEST(limits, bytes_of_unanswered_requests_are_bounded) {
  fake_handler handler(keep_all);
  server_options options;
  options.connections.connection_bytes = 1'000'000;
  running_server server({&handler}, options);
  client c(server.port());
  std::thread sender([&] {
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(c.send(framed(std::to_string(i) + std::string(300'000, 'x'))));
  });
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(handler.saw.wait([i](const auto& s) { return s.requests > i; }));
    server.run(0, [&] {
      EXPECT_LE(handler.kept(), 4u) << "three below the limit and the one that passes it";
      handler.release(std::to_string(i) + std::string(300'000, 'x'), reply_of(std::to_string(i)));
    });
  }
  for (int i = 0; i < 40; ++i) EXPECT_EQ(c.receive_frame(), std::to_string(i));
  sender.join();
}

TEST(limits, a_reader_that_does_not_read_is_not_read_from) {
  const std::string answer(100'000, 'a');
  fake_handler handler([&](const std::string&) { return std::optional(reply_of(answer)); });
  server_options options;
  options.connections.unsent_reply_bytes = 1'000'000;
  options.sockets.send_buffer_bytes = 16 * 1024;
  running_server server({&handler}, options);
  client c(server.port(), 4096);
  std::string all;
  for (int i = 0; i < 500; ++i) all += framed("r");
  ASSERT_TRUE(c.send(all));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.requests >= 10; }));
  // Every turn that could have begun more has come and gone.
  for (int i = 0; i < 20; ++i) server.run(0, [] {});
  EXPECT_LE(handler.saw.get().requests, 20);
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(c.receive_frame() == answer) << i;
  EXPECT_EQ(handler.saw.get().requests, 500);
}

TEST(limits, half_requests_that_together_spend_the_budget_are_all_finished) {
  fake_handler handler([](const std::string& body) { return std::optional(reply_of(std::to_string(body.size()))); });
  server_options options;
  options.connections.shard_bytes = 1'000'000;
  running_server server({&handler}, options);
  std::vector<client> clients;
  const std::string request = framed(std::string(700'000, 'x'));
  for (int i = 0; i < 8; ++i) clients.emplace_back(server.port());
  for (auto& c : clients) ASSERT_TRUE(c.send(std::string_view(request).substr(0, 300'000)));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 8; }));
  std::vector<std::thread> senders;
  for (auto& c : clients) senders.emplace_back([&] { ASSERT_TRUE(c.send(std::string_view(request).substr(300'000))); });
  for (auto& c : clients) EXPECT_EQ(c.receive_frame(), "700000");
  for (auto& t : senders) t.join();
}

TEST(limits, who_stalls_while_the_budget_is_spent_is_closed_for_those_who_wait) {
  fake_handler handler([](const std::string& body) { return std::optional(reply_of(std::to_string(body.size()))); });
  server_options options;
  options.connections.shard_bytes = 1'000'000;
  options.connections.stall_under_pressure = std::chrono::seconds(10);
  running_server server({&handler}, options, manual_now);
  // Two that begin large requests and stop, enough to spend the budget.
  client first(server.port());
  client second(server.port());
  const std::string request = framed(std::string(5'000'000, 'x'));
  ASSERT_TRUE(first.send(std::string_view(request).substr(0, 900'000)));
  ASSERT_TRUE(second.send(std::string_view(request).substr(0, 900'000)));
  client waiting(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 3; }));
  ASSERT_TRUE(waiting.send(framed("patience")));
  std::thread clock([&] {
    // Time passes until the stalled ones are gone.
    while (handler.saw.get().closed < 1) {
      manual_ms += 1000;
      server.run(0, [] {});
    }
  });
  EXPECT_EQ(waiting.receive_frame(), "8");
  clock.join();
}

TEST(limits, small_requests_go_on_while_announced_large_ones_hold_their_share) {
  fake_handler handler([](const std::string& body) { return std::optional(reply_of(std::to_string(body.size()))); });
  server_options options;
  options.connections.shard_bytes = 32'000'000;
  running_server server({&handler}, options, manual_now);
  client before(server.port());
  std::vector<client> announcers;
  for (int i = 0; i < 40; ++i) announcers.emplace_back(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 41; }));
  // Each sends what the broker and the kernel take of it, and never the end.
  const std::string begun = framed(std::string(9'000'000, 'x')).substr(0, 8'000'000);
  std::vector<std::string_view> left(announcers.size(), begun);
  for (int i = 0; i < 20; ++i) {
    for (std::size_t c = 0; c < announcers.size(); ++c)
      left[c].remove_prefix(announcers[c].send_until_blocked(left[c]));
    server.run(0, [] {});
    ASSERT_TRUE(before.send(framed("small")));
    ASSERT_EQ(before.receive_frame(), "5") << i;
  }
  client after(server.port());
  ASSERT_TRUE(after.send(framed("later")));
  EXPECT_EQ(after.receive_frame(), "5");
  EXPECT_EQ(handler.saw.get().closed, 0);
}

TEST(limits, idle_connections_close_and_waiting_ones_do_not) {
  fake_handler handler([](const std::string& body) {
    return body == "wait" ? std::optional<broker::reply>() : std::optional(reply_of(body));
  });
  server_options options;
  options.connections.max_idle = std::chrono::minutes(10);
  running_server server({&handler}, options, manual_now);
  client silent(server.port());
  client half(server.port());
  client active(server.port());
  client waiting(server.port());
  ASSERT_TRUE(half.send(framed("unfinished").substr(0, 7)));
  ASSERT_TRUE(waiting.send(framed("wait")));
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 4 && s.requests == 1; }));
  const auto pass_ms = [&](std::int64_t ms) {
    manual_ms += ms;
    server.run(0, [] {});
  };
  pass_ms(599'000);
  ASSERT_TRUE(active.send(framed("here")));
  EXPECT_EQ(active.receive_frame(), "here");
  EXPECT_EQ(handler.saw.get().closed, 0);
  pass_ms(2'000);
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(half.at_end());
  EXPECT_EQ(handler.saw.get().closed, 2);
  server.run(0, [&] { handler.release("wait", reply_of("done")); });
  EXPECT_EQ(waiting.receive_frame(), "done");
  pass_ms(595'000);
  EXPECT_EQ(handler.saw.get().closed, 2);
  pass_ms(10'000);
  EXPECT_TRUE(active.at_end());
  EXPECT_TRUE(waiting.at_end());
}

TEST(limits, beyond_max_connections_new_ones_wait_until_one_closes) {
  fake_handler handler;
  server_options options;
  options.admission.max_connections = 2;
  running_server server({&handler}, options);
  client a(server.port());
  client b(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 2; }));
  client c(server.port());
  ASSERT_TRUE(c.connected()) << "the kernel takes it into the backlog";
  ASSERT_TRUE(c.send(framed("in line")));
  server.run(0, [] {});
  EXPECT_EQ(handler.saw.get().opened, 2);
  a.close();
  EXPECT_EQ(c.receive_frame(), "in line");
  EXPECT_EQ(handler.saw.get().opened, 3);
}

TEST(limits, an_address_with_too_many_connections_is_refused_more) {
  fake_handler handler;
  server_options options;
  options.admission.max_connections_per_ip = 100;
  options.admission.per_ip_overrides = {{"127.0.0.1", 2}};
  running_server server({&handler}, options);
  client a(server.port());
  client b(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 2; }));
  client c(server.port());
  EXPECT_TRUE(c.at_end());
  a.close();
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.closed == 1; }));
  // The count goes down on the way back to the listener, after the handler heard of it.
  for (bool served = false; !served;) {
    client d(server.port());
    served = d.send(framed("now")) && d.receive_frame() == "now";
  }
  EXPECT_EQ(handler.saw.get().opened, 3);
}

TEST(limits, an_address_that_connects_too_often_is_held_and_cut_off) {
  fake_handler handler;
  server_options options;
  options.admission.ip_new_per_second_overrides = {{"127.0.0.1", 0.2}};
  running_server server({&handler}, options, manual_now);
  client a(server.port());
  client b(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 2; }));
  client c(server.port());
  ASSERT_TRUE(c.connected());
  ASSERT_TRUE(c.send(framed("too fast")));
  ASSERT_TRUE(a.send(framed("served")));
  EXPECT_EQ(a.receive_frame(), "served");
  EXPECT_EQ(::recv(c.fd(), nullptr, 0, MSG_DONTWAIT), -1) << "neither served nor cut off";
  manual_ms += 1000;
  server.run(0, [] {});
  EXPECT_TRUE(c.at_end());
  EXPECT_EQ(handler.saw.get().opened, 2);
}

TEST(limits, a_higher_limit_lets_in_who_waits) {
  fake_handler handler;
  server_options options;
  options.admission.max_connections = 1;
  running_server server({&handler}, options);
  client a(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 1; }));
  client b(server.port());
  ASSERT_TRUE(b.send(framed("in line")));
  server.run(0, [] {});
  EXPECT_EQ(handler.saw.get().opened, 1);
  admission_options more;
  more.max_connections = 2;
  server.run(0, [&] { server->set_admission(more); });
  EXPECT_EQ(b.receive_frame(), "in line");
}

TEST(limits, a_higher_rate_lets_in_who_waits) {
  fake_handler handler;
  server_options options;
  options.admission.max_new_per_second = 1;
  running_server server({&handler}, options, manual_now);
  client a(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 1; }));
  client b(server.port());
  ASSERT_TRUE(b.send(framed("in line")));
  server.run(0, [] {});
  EXPECT_EQ(handler.saw.get().opened, 1);
  server.run(0, [&] { server->set_admission({}); });
  EXPECT_EQ(b.receive_frame(), "in line");
}

TEST(limits, a_limit_for_a_name_that_comes_later_counts_who_is_connected) {
  fake_handler handler;
  running_server server({&handler});
  client a(server.port());
  client b(server.port());
  ASSERT_TRUE(handler.saw.wait([](const auto& s) { return s.opened == 2; }));
  admission_options named;
  named.per_ip_overrides = {{"127.0.0.1", 2}};
  server.run(0, [&] { server->set_admission(named); });
  // It holds once a worker has looked the name up.
  for (bool refused = false; !refused;) {
    client c(server.port());
    refused = !c.send(framed("x")) || c.receive_frame() != "x";
  }
  ASSERT_TRUE(a.send(framed("still here")));
  EXPECT_EQ(a.receive_frame(), "still here");
  ASSERT_TRUE(b.send(framed("so am I")));
  EXPECT_EQ(b.receive_frame(), "so am I");
}

TEST(limits, nobody_is_let_in_before_limits_for_names_hold) {
  fake_handler handler;
  disk::worker_pools workers({1, 1, 1, 1});
  server_options options;
  options.listeners = {{"PLAINTEXT", "127.0.0.1", 0}};
  server s(options, workers);
  ASSERT_TRUE(s.bind());
  s.start({&handler}, [](auto stopped) { stopped(); });
  admission_options named;
  named.per_ip_overrides = {{"127.0.0.1", 0}};
  s.run_at(shard_id{0}, [&] { s.set_admission(named); });
  ASSERT_TRUE(s.open());
  client c(s.bound_port(0));
  EXPECT_TRUE(c.at_end());
  s.stop();
  s.join();
  workers.stop();
  EXPECT_EQ(handler.saw.get().opened, 0);
}

TEST(limits, running_out_of_descriptors_delays_connections_but_loses_none) {
  fake_handler handler;
  running_server server({&handler});
  client before(server.port());
  ASSERT_TRUE(before.send(framed("x")));
  EXPECT_EQ(before.receive_frame(), "x");
  client after(client::not_connected{});
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &old), 0);
  rlimit none = old;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  after.connect(server.port());
  EXPECT_TRUE(after.connected()) << "in the kernel's backlog";
  server.run(0, [] {});
  EXPECT_EQ(handler.saw.get().opened, 1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &old), 0);
  ASSERT_TRUE(after.send(framed("late")));
  EXPECT_EQ(after.receive_frame(), "late");
}

}  // namespace
}  // namespace jackdaw::net
