// Idempotent producers and transactions as the log keeps them (KIP-98).
#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {

using ::testing::ElementsAre;

class producer_test : public log_fixture {
 protected:
  append_outcome send(std::int32_t sequence, int count = 1, std::int16_t epoch = 0, bool transactional = false,
                      std::int64_t id = 7) {
    return append(make_batch(count, "s" + std::to_string(sequence) + "_", 1000,
                             from_producer(id, epoch, sequence, transactional)));
  }
  append_outcome end(bool commit, std::int16_t epoch = 0, std::int32_t coordinator = 0, std::int64_t id = 7) {
    return append(make_marker(id, epoch, commit, coordinator), append_origin::coordinator);
  }
};

TEST_F(producer_test, a_duplicate_among_the_last_five_is_answered_with_its_first_offset) {
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(send(i * 2, 2).ok());
  for (int i = 1; i < 6; ++i) {
    const auto again = send(i * 2, 2);
    EXPECT_TRUE(again.ok());
    EXPECT_TRUE(again.duplicate);
    EXPECT_EQ(again.base_offset.value(), i * 2);
    EXPECT_EQ(again.last_offset.value(), i * 2 + 1);
  }
  EXPECT_EQ(log->log_end_offset(), offset{12});
  EXPECT_EQ(send(0, 2).error, append_error::out_of_order_sequence_number) << "the sixth from the end is forgotten";
}

TEST_F(producer_test, a_gap_is_out_of_order) {
  ASSERT_TRUE(send(0).ok());
  EXPECT_EQ(send(2).error, append_error::out_of_order_sequence_number);
  EXPECT_TRUE(send(1).ok());
}

TEST_F(producer_test, a_batch_that_overlaps_a_known_one_is_out_of_order) {
  ASSERT_TRUE(send(0, 3).ok());
  EXPECT_EQ(send(0, 2).error, append_error::out_of_order_sequence_number);
  EXPECT_EQ(send(2, 2).error, append_error::out_of_order_sequence_number);
}

TEST_F(producer_test, an_unknown_producer_may_begin_anywhere) { EXPECT_TRUE(send(42).ok()); }

TEST_F(producer_test, sequences_wrap) {
  ASSERT_TRUE(send(INT32_MAX - 1, 3).ok());
  const auto again = send(INT32_MAX - 1, 3);
  EXPECT_TRUE(again.duplicate);
  EXPECT_TRUE(send(1).ok());
}

TEST_F(producer_test, an_old_epoch_is_fenced_and_a_new_one_begins_at_zero) {
  ASSERT_TRUE(send(0, 1, 5).ok());
  EXPECT_EQ(send(1, 1, 4).error, append_error::invalid_producer_epoch);
  EXPECT_EQ(send(1, 1, 6).error, append_error::out_of_order_sequence_number);
  EXPECT_TRUE(send(0, 1, 6).ok());
  EXPECT_EQ(send(1, 1, 5).error, append_error::invalid_producer_epoch);
}

TEST_F(producer_test, a_producer_id_needs_a_sequence) {
  EXPECT_EQ(append(make_batch(1, "v", 1000, from_producer(7, 0, -1))).error, append_error::invalid_record);
}

TEST_F(producer_test, expires_after_a_while) {
  ASSERT_TRUE(send(0).ok());
  now.value += config.producer_id_expiration_ms - 1;
  log->expire_producers(now);
  EXPECT_EQ(log->producer_count(), 1u);
  now.value += 1;
  log->expire_producers(now);
  EXPECT_EQ(log->producer_count(), 0u);
  EXPECT_TRUE(send(17).ok());
}

TEST_F(producer_test, an_open_transaction_keeps_its_producer) {
  ASSERT_TRUE(send(0, 1, 0, true).ok());
  now.value += 2 * config.producer_id_expiration_ms;
  log->expire_producers(now);
  EXPECT_EQ(log->producer_count(), 1u);
}

