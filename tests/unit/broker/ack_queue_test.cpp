#include "partitions/ack_queue.hpp"

#include <gtest/gtest.h>

namespace jackdaw::broker {
namespace {

std::shared_ptr<waiting_append> append_of(std::size_t items) {
  auto a = std::make_shared<waiting_append>();
  a->job = std::make_unique<append_job>();
  a->job->items.resize(items);
  a->left = items;
  return a;
}

std::vector<std::int64_t> ends(const std::vector<ack_queue::waiter>& waiters) {
  std::vector<std::int64_t> out;
  for (const auto& w : waiters) out.push_back(w.end.value());
  return out;
}

TEST(ack_queue, gives_those_whose_offset_is_reached_in_order_and_keeps_the_rest) {
  ack_queue q;
  const auto a = append_of(4);
  for (const int end : {2, 5, 9}) q.add({a, 0, offset{end}});
  q.add({a, 3, offset{5}});  // a duplicate
  std::vector<ack_queue::waiter> out;
  q.take_up_to(offset{1}, out);
  EXPECT_TRUE(out.empty());
  q.take_up_to(offset{5}, out);
  EXPECT_EQ(ends(out), (std::vector<std::int64_t>{2, 5, 5}));
  EXPECT_EQ(out[2].item, 3U) << "behind its original";
  EXPECT_EQ(q.size(), 1U);
  q.take_all(out);
  EXPECT_EQ(ends(out), (std::vector<std::int64_t>{2, 5, 5, 9}));
  EXPECT_TRUE(q.is_empty());
}

TEST(ack_queue, gives_up_those_of_one_job_and_leaves_others_in_their_order) {
  ack_queue q;
  const auto a = append_of(2);
  const auto b = append_of(2);
  q.add({a, 0, offset{1}});
  q.add({b, 0, offset{2}});
  q.add({a, 1, offset{3}});
  q.add({b, 1, offset{4}});
  std::vector<ack_queue::waiter> out;
  q.take(a.get(), out);
  EXPECT_EQ(ends(out), (std::vector<std::int64_t>{1, 3}));
  out.clear();
  q.take_all(out);
  EXPECT_EQ(ends(out), (std::vector<std::int64_t>{2, 4}));
}

}  // namespace
}  // namespace jackdaw::broker
