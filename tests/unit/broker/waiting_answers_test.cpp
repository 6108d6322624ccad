// Places of those who wait for the coordinator: each is answered once, and a place is used again.
#include "quorum/waiting_answers.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace jackdaw::broker {
namespace {

using coordinator::rows_answer;

TEST(waiting_answers, a_place_that_is_free_again_has_another_name_and_what_is_called_may_take_it) {
  waiting_answers waiting;
  std::vector<int> told;
  coordinator::waiter second = coordinator::no_waiter;
  const auto first = waiting.add<rows_answer>([&](const rows_answer&) {
    told.push_back(1);
    second = waiting.add<rows_answer>([&](const rows_answer&) { told.push_back(2); });
  });
  EXPECT_NE(first, coordinator::no_waiter);
  EXPECT_NE(static_cast<std::uint32_t>(first), 0u) << "nor once its count of turns has gone round";
  waiting.answer(first, rows_answer{});
  EXPECT_EQ(waiting.size(), 1u);
  EXPECT_EQ(static_cast<std::uint32_t>(second), static_cast<std::uint32_t>(first));
  EXPECT_NE(second, first);
  waiting.answer(second, rows_answer{});
  EXPECT_EQ(told, (std::vector{1, 2}));
  EXPECT_EQ(waiting.size(), 0u);
  EXPECT_DEATH(waiting.answer(second, rows_answer{}), "");
  EXPECT_DEATH(waiting.answer(first, rows_answer{}), "");
}

}  // namespace
}  // namespace jackdaw::broker
