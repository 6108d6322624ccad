// Raft's state on a disk that crashes, fills up and fails.
#include "quorum/raft_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "jackdaw/metadata/image_builder.hpp"
#include "quorum/raft_snapshot.hpp"
#include "support/sim_disk.hpp"

namespace jackdaw::broker {
namespace {

using raft::entry;
using testing::crash_kind;
using testing::sim_disk;

const std::string directory = "/data/__cluster_metadata-0";
constexpr timestamp_ms now{1'700'000'000'000};

entry make(std::int64_t index, std::int64_t term, std::string_view text = "x",
           raft::entry_kind kind = raft::entry_kind::data) {
  return {raft_index{index}, raft_term{term}, kind, raft::make_payload(as_bytes(text))};
}

class raft_log_test : public ::testing::Test {
 protected:
  raft_log_test() {
    voters_.voters.push_back({broker_id{1}, {1, 2}, "host", 9093});
    EXPECT_TRUE(disk_.create_directories("/data"));
    EXPECT_TRUE(disk_.sync_directory("/"));
    open();
  }

  raft_log::open_options options() const { return {directory, false, segment_bytes_, now, voters_}; }
  // As at the start of a process.
  void open() {
    log_.reset();
    found_ = {};
    auto opened = raft_log::open(disk_, options(), found_);
    ASSERT_TRUE(opened) << to_string(opened.error());
    log_ = std::move(*opened);
  }
  void crash(crash_kind kind) {
    disk_.crash(kind);
    open();
  }
  result<void> write(std::vector<entry> entries, std::optional<raft::hard_state> state = {}) {
    raft::ready r;
    r.append = std::move(entries);
    r.hard_state = state;
    return log_->write(r, now);
  }
  void sync() {
    const auto job = log_->prepare_sync();
    ASSERT_TRUE(job.run(disk_));
    log_->sync_done(job);
  }
  raft_index last() const { return found_.state.log.last_index(); }
  std::string text(std::int64_t index) {
    const auto read = log_->entries(raft_index{index}, raft_index{index}, 1);
    if (!read || read->empty()) return read ? "nothing" : to_string(read.error());
    return std::string(as_text(read->front().bytes()));
  }

  std::size_t segments() {
    const auto entries = disk_.list(directory);
    return static_cast<std::size_t>(
        std::count_if(entries->begin(), entries->end(), [](const auto& e) { return e.name.ends_with(".log"); }));
  }

  sim_disk disk_{5};
  std::int32_t segment_bytes_ = 1 << 20;
  raft::voter_set voters_;
  raft_log::restored found_;
  std::unique_ptr<raft_log> log_;
};

TEST_F(raft_log_test, an_empty_directory_is_the_beginning) {
  EXPECT_EQ(last(), raft_index{0});
  EXPECT_EQ(found_.state.hard_state, raft::hard_state{});
  EXPECT_EQ(found_.state.snapshot.voters, voters_);
  EXPECT_EQ(found_.image->topic_count(), 0u);
}

TEST_F(raft_log_test, what_was_synced_survives_the_worst_crash) {
  ASSERT_TRUE(write({make(1, 3, "", raft::entry_kind::no_op), make(2, 3, "two")},
                    raft::hard_state{raft_term{3}, broker_id{1}}));
  sync();
  ASSERT_TRUE(write({make(3, 3, "lost")}));
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{2});
  EXPECT_EQ(found_.state.hard_state, (raft::hard_state{raft_term{3}, broker_id{1}}));
  const auto read = log_->entries(raft_index{1}, raft_index{2}, 1 << 20);
  ASSERT_TRUE(read) << to_string(read.error());
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->front().kind, raft::entry_kind::no_op);
  EXPECT_EQ(read->back().term, raft_term{3});
  EXPECT_EQ(text(2), "two");
}

TEST_F(raft_log_test, what_a_killed_process_left_is_durable_once_it_is_read_back) {
  ASSERT_TRUE(write({make(1, 1, "one")}));
  crash(crash_kind::process);
  EXPECT_EQ(last(), raft_index{1});
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{1}) << "raft may have acknowledged it meanwhile";
}

TEST_F(raft_log_test, an_entry_that_came_before_its_term_was_saved_brings_the_term) {
  ASSERT_TRUE(write({make(1, 4)}));
  sync();
  crash(crash_kind::worst);
  EXPECT_EQ(found_.state.hard_state, (raft::hard_state{raft_term{4}, broker_id{}}));
}

