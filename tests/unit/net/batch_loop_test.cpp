// The loop of a shard, and the stream that it waits for.
#include "batch_loop.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "byte_stream.hpp"
#include "jackdaw/net/outlets.hpp"

namespace jackdaw::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

class counting_user final : public batch_loop::user {
 public:
  void begin_batch() override { ++begun; }
  time_point end_batch() override {
    ++ended;
    return then();
  }
  time_point read_clock() const override { return system_now().steady; }

  std::function<time_point()> then;
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
};

// What a stream tells, in order.
class listener final : public stream_watcher {
 public:
  explicit listener(batch_loop* loop = nullptr) : stream_watcher(loop) {}
  void on_ready(readiness what) override {
    heard += what == readiness::readable ? 'r' : what == readiness::writable ? 'w' : 'b';
  }
  bool is_waited_for() const { return has_waits(); }
  std::string heard;

 private:
  void on_last_wait_gone() override { heard += '.'; }
};

class connected {
 public:
  explicit connected(asio_context& context) {
    int fds[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    boost::system::error_code error;
    stream = make_plain_stream(context, unique_fd(fds[0]), error);
    EXPECT_FALSE(error) << error.message();
    peer.reset(fds[1]);
  }
  void say(std::string_view what) {
    EXPECT_EQ(::send(peer.get(), what.data(), what.size(), MSG_NOSIGNAL), static_cast<ssize_t>(what.size()));
  }
  std::unique_ptr<byte_stream> stream;
  unique_fd peer;
};

TEST(batch_loop, goes_on_at_once_when_told_to) {
  counting_user user;
  batch_loop loop(user);
  user.then = [&] {
    if (user.ended < 4) return time_point::min();
    loop.stop();
    return time_point::max();
  };
  loop.run();
  EXPECT_EQ(user.begun, 4);
  EXPECT_EQ(user.ended, 4);
}

TEST(batch_loop, what_is_ready_together_is_one_batch) {
  counting_user user;
  batch_loop loop(user);
  listener heard(&loop);
  connected a(loop.context());
  connected b(loop.context());
  a.stream->wait(readiness::readable, heard);
  b.stream->wait(readiness::readable, heard);
  a.say("x");
  b.say("y");
  user.then = [&] {
    if (!heard.heard.empty()) loop.stop();
    return time_point::max();
  };
  loop.run();
  EXPECT_EQ(heard.heard, "rr.");
  EXPECT_EQ(user.ended, 2) << "the one that it begins with, and one for both";
}

TEST(batch_loop, sleeps_until_the_time_that_it_was_told_last_if_that_is_earlier) {
  counting_user user;
  batch_loop loop(user);
  time_point due{};
  user.then = [&] {
    if (user.ended == 1) {
      loop.wake();
      return user.read_clock() + hours(1);
    }
    if (user.ended == 2) return due = user.read_clock() + milliseconds(5);
    EXPECT_GE(user.read_clock(), due);
    loop.stop();
    return time_point::max();
  };
  loop.run();
  EXPECT_EQ(user.ended, 3);
}

TEST(batch_loop, a_time_that_has_passed_is_no_sleep) {
  counting_user user;
  batch_loop loop(user);
  user.then = [&] {
    if (user.ended == 3) loop.stop();
    return user.read_clock() - milliseconds(1);
  };
  loop.run();
  EXPECT_EQ(user.ended, 3);
}

TEST(batch_loop, wakes_come_from_any_thread_and_none_is_lost) {
  constexpr int wakes = 2000;
  counting_user user;
  batch_loop loop(user);
  std::atomic<int> asked{0};
  std::atomic<int> seen{0};
  user.then = [&] {
    seen = asked.load();
    if (seen == wakes) loop.stop();
    return time_point::max();
  };
  std::thread thread([&] { loop.run(); });
  for (int i = 1; i <= wakes; ++i) {
    asked = i;
    loop.wake();
    while (seen < i) std::this_thread::yield();
  }
  thread.join();
  EXPECT_EQ(seen, wakes);
}

TEST(batch_loop, another_thread_does_a_batch_while_none_is_under_way) {
  counting_user user;
  batch_loop loop(user);
  bool was_let_in = true;
  user.then = [&] {
    // Its own thread's batch, and then another's.
    std::thread([&] { was_let_in = loop.run_batch_elsewhere(); }).join();
    return time_point::max();
  };
  EXPECT_TRUE(loop.run_batch_elsewhere());
  EXPECT_FALSE(was_let_in);
  user.then = [&] {
    std::thread([&] { was_let_in = loop.run_batch_elsewhere(); }).join();
    loop.stop();
    return time_point::max();
  };
  was_let_in = true;
  loop.run();
  EXPECT_FALSE(was_let_in);
  EXPECT_EQ(user.begun, 2);
  EXPECT_EQ(user.ended, 2);
}

TEST(batch_loop, a_batch_elsewhere_decides_when_its_own_thread_wakes) {
  counting_user user;
  batch_loop loop(user);
  std::atomic<int> phase{0};
  time_point due{};
  user.then = [&] {
    switch (++phase) {
      case 2: return time_point::min();                          // elsewhere: the next at once
      case 4: return due = user.read_clock() + milliseconds(5);  // elsewhere: the next later
      case 5:
        EXPECT_GE(user.read_clock(), due);
        loop.stop();
        break;  // never earlier
      default: break;
    }
    return time_point::max();
  };
  const auto reaches = [&](int wanted) {
    while (phase < wanted) std::this_thread::yield();
  };
  std::thread thread([&] { loop.run(); });
  reaches(1);
  while (!loop.run_batch_elsewhere()) std::this_thread::yield();
  reaches(3);
  while (!loop.run_batch_elsewhere()) std::this_thread::yield();
  thread.join();
  EXPECT_EQ(phase, 5);
}

// What is said to two sockets is heard once each, in batches of whatever thread, one at a time.
TEST(batch_loop, no_event_is_lost_between_the_threads_that_do_its_batches) {
  constexpr int rounds = 3000;
  counting_user user;
  batch_loop loop(user);
  listener heard(&loop);
  connected c(loop.context());
  int read = 0;  // of whoever has the turn
  bool is_inside = false;
  std::atomic<int> seen{0};
  user.then = [&] {
    EXPECT_FALSE(std::exchange(is_inside, true));
    std::byte room[16];
    for (moved m; (m = c.stream->read(room)).what == moved::state::some;) read += static_cast<int>(m.bytes);
    if (!heard.is_waited_for()) c.stream->wait(readiness::readable, heard);
    seen = read;
    if (read == rounds) loop.stop();
    is_inside = false;
    return time_point::max();
  };
  std::thread thread([&] { loop.run(); });
  std::atomic<bool> is_over{false};
  std::thread helper([&] {
    while (!is_over) static_cast<void>(loop.run_batch_elsewhere());
  });
  for (int i = 1; i <= rounds; ++i) {
    c.say("x");
    if (i % 3 == 0) loop.wake();
    while (seen < i) std::this_thread::yield();
  }
  thread.join();
  is_over = true;
  helper.join();
  EXPECT_EQ(seen, rounds);
  // The wait that is left ends before its watcher does.
  user.then = [] { return time_point::max(); };
  c.stream.reset();
  loop.context().restart();
  loop.context().poll();
  EXPECT_FALSE(heard.is_waited_for());
}

TEST(plain_stream, tells_bytes_nothing_the_end_and_a_break_apart) {
  asio_context context;
  connected c(context);
  std::byte room[16];
  EXPECT_EQ(c.stream->read(room).what, moved::state::full);
  c.say("hello");
  const auto got = c.stream->read(room);
  EXPECT_EQ(got.what, moved::state::some);
  EXPECT_EQ(got.bytes, 5u);
  c.peer.reset();
  EXPECT_EQ(c.stream->read(room).what, moved::state::end);
  const iovec part{room, sizeof room};
  const auto broken = c.stream->write({&part, 1}, false);
  EXPECT_EQ(broken.what, moved::state::failed);
  EXPECT_EQ(broken.error, EPIPE);
}

TEST(plain_stream, a_full_one_is_writable_once_the_peer_has_read) {
  asio_context context;
  connected c(context);
  listener heard;
  std::string block(64 * 1024, 'x');
  const iovec part{block.data(), block.size()};
  std::size_t sent = 0;
  for (moved m; (m = c.stream->write({&part, 1}, false)).what == moved::state::some;) sent += m.bytes;
  c.stream->wait(readiness::writable, heard);
  context.poll();
  EXPECT_EQ(heard.heard, "");
  while (sent > 0) {
    const auto n = ::recv(c.peer.get(), block.data(), block.size(), 0);
    ASSERT_GT(n, 0);
    sent -= static_cast<std::size_t>(n);
  }
  context.restart();
  context.run();
  EXPECT_EQ(heard.heard, "w.");
}

TEST(plain_stream, bytes_that_came_before_the_wait_end_it) {
  asio_context context;
  connected c(context);
  listener heard;
  c.say("early");
  c.stream->wait(readiness::readable, heard);
  context.run();
  EXPECT_EQ(heard.heard, "r.");
  // Nobody has read them: the next wait ends at once, too.
  c.stream->wait(readiness::readable, heard);
  context.restart();
  context.run();
  EXPECT_EQ(heard.heard, "r.r.");
}

TEST(plain_stream, its_end_cancels_its_waits_without_a_word) {
  listener heard;
  {
    asio_context context;
    connected c(context);
    c.stream->wait(readiness::readable, heard);
    c.stream->wait(readiness::broken, heard);
    EXPECT_TRUE(heard.is_waited_for());
    c.stream.reset();
    EXPECT_TRUE(heard.is_waited_for()) << "until the context has come to it";
    context.run();
    EXPECT_FALSE(heard.is_waited_for());
    EXPECT_EQ(heard.heard, ".");
    connected last(context);
    last.stream->wait(readiness::readable, heard);
  }
  EXPECT_EQ(heard.heard, "..") << "so does the end of the context";
}

}  // namespace
}  // namespace jackdaw::net
