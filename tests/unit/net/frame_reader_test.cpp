#include "../../../src/net/frame_reader.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "../../../src/net/memory_budget.hpp"
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
  EXPECT_TRUE(budget.may_read(outside));
  budget.take(100);
  EXPECT_FALSE(budget.may_read(outside));
  EXPECT_FALSE(budget.may_read(inside));
  EXPECT_FALSE(budget.may_read(inside));
  EXPECT_FALSE(budget.may_read(other));
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed, std::vector{&inside});
  EXPECT_TRUE(budget.may_read(inside));
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed.size(), 1u) << "one at a time";
  budget.end_exemption(inside);
  EXPECT_FALSE(budget.may_read(inside));
  budget.forget(other);
  budget.give_back(1);
  budget.resume_waiting(is_inside, resume);
  EXPECT_EQ(resumed, (std::vector{&inside, &outside, &inside}));
  EXPECT_FALSE(budget.has_waiting());
}

}  // namespace
}  // namespace jackdaw::net
