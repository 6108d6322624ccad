#include "jackdaw/replica/partition_follower.hpp"

#include <gtest/gtest.h>

namespace jackdaw::replica {
namespace {

using std::chrono::milliseconds;
using kind = follower_step::kind;
using outcome = fetch_result::outcome;

constexpr time_point first_look{std::chrono::seconds(1000)};
constexpr leader_epoch e4{4}, e5{5}, none{-1};

partition_follower make(std::int64_t start, std::int64_t end, leader_epoch last, std::int64_t hw = 0) {
  return partition_follower(e5, {offset{start}, offset{end}, last}, offset{hw}, milliseconds(100));
}
fetch_result records(std::int64_t end, std::int64_t hw, std::int64_t start = 0) {
  fetch_result r;
  r.records_end = offset{end};
  r.high_watermark = offset{hw};
  r.log_start = offset{start};
  return r;
}
follower_step fetch_from(std::int64_t at, leader_epoch last) { return {kind::fetch, offset{at}, last, {}}; }

TEST(partition_follower, fetches_behind_its_end_appends_and_reports_by_the_next_fetch) {
  auto f = make(0, 0, none);
  EXPECT_EQ(f.next(first_look), fetch_from(0, none));
  EXPECT_EQ(f.next(first_look).what, kind::wait) << "one step at a time";
  f.fetched(records(10, 7), first_look);
  EXPECT_EQ(f.high_watermark(), offset{0}) << "not before it has the records";
  EXPECT_EQ(f.next(first_look), (follower_step{kind::append, offset{10}, none, {}}));
  f.done({offset{0}, offset{10}, e5});
  EXPECT_EQ(f.high_watermark(), offset{7});
  EXPECT_EQ(f.next(first_look), fetch_from(10, e5));
  f.fetched(records(-1, 12), first_look);
  EXPECT_EQ(f.high_watermark(), offset{10}) << "no further than its end";
  EXPECT_EQ(f.next(first_look), fetch_from(10, e5));
  f.fetched(records(-1, 3), first_look);
  EXPECT_EQ(f.high_watermark(), offset{10}) << "never backwards";
}

TEST(partition_follower, cuts_what_the_leader_never_had_until_the_logs_agree) {
  auto f = make(0, 20, e4, 8);
  EXPECT_EQ(f.next(first_look), fetch_from(20, e4));
  fetch_result parted;
  parted.what = outcome::diverged;
  parted.diverged_at = offset{12};
  f.fetched(parted, first_look);
  EXPECT_EQ(f.next(first_look), (follower_step{kind::cut, offset{12}, none, {}}));
  f.done({offset{0}, offset{11}, leader_epoch{3}});
  EXPECT_EQ(f.high_watermark(), offset{8});
  EXPECT_EQ(f.next(first_look), fetch_from(11, leader_epoch{3})) << "it may part again, in an earlier epoch";
  parted.diverged_at = offset{11};
  f.fetched(parted, first_look);
  EXPECT_EQ(f.next(first_look).what, kind::pause) << "there is nothing to cut: asking at once would never end";
}

TEST(partition_follower, begins_anew_where_the_leaders_log_begins_when_its_own_ends_before) {
  auto f = make(0, 20, e4, 20);
  f.next(first_look);
  fetch_result gone;
  gone.what = outcome::out_of_range;
  gone.log_start = offset{50};
  gone.log_end = offset{90};
  f.fetched(gone, first_look);
  EXPECT_EQ(f.next(first_look), (follower_step{kind::restart, offset{50}, none, {}}));
  f.done({offset{50}, offset{50}, none});
  EXPECT_EQ(f.high_watermark(), offset{50});
  EXPECT_EQ(f.next(first_look), fetch_from(50, none));
}

TEST(partition_follower, cuts_to_the_leaders_end_after_an_unclean_election) {
  auto f = make(0, 20, e4, 20);
  f.next(first_look);
  fetch_result shorter;
  shorter.what = outcome::out_of_range;
  shorter.log_end = offset{15};
  f.fetched(shorter, first_look);
  EXPECT_EQ(f.next(first_look), (follower_step{kind::cut, offset{15}, none, {}}));
  f.done({offset{0}, offset{15}, e4});
  EXPECT_EQ(f.high_watermark(), offset{15});
}

TEST(partition_follower, pauses_after_errors_of_the_network_and_of_its_own_disk) {
  auto f = make(0, 5, e5);
  f.next(first_look);
  fetch_result lost;
  lost.what = outcome::failed;
  f.fetched(lost, first_look);
  EXPECT_EQ(f.next(first_look), (follower_step{kind::pause, no_offset, none, first_look + milliseconds(100)}));
  EXPECT_EQ(f.next(first_look + milliseconds(100)), fetch_from(5, e5));
  f.fetched(records(9, 9), first_look);
  f.next(first_look);
  f.failed(first_look);
  EXPECT_EQ(f.next(first_look).what, kind::pause);
  EXPECT_EQ(f.next(first_look + milliseconds(100)), fetch_from(5, e5)) << "it has none of it";
}

TEST(partition_follower, waits_for_the_clusters_state_when_the_leader_knows_another_epoch) {
  auto f = make(0, 5, e5);
  f.next(first_look);
  fetch_result fenced;
  fenced.what = outcome::other_epoch;
  f.fetched(fenced, first_look);
  EXPECT_EQ(f.next(first_look).what, kind::new_role);
  EXPECT_EQ(f.next(first_look + std::chrono::hours(1)).what, kind::new_role);
}

TEST(partition_follower, says_where_its_log_should_begin_once_it_reaches_there) {
  auto f = make(0, 5, e5);
  f.next(first_look);
  f.fetched(records(30, 30, 20), first_look);
  EXPECT_EQ(f.wanted_log_start(), std::nullopt);
  f.next(first_look);
  f.done({offset{0}, offset{30}, e5});
  EXPECT_EQ(f.wanted_log_start(), offset{20});
}

}  // namespace
}  // namespace jackdaw::replica