TEST_F(raft_log_test, truncation_makes_room_for_another_terms_entries) {
  ASSERT_TRUE(write({make(1, 1, "a"), make(2, 1, "b"), make(3, 1, "c")}));
  sync();
  raft::ready r;
  r.truncate_from = raft_index{2};
  r.append = {make(2, 2, "B"), make(3, 3, "C")};
  ASSERT_TRUE(log_->write(r, now));
  sync();
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{3});
  EXPECT_EQ(text(1) + text(2) + text(3), "aBC");
  ASSERT_EQ(found_.state.log.terms().size(), 3u);
  EXPECT_EQ(found_.state.log.terms()[1].first, raft_index{2});
}

TEST_F(raft_log_test, entries_come_in_pieces_of_the_size_asked_for) {
  std::vector<entry> entries;
  for (int i = 1; i <= 100; ++i) entries.push_back(make(i, 1, std::string(100, 'x')));
  ASSERT_TRUE(write(entries));
  const auto some = log_->entries(raft_index{10}, raft_index{100}, 1000);
  ASSERT_TRUE(some);
  EXPECT_EQ(some->front().index, raft_index{10});
  EXPECT_GT(some->size(), 1u);
  EXPECT_LT(some->size(), 10u);
  EXPECT_EQ(log_->entries(raft_index{20}, raft_index{22}, 1 << 20)->size(), 3u);
}

metadata::image_ptr some_image(std::int64_t index, std::int64_t term) {
  metadata::image_builder b(metadata::image::empty());
  for (std::uint64_t t = 1; t <= 700; ++t) {
    EXPECT_TRUE(b.apply(metadata::topic_created{"topic-" + std::to_string(t), {t, t}}));
    metadata::partition_state s;
    s.replicas = s.isr = {broker_id{1}};
    s.leader = broker_id{1};
    EXPECT_TRUE(b.apply(metadata::partition_created{{t, t}, partition_id{0}, s}));
  }
  return b.finish({raft_index{index}, raft_term{term}}).after;
}

TEST_F(raft_log_test, starts_from_the_snapshot_and_what_follows_it) {
  ASSERT_TRUE(write({make(1, 1), make(2, 1), make(3, 2, "three"), make(4, 2, "four")}));
  sync();
  raft::snapshot_info info{{raft_index{3}, raft_term{2}}, voters_};
  info.voters.voters.push_back({broker_id{2}, {}, "other", 1});
  const auto image = some_image(3, 2);
  ASSERT_TRUE(write_snapshot(disk_, directory, *image, {}, info));
  crash(crash_kind::worst);
  EXPECT_TRUE(*found_.image == *image);
  EXPECT_EQ(found_.state.snapshot, info);
  EXPECT_EQ(found_.state.log.base(), (raft::log_position{raft_index{3}, raft_term{2}}));
  EXPECT_EQ(last(), raft_index{4});
}

TEST_F(raft_log_test, only_the_newest_snapshot_stays) {
  for (std::int64_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(write({make(i, 1)}));
    const auto image = some_image(i, 1);
    ASSERT_TRUE(write_snapshot(disk_, directory, *image, {}, {{raft_index{i}, raft_term{1}}, voters_}));
    ASSERT_TRUE(remove_old_snapshots(disk_, directory));
  }
  std::vector<std::string> names;
  for (const auto& e : *disk_.list(directory)) {
    if (e.name.ends_with(".checkpoint")) names.push_back(e.name);
  }
  EXPECT_EQ(names, std::vector<std::string>{"00000000000000000003-0000000001.checkpoint"});
}

TEST_F(raft_log_test, a_snapshot_beyond_the_log_replaces_it) {
  ASSERT_TRUE(write({make(1, 1), make(2, 1)}));
  sync();
  ASSERT_TRUE(write_snapshot(disk_, directory, *some_image(9, 4), {}, {{raft_index{9}, raft_term{4}}, voters_}));
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{9});
  ASSERT_TRUE(write({make(10, 4, "ten")}));
  sync();
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{10});
  EXPECT_EQ(text(10), "ten");
}

TEST_F(raft_log_test, a_snapshot_that_contradicts_the_log_replaces_it) {
  // Five entries of term 1 that nobody else has; the leader's entry 3 is of term 2.
  ASSERT_TRUE(write({make(1, 1), make(2, 1), make(3, 1), make(4, 1), make(5, 1)}));
  sync();
  ASSERT_TRUE(write_snapshot(disk_, directory, *some_image(3, 2), {}, {{raft_index{3}, raft_term{2}}, voters_}));
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{3});
}