TEST_F(producer_test, describes_them) {
  ASSERT_TRUE(send(0, 3, 2, true).ok());
  ASSERT_TRUE(send(5, 1, 1, false, 3).ok());
  const auto all = log->describe_producers();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].id, producer_id{3});
  EXPECT_EQ(all[0].last_sequence, 5);
  EXPECT_EQ(all[0].transaction_start, no_offset);
  EXPECT_EQ(all[1].id, producer_id{7});
  EXPECT_EQ(all[1].epoch, producer_epoch{2});
  EXPECT_EQ(all[1].last_sequence, 2);
  EXPECT_EQ(all[1].last_timestamp.value, 1000);
  EXPECT_EQ(all[1].coordinator_epoch, -1);
  EXPECT_EQ(all[1].transaction_start, offset{0});
}

TEST_F(producer_test, all_five_duplicates_are_known_after_a_crash) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(send(i).ok());
  disk.crash(crash_kind::process);
  open();
  for (int i = 2; i < 7; ++i) {
    const auto again = send(i);
    EXPECT_TRUE(again.duplicate) << i;
    EXPECT_EQ(again.base_offset.value(), i);
  }
  EXPECT_TRUE(send(7).ok());
}

TEST_F(producer_test, all_five_duplicates_are_known_after_a_clean_restart) {
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(send(i).ok());
  close();
  open(false, true);
  EXPECT_EQ(log->producer_count(), 1u);
  for (int i = 2; i < 7; ++i) EXPECT_TRUE(send(i).duplicate) << i;
  EXPECT_TRUE(send(7).ok());
}

// A snapshot has only each producer's last batch, so a crash soon after a roll made clients stop with
// OUT_OF_ORDER_SEQUENCE_NUMBER when they sent what was in flight again.
TEST_F(producer_test, duplicates_from_before_a_roll_are_known_after_a_crash) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(send(i).ok());
    if (i % 2 == 1) {
      ASSERT_TRUE(log->roll(now));
    }
  }
  disk.crash(crash_kind::process);
  open();
  for (int i = 2; i < 7; ++i) {
    const auto again = send(i);
    EXPECT_TRUE(again.duplicate) << i;
    EXPECT_EQ(again.base_offset.value(), i);
  }
  EXPECT_TRUE(send(7).ok());
}

TEST_F(producer_test, duplicates_from_before_a_roll_are_known_after_a_clean_restart) {
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(send(i).ok());
    if (i == 4) {
      ASSERT_TRUE(log->roll(now));
    }
  }
  close();
  open(false, true);
  for (int i = 2; i < 7; ++i) EXPECT_TRUE(send(i).duplicate) << i;
  EXPECT_TRUE(send(7).ok());
}

TEST_F(producer_test, a_snapshot_at_each_roll_shortens_the_replay) {
  ASSERT_TRUE(send(0).ok());
  ASSERT_TRUE(log->roll(now));
  ASSERT_TRUE(send(1).ok());
  EXPECT_TRUE(has_file("00000000000000000001.snapshot"));
  disk.crash(crash_kind::process);
  open();
  EXPECT_TRUE(send(1).duplicate);
  EXPECT_TRUE(send(0).duplicate);
  EXPECT_TRUE(send(2).ok());
}

TEST_F(producer_test, a_damaged_snapshot_is_replaced_by_replaying_the_log) {
  ASSERT_TRUE(send(0).ok());
  ASSERT_TRUE(send(1).ok());
  close();
  disk.flip_bit(dir + "/00000000000000000002.snapshot", 20, 3);
  open(false, true);
  EXPECT_TRUE(send(0).duplicate);
  EXPECT_TRUE(send(2).ok());
}

TEST_F(producer_test, truncation_takes_back_what_the_producer_wrote) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(send(i).ok());
  ASSERT_TRUE(log->truncate_to(offset{2}));
  EXPECT_EQ(send(3).error, append_error::out_of_order_sequence_number);
  EXPECT_TRUE(send(1).duplicate);
  EXPECT_TRUE(send(2).ok());
}

