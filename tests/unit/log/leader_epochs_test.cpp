#include "jackdaw/log/leader_epochs.hpp"

#include <gmock/gmock.h>

namespace jackdaw::log {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

leader_epoch e(int n) { return leader_epoch{n}; }
epoch_start at(int epoch, int start) { return {e(epoch), offset{start}}; }

leader_epochs sample() {
  leader_epochs epochs;
  epochs.assign(e(2), offset{0});
  epochs.assign(e(4), offset{10});
  epochs.assign(e(7), offset{25});
  return epochs;
}

TEST(leader_epochs_test, an_epoch_ends_where_the_next_begins) {
  const auto epochs = sample();
  EXPECT_EQ(epochs.end_offset_for(e(2), offset{40}), (epoch_end{e(2), offset{10}}));
  EXPECT_EQ(epochs.end_offset_for(e(4), offset{40}), (epoch_end{e(4), offset{25}}));
  EXPECT_EQ(epochs.end_offset_for(e(7), offset{40}), (epoch_end{e(7), offset{40}}));
}

TEST(leader_epochs_test, an_unknown_epoch_is_answered_by_the_largest_below_it) {
  const auto epochs = sample();
  EXPECT_EQ(epochs.end_offset_for(e(5), offset{40}), (epoch_end{e(4), offset{25}}));
  EXPECT_EQ(epochs.end_offset_for(e(1), offset{40}), (epoch_end{e(1), offset{0}}));
  EXPECT_EQ(epochs.end_offset_for(e(8), offset{40}), (epoch_end{leader_epoch{-1}, no_offset}));
  EXPECT_EQ(epochs.end_offset_for(e(-1), offset{40}), (epoch_end{leader_epoch{-1}, no_offset}));
  EXPECT_EQ(leader_epochs{}.end_offset_for(e(0), offset{0}), (epoch_end{leader_epoch{-1}, no_offset}));
}

TEST(leader_epochs_test, assigning_again_changes_nothing) {
  auto epochs = sample();
  EXPECT_FALSE(epochs.assign(e(7), offset{30}));
  EXPECT_EQ(epochs, sample());
}

TEST(leader_epochs_test, assigning_drops_what_contradicts) {
  auto epochs = sample();
  EXPECT_TRUE(epochs.assign(e(9), offset{10}));
  EXPECT_THAT(epochs.entries(), ElementsAre(at(2, 0), at(9, 10)));
}

TEST(leader_epochs_test, knows_the_epoch_of_an_offset) {
  const auto epochs = sample();
  EXPECT_EQ(epochs.epoch_at(offset{0}), e(2));
  EXPECT_EQ(epochs.epoch_at(offset{24}), e(4));
  EXPECT_EQ(epochs.epoch_at(offset{25}), e(7));
  EXPECT_EQ(leader_epochs{}.epoch_at(offset{1}), std::nullopt);
}

TEST(leader_epochs_test, truncates_at_both_ends) {
  auto epochs = sample();
  EXPECT_FALSE(epochs.truncate_from_end(offset{26}));
  EXPECT_TRUE(epochs.truncate_from_end(offset{25}));
  EXPECT_THAT(epochs.entries(), ElementsAre(at(2, 0), at(4, 10)));
  EXPECT_FALSE(epochs.truncate_from_start(offset{0}));
  EXPECT_TRUE(epochs.truncate_from_start(offset{12}));
  EXPECT_THAT(epochs.entries(), ElementsAre(at(4, 12)));
  EXPECT_TRUE(epochs.truncate_from_end(offset{0}));
  EXPECT_THAT(epochs.entries(), IsEmpty());
}

TEST(leader_epochs_test, its_file_is_kafkas) {
  const auto epochs = sample();
  EXPECT_EQ(epochs.encode(), "0\n3\n2 0\n4 10\n7 25\n");
  EXPECT_EQ(leader_epochs::decode(epochs.encode()).value(), epochs);
  EXPECT_EQ(leader_epochs::decode("0\n0\n").value(), leader_epochs{});
  for (const char* damaged :
       {"", "1\n0\n", "0\n1\n", "0\n1\n2\n", "0\n1\n2 x\n", "0\n2\n2 0\n2 5\n", "0\n1\n2 0\n3 1\n"}) {
    EXPECT_FALSE(leader_epochs::decode(damaged)) << damaged;
  }
}

}  // namespace
}  // namespace jackdaw::log
