#include "jackdaw/net/mailbox.hpp"

#include <gtest/gtest.h>

#include <semaphore>
#include <thread>

namespace jackdaw::net {
namespace {

TEST(mailbox, letters_arrive_in_the_order_sent) {
  mailbox<int> box;
  EXPECT_FALSE(box.send({1, 2}));
  EXPECT_FALSE(box.send({3}));
  EXPECT_FALSE(box.send({}));
  std::vector<int> got;
  EXPECT_EQ(box.receive([&](int n) { got.push_back(n); }), 3u);
  EXPECT_EQ(got, (std::vector{1, 2, 3}));
  EXPECT_EQ(box.receive([&](int) { FAIL(); }), 0u);
}

TEST(mailbox, only_the_first_sender_after_falling_asleep_wakes) {
  mailbox<int> box;
  EXPECT_TRUE(box.fall_asleep());
  EXPECT_TRUE(box.send({1}));
  EXPECT_FALSE(box.send({2}));
  box.wake_up();
  EXPECT_FALSE(box.fall_asleep()) << "letters are there";
  EXPECT_FALSE(box.send({3})) << "awake";
  EXPECT_EQ(box.receive([](int) {}), 3u);
  EXPECT_TRUE(box.fall_asleep());
}

TEST(mailbox, letters_nobody_took_go_with_it) {
  auto counted = std::make_shared<int>();
  {
    mailbox<std::shared_ptr<int>> box;
    EXPECT_FALSE(box.send({counted, counted}));
    EXPECT_EQ(counted.use_count(), 3);
  }
  EXPECT_EQ(counted.use_count(), 1);
}

// Each sender's letters in order, none lost, none twice, and no wake-up missed: a missed one hangs the receiver.
TEST(mailbox, many_senders_and_a_receiver_that_sleeps) {
  constexpr int senders = 4;
  constexpr int letters = 20000;
  mailbox<std::pair<int, int>> box;
  std::counting_semaphore<> bell(0);
  std::vector<std::thread> threads;
  for (int s = 0; s < senders; ++s) {
    threads.emplace_back([&, s] {
      for (int n = 0; n < letters;) {
        std::vector<std::pair<int, int>> bundle;
        for (int i = 0; i <= n % 3 && n < letters; ++i) bundle.emplace_back(s, n++);
        if (box.send(std::move(bundle))) bell.release();
      }
    });
  }
  std::vector<int> next(senders, 0);
  int total = 0;
  while (total < senders * letters) {
    if (box.fall_asleep()) bell.acquire();
    box.wake_up();
    box.receive([&](const std::pair<int, int>& letter) {
      EXPECT_EQ(letter.second, next[static_cast<std::size_t>(letter.first)]++);
      ++total;
    });
  }
  for (auto& t : threads) t.join();
  EXPECT_EQ(total, senders * letters);
}

}  // namespace
}  // namespace jackdaw::net
