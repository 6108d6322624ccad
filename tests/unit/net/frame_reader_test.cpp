#include "frame_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "memory_budget.hpp"
#include "support.hpp"

namespace jackdaw::net {
namespace {

using testing::framed;

constexpr std::uint32_t max_frame = 100 * 1024 * 1024;

// Gives `reader` the next bytes of `stream`, as a socket with `available` of them would.
std::size_t feed(frame_reader& reader, buffer& scratch, std::string_view stream, std::size_t available) {
  const auto space = reader.space(scratch.span());
  EXPECT_FALSE(space.empty());
  const auto n = std::min({space.size(), available, stream.size()});
  std::memcpy(space.data(), stream.data(), n);
  reader.received(n);
  return n;
}

TEST(frame_reader, memory_follows_what_arrived_not_what_is_claimed) {
  frame_reader reader(max_frame);
  buffer scratch(256 * 1024);
  std::string stream(4, '\0');
  store_be(reinterpret_cast<std::byte*>(stream.data()), static_cast<std::int32_t>(max_frame));
  stream.append(1'000'000, 'x');
  std::size_t fed = 0;
  std::shared_ptr<buffer> frame;
  while (fed < stream.size()) {
    fed += feed(reader, scratch, std::string_view(stream).substr(fed), 1000);
    ASSERT_EQ(reader.next(frame), frame_reader::status::need_more);
    reader.leave_scratch();
    EXPECT_LE(reader.held_bytes(), std::max<std::size_t>(16 * 1024, 4 * fed)) << fed;
  }
}

TEST(frame_reader, a_small_start_of_a_frame_costs_its_own_bytes) {
  frame_reader reader(max_frame);
  buffer scratch(256 * 1024);
  std::shared_ptr<buffer> frame;
  feed(reader, scratch, framed(std::string(500, 'x')).substr(0, 20), 20);
  ASSERT_EQ(reader.next(frame), frame_reader::status::need_more);
  reader.leave_scratch();
  EXPECT_EQ(reader.held_bytes(), 20u);
  EXPECT_TRUE(reader.is_inside_frame());
}

TEST(frame_reader, at_rest_it_holds_nothing) {
  frame_reader reader(max_frame);
  buffer scratch(256 * 1024);
  std::shared_ptr<buffer> frame;
  const std::string stream = framed("one") + framed(std::string(700'000, 'y')) + framed("three");
  std::vector<std::size_t> sizes;
  for (std::size_t fed = 0; fed < stream.size();) {
    fed += feed(reader, scratch, std::string_view(stream).substr(fed), 100'000);
    while (reader.next(frame) == frame_reader::status::frame) sizes.push_back(frame->size());
    reader.leave_scratch();
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 700'000, 5}));
  EXPECT_EQ(reader.held_bytes(), 0u);
  EXPECT_FALSE(reader.is_inside_frame());
}

TEST(frame_reader, frames_left_untaken_are_kept_until_they_are_wanted) {
  frame_reader reader(max_frame);
  buffer scratch(256 * 1024);
  const std::string stream = framed("one") + framed("two") + framed("three").substr(0, 6);
  feed(reader, scratch, stream, stream.size());
  std::shared_ptr<buffer> frame;
  ASSERT_EQ(reader.next(frame), frame_reader::status::frame);
  reader.leave_scratch();
  std::fill(scratch.span().begin(), scratch.span().end(), std::byte{0});  // somebody else used it
  reader.leave_scratch();
  ASSERT_EQ(reader.next(frame), frame_reader::status::frame);
  EXPECT_EQ(as_text(frame->view()), "two");
  ASSERT_EQ(reader.next(frame), frame_reader::status::need_more);
  feed(reader, scratch, framed("three").substr(6), 100);
  ASSERT_EQ(reader.next(frame), frame_reader::status::frame);
  EXPECT_EQ(as_text(frame->view()), "three");
}

TEST(frame_reader, sizes_that_cannot_be_are_refused) {
  for (const std::int32_t size : {0, -1, std::numeric_limits<std::int32_t>::min(), 1001}) {
    frame_reader reader(1000);
    buffer scratch(4096);
    std::string stream(8, '\0');
    store_be(reinterpret_cast<std::byte*>(stream.data()), size);
    feed(reader, scratch, stream, 8);
    std::shared_ptr<buffer> frame;
    EXPECT_EQ(reader.next(frame), frame_reader::status::bad_size) << size;
    EXPECT_EQ(reader.claimed(), size);
  }
}

TEST(memory_budget, lets_one_inside_a_frame_through_when_it_is_spent) {
  memory_budget budget(100);
  budget_hook outside, inside, other;
  std::vector<budget_hook*> resumed;
  const auto is_inside = [&](budget_hook& h) { return &h != &outside; };
  const auto resume = [&](budget_hook& h) { resumed.push_back(&h); };
  EXPECT_TRUE(budget.may_read(outside, 0));
  budget.take(100);
  EXPECT_FALSE(budget.may_read(outside, 0));
  EXPECT_FALSE(budget.may_read(inside, 0));
  EXPECT_FALSE(budget.may_read(inside, 0));
  EXPECT_FALSE(budget.may_read(other, 0));
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed, std::vector{&inside});
  EXPECT_TRUE(budget.may_read(inside, 0));
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed.size(), 1u) << "one at a time";
  budget.end_exemption(inside);
  EXPECT_FALSE(budget.may_read(inside, 0));
  budget.forget(other);
  budget.give_back(1);
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed, (std::vector{&inside, &outside, &inside}));
  EXPECT_FALSE(budget.has_waiting());
}

TEST(memory_budget, large_requests_stop_first_and_leave_room_for_small_ones) {
  constexpr std::size_t mib = 1024 * 1024;
  memory_budget budget(256 * mib);
  budget_hook small, usual, large, larger;
  budget.take(128 * mib);
  EXPECT_FALSE(budget.may_read(large, 90 * mib));
  EXPECT_TRUE(budget.may_read(usual, 2 * mib));
  budget.take(64 * mib);
  EXPECT_FALSE(budget.may_read(usual, 2 * mib));
  EXPECT_TRUE(budget.may_read(small, 1000));
  EXPECT_FALSE(budget.may_read(larger, 90 * mib));
  std::vector<budget_hook*> resumed;
  const auto is_inside = [](budget_hook&) { return true; };
  const auto resume = [&](budget_hook& h) { resumed.push_back(&h); };
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed, (std::vector{&usual, &large})) << "one of each class finishes its frame";
  budget.give_back(65 * mib);
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed.back(), &larger);
  EXPECT_FALSE(budget.has_waiting());
}

TEST(memory_budget, is_busy_from_much_held_or_taken_at_once_until_set_calm) {
  constexpr std::size_t mib = 1024 * 1024;
  memory_budget budget(256 * mib);
  budget.take(1000);
  EXPECT_FALSE(budget.is_busy());
  budget.take(mib / 8);
  budget.give_back(mib / 8);
  EXPECT_TRUE(budget.is_busy());
  budget.set_calm();
  EXPECT_FALSE(budget.is_busy());
  budget.take(5 * mib);
  budget.set_calm();
  EXPECT_TRUE(budget.is_busy()) << "still held";
  budget.give_back(5 * mib);
  budget.set_calm();
  EXPECT_FALSE(budget.is_busy());
}

TEST(memory_budget, growth_that_would_pass_the_limit_waits_though_there_is_some_left) {
  memory_budget budget(1000);
  budget_hook first, second;
  std::vector<budget_hook*> resumed;
  const auto resume = [&](budget_hook& h) { resumed.push_back(&h); };
  budget.take(500);
  EXPECT_FALSE(budget.may_read(first, 0, 500));
  EXPECT_FALSE(budget.may_read(second, 0, 600));
  EXPECT_TRUE(budget.may_read(second, 0, 400));
  budget.give_back(1);
  budget.resume_waiting([](budget_hook&) { return false; }, resume);
  EXPECT_EQ(resumed, std::vector{&first});
  EXPECT_TRUE(budget.has_waiting());
}

}  // namespace
}  // namespace jackdaw::net
