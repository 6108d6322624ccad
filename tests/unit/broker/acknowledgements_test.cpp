// What an acknowledgement promises: nothing that is acknowledged can be lost, whatever waits and whatever fails.
#include "broker_fixture.hpp"

namespace jackdaw::testing {
namespace {

using values = std::vector<std::string>;

class acknowledgements : public broker_test {
 protected:
  using answer_ptr = std::shared_ptr<test_broker::answer>;

  answer_ptr send(test_broker& b, std::string_view value, const producer& p = {}, std::int16_t acks = -1,
                  std::int32_t partition = 0) {
    return send_produce(b, b.connection(), "t", partition, batch(b, {std::string(value)}, p), acks);
  }
  produced row_of(test_broker& b, const answer_ptr& answer) {
    const auto decoded = b.decode<protocol::produce_response>(answer, produce_version);
    if (decoded.responses.size() == 1 && decoded.responses[0].partition_responses.size() == 1)
      return decoded.responses[0].partition_responses[0];
    ADD_FAILURE() << "the answer has not one row";
    return {};
  }
};

bool is_log_of(const std::string& path, std::string_view partition) {
  return path.find(std::string(partition) + '/') != std::string::npos && path.ends_with(".log");
}

// The kernel reports a failed sync once: the next one succeeds although the records of both are gone.
TEST_F(acknowledgements, a_round_after_a_failed_sync_acknowledges_nothing_before_the_repair) {
  test_broker b(1, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"before"}).error_code, error_code::none);
  b.hold_workers(0);
  const auto first = send(b, "first");
  const auto second = send(b, "second");
  ASSERT_FALSE(first->arrived || second->arrived);
  bool has_failed = false;
  b.disk->set_fault_hook([&](disk_operation what, const std::string& path) -> std::optional<errc> {
    if (!is_log_of(path, "t-0")) return std::nullopt;
    if (what == disk_operation::sync && !std::exchange(has_failed, true)) return errc::io;
    if (what == disk_operation::read && has_failed) return errc::io;  // nor can it be repaired yet
    return std::nullopt;
  });
  b.release_workers();
  b.disk->set_fault_hook(nullptr);
  EXPECT_TRUE(has_failed);
  EXPECT_EQ(row_of(b, first).error_code, error_code::kafka_storage_error);
  EXPECT_EQ(row_of(b, second).error_code, error_code::kafka_storage_error);
  EXPECT_EQ(produce(b, "t", 0, {"third"}).error_code, error_code::kafka_storage_error) << "not repaired yet";
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0), values{"0:before"});
}

TEST_F(acknowledgements, no_round_syncs_a_log_while_it_is_repaired_and_writes_go_on_after_it) {
  test_broker b(1, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  b.hold_workers(0);
  const auto first = send(b, "first");
  const auto second = send(b, "second");
  b.disk->set_syncs_fail(true);
  b.release_workers();
  EXPECT_EQ(row_of(b, first).error_code, error_code::kafka_storage_error);
  EXPECT_EQ(row_of(b, second).error_code, error_code::kafka_storage_error);
  b.disk->set_syncs_fail(false);
  b.advance(1000);
  const auto repaired = b.disk->operations(disk_operation::sync);
  EXPECT_EQ(produce(b, "t", 1, {"other"}).error_code, error_code::none);
  EXPECT_EQ(produce(b, "t", 0, {"third"}).error_code, error_code::none);
  EXPECT_GT(b.disk->operations(disk_operation::sync), repaired);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0).back().substr(2), "third");
}

TEST_F(acknowledgements, a_duplicate_waits_for_the_sync_that_its_original_waits_for) {
  test_broker b(1, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const producer p{producer_id{7}, producer_epoch{0}, 0};
  b.hold_workers(0);
  const auto original = send(b, "x", p);
  const auto duplicate = send(b, "x", p);
  const auto unreplicated = send(b, "x", p, 1);
  EXPECT_FALSE(original->arrived);
  EXPECT_FALSE(duplicate->arrived) << "a power cut now loses it";
  EXPECT_FALSE(unreplicated->arrived);
  b.release_workers();
  for (const auto& answer : {original, duplicate, unreplicated}) {
    EXPECT_EQ(row_of(b, answer).error_code, error_code::none);
    EXPECT_EQ(row_of(b, answer).base_offset, offset{0});
  }
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0), values{"0:x"});
}

TEST_F(acknowledgements, a_duplicate_of_what_a_failed_sync_lost_is_not_acknowledged) {
  test_broker b(1, {"log.flush.interval.messages=1"});
  ASSERT_EQ(create_topic(b, "t"), error_code::none);
  const producer p{producer_id{7}, producer_epoch{0}, 0};
  b.hold_workers(0);
  const auto original = send(b, "x", p);
  const auto duplicate = send(b, "x", p);
  b.disk->set_syncs_fail(true);
  b.release_workers();
  EXPECT_EQ(row_of(b, original).error_code, error_code::kafka_storage_error);
  EXPECT_EQ(row_of(b, duplicate).error_code, error_code::kafka_storage_error);
  EXPECT_EQ(row_of(b, send(b, "x", p)).error_code, error_code::kafka_storage_error);
  b.disk->set_syncs_fail(false);
  b.advance(1000);
  EXPECT_EQ(row_of(b, send(b, "x", p)).error_code, error_code::none);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0), values{"0:x"});
}

// Half of what the disk wanted to know: a sync of one data directory that is slow holds up no other.
TEST_F(acknowledgements, one_data_directorys_syncs_do_not_wait_for_anothers) {
  test_broker b(1, {"log.flush.interval.messages=1", "log.dirs=/data,/data2"});
  ASSERT_EQ(create_topic(b, "t", 2), error_code::none);
  b.hold_workers(0);
  const auto one = send(b, "a", {}, -1, 0);
  const auto two = send(b, "a", {}, -1, 1);
  EXPECT_EQ(b.waiting_jobs(0), 2U) << "one round for each disk";
  const auto three = send(b, "b", {}, -1, 0);
  EXPECT_EQ(b.waiting_jobs(0), 2U) << "shared by all that come meanwhile";
  b.release_workers();
  for (const auto& answer : {one, two, three}) EXPECT_EQ(row_of(b, answer).error_code, error_code::none);
  b.crash(crash_kind::worst);
  b.start();
  EXPECT_EQ(read_all(b, "t", 0), (values{"0:a", "1:b"}));
  EXPECT_EQ(read_all(b, "t", 1), values{"0:a"});
}

}  // namespace
}  // namespace jackdaw::testing