TEST_F(raft_log_test, a_damaged_snapshot_is_an_error_that_names_it) {
  ASSERT_TRUE(write({make(1, 1)}));
  ASSERT_TRUE(write_snapshot(disk_, directory, *some_image(1, 1), {}, {{raft_index{1}, raft_term{1}}, voters_}));
  disk_.flip_bit(directory + "/00000000000000000001-0000000001.checkpoint", 500, 3);
  log_.reset();
  raft_log::restored found;
  const auto opened = raft_log::open(disk_, options(), found);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, errc::corrupt);
  EXPECT_NE(opened.error().detail.find("00000000000000000001-0000000001.checkpoint"), std::string::npos);
}

TEST_F(raft_log_test, a_damaged_vote_is_an_error) {
  ASSERT_TRUE(write({}, raft::hard_state{raft_term{3}, broker_id{1}}));
  sync();
  disk_.flip_bit(directory + "/quorum-state", 10, 6);
  log_.reset();
  raft_log::restored found;
  EXPECT_EQ(raft_log::open(disk_, options(), found).error().code, errc::corrupt);
}

TEST_F(raft_log_test, after_a_full_disk_the_rest_is_written_in_order) {
  ASSERT_TRUE(write({make(1, 1, "one")}));
  sync();
  disk_.set_capacity_bytes(disk_.used_bytes() + 200);
  const auto full = write({make(2, 1, std::string(500'000, 'a')), make(3, 1, "three")});
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, errc::no_space);
  EXPECT_FALSE(write({make(4, 2, "four")})) << "it waits behind the others";
  EXPECT_FALSE(log_->write_rest(now));
  disk_.set_capacity_bytes(UINT64_MAX);
  ASSERT_TRUE(log_->write_rest(now));
  sync();
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{4});
  EXPECT_EQ(text(1) + text(3) + text(4), "onethreefour");
}

TEST_F(raft_log_test, after_a_failed_sync_everything_is_synced_again) {
  ASSERT_TRUE(write({make(1, 1, "one")}, raft::hard_state{raft_term{1}, broker_id{1}}));
  disk_.set_syncs_fail(true);
  const auto job = log_->prepare_sync();
  const auto failed = job.run(disk_);
  ASSERT_FALSE(failed);
  log_->sync_failed(job, failed.error());
  disk_.set_syncs_fail(false);
  if (log_->needs_repair()) {
    const auto repair = log_->prepare_repair();
    ASSERT_TRUE(repair);
    const auto outcome = repair->run(disk_);
    ASSERT_TRUE(outcome) << to_string(outcome.error());
    ASSERT_TRUE(log_->repair_done(*repair, *outcome));
  }
  sync();
  crash(crash_kind::worst);
  EXPECT_EQ(last(), raft_index{1});
  EXPECT_EQ(found_.state.hard_state.voted_for, broker_id{1});
}

TEST_F(raft_log_test, entries_that_a_snapshot_covers_go_by_segments) {
  std::int64_t index = 0;
  for (int i = 0; i < 70; ++i) {
    ASSERT_TRUE(write({make(++index, 1, std::string(1 << 20, 'x'))}));
    sync();
  }
  const auto before = log_->size_bytes();
  log_->drop_before(raft_index{index}, now);
  EXPECT_LT(log_->size_bytes(), before / 2);
  EXPECT_EQ(text(index).size(), 1U << 20);
}

TEST_F(raft_log_test, a_segment_has_at_most_the_bytes_it_may_and_a_larger_entry_its_own) {
  segment_bytes_ = 1000;
  open();
  const std::string large(5000, 'l');
  for (std::int64_t i = 1; i <= 8; ++i) ASSERT_TRUE(write({make(i, 1, std::string(200, 'x'))}));
  EXPECT_EQ(segments(), 3U) << "three entries in each";
  ASSERT_TRUE(write({make(9, 1, large)}));
  EXPECT_EQ(segments(), 4U);
  ASSERT_TRUE(write({make(10, 1, "small")}));
  EXPECT_EQ(segments(), 5U);
  sync();
  crash(crash_kind::power);
  EXPECT_EQ(last(), raft_index{10});
  EXPECT_EQ(text(9), large);
  EXPECT_EQ(text(10), "small");
}

}  // namespace
}  // namespace jackdaw::broker