TEST_F(producer_test, an_open_transaction_holds_the_last_stable_offset_back) {
  put(2);
  EXPECT_EQ(log->last_stable_offset(offset{2}), offset{2});
  ASSERT_TRUE(send(0, 2, 0, true).ok());
  put(1);
  EXPECT_EQ(log->last_stable_offset(offset{5}), offset{2});
  EXPECT_EQ(log->last_stable_offset(offset{1}), offset{1});
  EXPECT_EQ(send(2).error, append_error::invalid_txn_state) << "outside the transaction";
  ASSERT_TRUE(end(true).ok());
  EXPECT_EQ(log->last_stable_offset(offset{5}), offset{2}) << "until the marker is replicated";
  log->high_watermark_moved(offset{6});
  EXPECT_EQ(log->last_stable_offset(offset{6}), offset{6});
}

TEST_F(producer_test, aborted_transactions_are_told_to_readers_across_restarts) {
  ASSERT_TRUE(send(0, 2, 0, true).ok());     // 0, 1
  ASSERT_TRUE(send(0, 1, 0, true, 8).ok());  // 2
  ASSERT_TRUE(end(false).ok());              // 3
  ASSERT_TRUE(end(true, 0, 0, 8).ok());      // 4
  ASSERT_TRUE(send(2, 1, 0, true).ok());     // 5
  ASSERT_TRUE(end(false).ok());              // 6
  const aborted_transaction first{producer_id{7}, offset{0}, offset{3}, offset{2}};
  const aborted_transaction second{producer_id{7}, offset{5}, offset{6}, offset{7}};
  const auto aborted = [&](std::int64_t from, std::int64_t to) {
    return log->aborted_transactions(offset{from}, offset{to}).value();
  };
  EXPECT_THAT(aborted(0, 7), ElementsAre(first, second));
  EXPECT_THAT(aborted(0, 5), ElementsAre(first));
  EXPECT_THAT(aborted(4, 7), ElementsAre(second));
  EXPECT_THAT(aborted(4, 5), ElementsAre());
  disk.crash(crash_kind::process);
  open();
  EXPECT_THAT(aborted(0, 7), ElementsAre(first, second));
  close();
  open(false, true);
  EXPECT_THAT(aborted(0, 7), ElementsAre(first, second));
  ASSERT_TRUE(log->truncate_to(offset{5}));
  EXPECT_THAT(aborted(0, 7), ElementsAre(first));
}

TEST_F(producer_test, markers_are_fenced_by_producer_and_coordinator_epoch) {
  ASSERT_TRUE(send(0, 1, 3, true).ok());
  EXPECT_EQ(end(true, 2).error, append_error::invalid_producer_epoch);
  ASSERT_TRUE(end(true, 3, 5).ok());
  EXPECT_EQ(end(true, 3, 4).error, append_error::transaction_coordinator_fenced);
  EXPECT_EQ(send(1, 1, 2).error, append_error::invalid_producer_epoch);
}

TEST_F(producer_test, a_marker_with_a_higher_epoch_starts_sequences_over) {
  ASSERT_TRUE(send(0, 1, 3, true).ok());
  ASSERT_TRUE(end(true, 4, 0).ok());
  EXPECT_EQ(send(1, 1, 4, true).error, append_error::out_of_order_sequence_number);
  EXPECT_TRUE(send(0, 1, 4, true).ok());
}

TEST_F(producer_test, an_abort_that_the_index_cannot_take_is_told_all_the_same) {
  ASSERT_TRUE(send(0, 1, 0, true).ok());
  disk.set_fault_hook([](disk_operation what, const std::string& path) -> std::optional<errc> {
    if (what == disk_operation::open && path.ends_with(".txnindex")) return errc::no_space;
    return std::nullopt;
  });
  ASSERT_TRUE(end(false).ok());
  EXPECT_EQ(log->aborted_transactions(offset{0}, offset{2})->size(), 1u);
  flush();
  EXPECT_EQ(log->recovery_point(), offset{0}) << "recovery must find it again";
  disk.set_fault_hook(nullptr);
  flush();
  EXPECT_EQ(log->recovery_point(), offset{2});
  EXPECT_TRUE(has_file("00000000000000000000.txnindex"));
}

}  // namespace jackdaw::log
