#include "jackdaw/base/timer_queue.hpp"

#include <gtest/gtest.h>

#include <string>

namespace jackdaw {
namespace {

using std::chrono::seconds;

time_point at(duration d) { return time_point(d); }

TEST(timer_queue, runs_what_is_due_in_order_and_not_what_that_adds) {
  timer_queue timers;
  std::string order;
  timers.schedule(at(seconds(3)), [&] { order += 'c'; });
  timers.schedule(at(seconds(1)), [&] {
    order += 'a';
    timers.schedule(at(seconds(1)), [&] { order += 'd'; });
  });
  timers.schedule(at(seconds(2)), [&] { order += 'b'; });
  const auto cancelled = timers.schedule(at(seconds(2)), [&] { order += 'x'; });
  timers.cancel(cancelled);
  EXPECT_EQ(timers.next(), at(seconds(1)));
  timers.run_due(at(seconds(2)));
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(timers.next(), at(seconds(1)));
  timers.run_due(at(seconds(2)));
  EXPECT_EQ(order, "abd");
  timers.run_due(at(seconds(3)));
  EXPECT_EQ(order, "abdc");
  EXPECT_EQ(timers.next(), time_point::max());
}

TEST(timer_queue, a_callback_may_cancel_one_that_is_due_and_itself) {
  timer_queue timers;
  std::string order;
  timer_queue::handle first;
  timer_queue::handle second;
  first = timers.schedule(at(seconds(1)), [&] {
    order += 'a';
    timers.cancel(first);
    timers.cancel(second);
  });
  second = timers.schedule(at(seconds(1)), [&] { order += 'b'; });
  timers.schedule(at(seconds(1)), [&] { order += 'c'; });
  timers.cancel({});
  timers.run_due(at(seconds(1)));
  EXPECT_EQ(order, "ac");
}

}  // namespace
}  // namespace jackdaw
