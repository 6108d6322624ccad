#include <gmock/gmock.h>

#include "log_fixture.hpp"

namespace jackdaw::log {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class append_test : public log_fixture {};

TEST_F(append_test, gives_offsets_and_reads_them_back) {
  EXPECT_EQ(put(2, "a"), 0);
  EXPECT_EQ(put(3, "b"), 2);
  EXPECT_EQ(log->log_end_offset(), offset{5});
  EXPECT_THAT(read_all(),
              ElementsAre(read_record{0, "a0", 1000}, read_record{1, "a1", 1000}, read_record{2, "b0", 1000},
                          read_record{3, "b1", 1000}, read_record{4, "b2", 1000}));
}

TEST_F(append_test, stores_the_leader_epoch_in_the_batch) {
  put(1, "a", 1000, 7);
  const auto bytes = bytes_of(read(0));
  EXPECT_EQ(protocol::batch_view(bytes).leader_epoch(), leader_epoch{7});
  EXPECT_EQ(log->epochs().latest(), leader_epoch{7});
}

TEST_F(append_test, an_empty_log_has_only_its_metadata_file_and_nothing_open) {
  EXPECT_THAT(files(), ElementsAre("partition.metadata"));
  EXPECT_EQ(disk.open_files(), 0u);
  EXPECT_EQ(log->segment_count(), 0u);
}

TEST_F(append_test, an_empty_log_takes_few_bytes) { EXPECT_LT(sizeof(partition_log), 512u); }

TEST_F(append_test, refuses_a_wrong_checksum) {
  auto batch = make_batch(1);
  batch.back() ^= std::byte{1};
  const auto out = append(batch);
  EXPECT_EQ(out.error, append_error::corrupt_message);
  EXPECT_EQ(log->log_end_offset(), offset{0});
  EXPECT_THAT(files(), ElementsAre("partition.metadata"));
}

TEST_F(append_test, refuses_no_batch_and_two_batches) {
  EXPECT_EQ(append({}).error, append_error::invalid_record);
  auto two = make_batch(1);
  const auto second = make_batch(1);
  two.insert(two.end(), second.begin(), second.end());
  EXPECT_EQ(append(two).error, append_error::invalid_record);
}

TEST_F(append_test, refuses_an_older_format) {
  auto batch = make_batch(1);
  batch[protocol::batch_field::magic] = std::byte{1};
  EXPECT_EQ(append(batch).error, append_error::invalid_record);
}

TEST_F(append_test, refuses_a_control_batch_of_a_client_and_takes_it_of_the_coordinator) {
  EXPECT_EQ(append(make_marker(1, 0, true)).error, append_error::invalid_record);
  EXPECT_TRUE(append(make_marker(1, 0, true), append_origin::coordinator).ok());
}

TEST_F(append_test, refuses_a_base_offset_other_than_zero) {
  protocol::batch_options options;
  options.base_offset = offset{5};
  EXPECT_EQ(append(make_batch(1, "v", 1000, options)).error, append_error::invalid_record);
}

TEST_F(append_test, refuses_what_is_larger_than_max_message_bytes) {
  config.max_message_bytes = 100;
  reconfigure();
  EXPECT_EQ(append(make_batch(10)).error, append_error::message_too_large);
  EXPECT_TRUE(append(make_batch(1)).ok());
}

TEST_F(append_test, refuses_a_small_batch_that_unpacks_to_very_much) {
  protocol::batch_options options;
  options.compression.type = protocol::codec::zstd;
  const std::vector<test_record> records(70, {std::string(1 << 20, 'z')});
  const auto bomb = make_batch(records, options);
  ASSERT_LT(bomb.size(), 100'000u);
  EXPECT_EQ(append(bomb).error, append_error::message_too_large);
  EXPECT_TRUE(append(make_batch({records.begin(), records.begin() + 60}, options)).ok());
  config.max_message_bytes = 20 << 20;
  reconfigure();
  EXPECT_TRUE(append(bomb).ok()) << "where large batches are wanted";
}

TEST_F(append_test, refuses_what_is_larger_than_a_segment) {
  config.segment_bytes = 100;
  reconfigure();
  EXPECT_EQ(append(make_batch(10)).error, append_error::record_list_too_large);
}

TEST_F(append_test, names_each_record_without_key_on_a_compacted_topic) {
  config.cleanup_compact = true;
  reconfigure();
  const auto out = append(make_batch({{"a", 1000, "k"}, {"b", 1000}, {"c", 1000}}));
  EXPECT_EQ(out.error, append_error::invalid_record);
  ASSERT_EQ(out.record_errors.size(), 2u);
  EXPECT_EQ(out.record_errors[0].batch_index, 1);
  EXPECT_EQ(out.record_errors[1].batch_index, 2);
  EXPECT_TRUE(append(make_batch({{"a", 1000, "k"}})).ok());
}

TEST_F(append_test, refuses_timestamps_out_of_range) {
  config.message_timestamp_before_max_ms = 5000;
  config.message_timestamp_after_max_ms = 1000;
  reconfigure();
  EXPECT_TRUE(append(make_batch(1, "v", 5000)).ok());
  EXPECT_TRUE(append(make_batch(1, "v", 11'000)).ok());
  EXPECT_TRUE(append(make_batch(1, "v", -1)).ok()) << "no timestamp";
  const auto early = append(make_batch({{"a", 6000}, {"b", 4999}}));
  EXPECT_EQ(early.error, append_error::invalid_timestamp);
  ASSERT_EQ(early.record_errors.size(), 1u);
  EXPECT_EQ(early.record_errors[0].batch_index, 1);
  EXPECT_THAT(early.record_errors[0].message, HasSubstr("4999"));
  EXPECT_EQ(append(make_batch(1, "v", 11'001)).error, append_error::invalid_timestamp);
}

TEST_F(append_test, log_append_time_replaces_the_records_own) {
  config.message_timestamp_type = timestamp_type::log_append_time;
  config.message_timestamp_before_max_ms = 10;
  reconfigure();
  const auto out = append(make_batch(2, "v", 1));
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(out.log_append_time, now);
  EXPECT_THAT(read_all(), ElementsAre(read_record{0, "v0", 10'000}, read_record{1, "v1", 10'000}));
}

TEST_F(append_test, create_time_answers_no_append_time) { EXPECT_EQ(append(make_batch(1)).log_append_time.value, -1); }

TEST_F(append_test, a_client_may_not_claim_log_append_time) {
  protocol::batch_options options;
  options.timestamp_type = timestamp_type::log_append_time;
  options.append_time = {5};
  EXPECT_EQ(append(make_batch(1, "v", 1000, options)).error, append_error::invalid_timestamp);
}

TEST_F(append_test, a_wrong_largest_timestamp_is_put_right) {
  auto batch = make_batch({{"a", 1000}, {"b", 3000}, {"c", 2000}});
  protocol::mutable_batch(batch).set_timestamp(timestamp_type::create_time, {77});
  EXPECT_TRUE(append(batch).ok());
  const auto bytes = bytes_of(read(0));
  EXPECT_EQ(protocol::batch_view(bytes).max_timestamp().value, 3000);
}

class append_codec_test : public append_test, public ::testing::WithParamInterface<protocol::codec> {};

TEST_P(append_codec_test, packs_again_as_the_topic_wants) {
  config.compression_type = static_cast<compression_policy>(GetParam());
  reconfigure();
  for (const auto from : {protocol::codec::none, protocol::codec::gzip, protocol::codec::snappy, protocol::codec::lz4,
                          protocol::codec::zstd}) {
    protocol::batch_options options;
    options.compression.type = from;
    ASSERT_TRUE(append(make_batch(50, "v", 1000, options)).ok());
  }
  std::int64_t expected = 0;
  const auto bytes = bytes_of(read(0));
  protocol::batch_iterator batches(bytes);
  for (auto next = batches.next(); next && *next; next = batches.next()) {
    EXPECT_EQ((*next)->compressed_by(), GetParam());
    EXPECT_EQ((*next)->base_offset().value(), expected);
    expected += 50;
  }
  EXPECT_EQ(expected, 250);
  EXPECT_EQ(read_all().size(), 250u);
}

INSTANTIATE_TEST_SUITE_P(codecs, append_codec_test,
                         ::testing::Values(protocol::codec::none, protocol::codec::gzip, protocol::codec::snappy,
                                           protocol::codec::lz4, protocol::codec::zstd),
                         [](const auto& param) { return protocol::name_of(param.param); });

TEST_F(append_test, keeps_the_producers_compression_by_default_and_looks_inside) {
  protocol::batch_options options;
  options.compression.type = protocol::codec::lz4;
  auto batch = make_batch(100, "v", 1000, options);
  EXPECT_TRUE(append(batch).ok());
  EXPECT_EQ(read_all().size(), 100u);
  // A header that lies about the records inside, with a right checksum.
  store_be<std::int32_t>(batch.data() + protocol::batch_field::record_count, 99);
  store_be<std::int32_t>(batch.data() + protocol::batch_field::last_offset_delta, 98);
  store_be<std::uint32_t>(batch.data() + protocol::batch_field::crc, protocol::batch_view(batch).computed_crc());
  store_be<std::int64_t>(batch.data(), 0);
  EXPECT_EQ(append(batch).error, append_error::invalid_record);
}

// A batch whose payload was changed, with everything in the header right.
std::vector<std::byte> with_payload(std::vector<std::byte> batch, const std::vector<std::byte>& payload) {
  batch.resize(protocol::batch_header_bytes);
  batch.insert(batch.end(), payload.begin(), payload.end());
  store_be<std::int32_t>(batch.data() + protocol::batch_field::length, static_cast<std::int32_t>(batch.size() - 12));
  store_be<std::uint32_t>(batch.data() + protocol::batch_field::crc, protocol::batch_view(batch).computed_crc());
  return batch;
}

TEST_F(append_test, what_a_codec_cannot_read_is_refused_for_good) {
  for (const auto type :
       {protocol::codec::gzip, protocol::codec::snappy, protocol::codec::lz4, protocol::codec::zstd}) {
    protocol::batch_options options;
    options.compression.type = type;
    const auto batch = make_batch(50, "v", 1000, options);
    const auto packed = protocol::batch_view(batch).payload();
    const std::vector<std::byte> good(packed.begin(), packed.end());
    auto damaged = good, cut = good, longer = good;
    for (std::size_t i = damaged.size() / 2; i < damaged.size(); ++i) damaged[i] = std::byte{0xff};
    cut.resize(cut.size() - 3);
    longer.insert(longer.end(), 4, std::byte{0});  // for snappy an empty block
    for (const auto& payload : {damaged, cut, longer, std::vector<std::byte>{}}) {
      const auto out = append(with_payload(batch, payload));
      EXPECT_EQ(out.error, append_error::invalid_record) << protocol::name_of(type) << ' ' << out.message;
      EXPECT_FALSE(out.message.empty());
    }
    EXPECT_TRUE(append(with_payload(batch, good)).ok());
  }
}

TEST_F(append_test, a_damaged_batch_is_refused_for_good_where_the_topic_packs_again) {
  protocol::batch_options options;
  options.compression.type = protocol::codec::lz4;
  config.compression_type = compression_policy::zstd;
  reconfigure();
  const auto batch = make_batch(50, "v", 1000, options);
  EXPECT_EQ(append(with_payload(batch, {std::byte{1}, std::byte{2}})).error, append_error::invalid_record);
}

// Records as some clients write them: their offset deltas don't count up, the header's last one does.
std::vector<std::byte> with_deltas(std::initializer_list<std::int8_t> deltas, protocol::codec type) {
  std::vector<std::byte> plain;
  for (const std::int8_t delta : deltas) {
    // length 7 and the fields: attributes, timestamp delta, offset delta, no key, one byte of value, no headers
    for (const int b : {7 * 2, 0, 0, delta * 2, 1, 1 * 2, 'a' + delta, 0}) plain.push_back(static_cast<std::byte>(b));
  }
  protocol::batch_options options;
  options.compression.type = type;
  const auto batch = make_batch(static_cast<int>(deltas.size()), "v", 1000, options);
  std::vector<std::byte> packed;
  protocol::compressor pack;
  EXPECT_TRUE(pack.append({type, {}}, plain, packed));
  return with_payload(batch, packed);
}

std::vector<std::int32_t> deltas_in(const std::vector<std::byte>& batch) {
  protocol::record_reader reader;
  EXPECT_TRUE(reader.open(protocol::batch_view(batch)));
  std::vector<std::int32_t> deltas;
  protocol::record_view record;
  while (reader.next(record).value()) deltas.push_back(record.offset_delta);
  return deltas;
}

TEST_F(append_test, offset_deltas_that_do_not_count_up_are_stored_and_put_right_where_they_are_packed) {
  const auto zeros = with_deltas({0, 0, 0}, protocol::codec::none);
  const auto falling = with_deltas({2, 1, 0}, protocol::codec::none);
  EXPECT_TRUE(append(zeros).ok());
  EXPECT_THAT(deltas_in(bytes_of(read(0))), ElementsAre(0, 0, 0)) << "as Kafka keeps them";
  EXPECT_EQ(log->log_end_offset(), offset{3});
  EXPECT_TRUE(append(falling).ok());
  EXPECT_THAT(deltas_in(bytes_of(read(3))), ElementsAre(2, 1, 0));
  std::int64_t next = 6;
  for (const auto type :
       {protocol::codec::gzip, protocol::codec::snappy, protocol::codec::lz4, protocol::codec::zstd}) {
    EXPECT_TRUE(append(with_deltas({0, 0, 0}, type)).ok());
    const auto stored = bytes_of(read(next));
    EXPECT_THAT(deltas_in(stored), ElementsAre(0, 1, 2)) << protocol::name_of(type);
    EXPECT_EQ(protocol::batch_view(stored).compressed_by(), type);
    next += 3;
  }
  EXPECT_EQ(log->log_end_offset(), offset{next});
}

TEST_F(append_test, offset_deltas_are_put_right_where_the_topic_packs_or_unpacks) {
  config.compression_type = compression_policy::lz4;
  reconfigure();
  EXPECT_TRUE(append(with_deltas({0, 0, 0}, protocol::codec::none)).ok());
  EXPECT_THAT(deltas_in(bytes_of(read(0))), ElementsAre(0, 1, 2));
  EXPECT_TRUE(append(with_deltas({2, 1, 0}, protocol::codec::lz4)).ok());
  EXPECT_THAT(values(read_all(3)), ElementsAre("c", "b", "a"));
  config.compression_type = compression_policy::none;
  reconfigure();
  EXPECT_TRUE(append(with_deltas({0, 0, 0}, protocol::codec::gzip)).ok());
  EXPECT_THAT(deltas_in(bytes_of(read(6))), ElementsAre(0, 1, 2));
}

TEST_F(append_test, a_last_offset_delta_that_disagrees_with_the_count_is_refused) {
  auto batch = with_deltas({0, 0, 0}, protocol::codec::none);
  store_be<std::int32_t>(batch.data() + protocol::batch_field::last_offset_delta, 0);
  store_be<std::uint32_t>(batch.data() + protocol::batch_field::crc, protocol::batch_view(batch).computed_crc());
  EXPECT_EQ(append(batch).error, append_error::invalid_record);
}

TEST_F(append_test, zstd_needs_a_newer_request) {
  protocol::batch_options options;
  options.compression.type = protocol::codec::zstd;
  auto batch = make_batch(1, "v", 1000, options);
  append_options how;
  how.now = now;
  how.zstd_allowed = false;
  EXPECT_EQ(log->append(batch, how, scratch).error, append_error::unsupported_compression_type);
}

TEST_F(append_test, a_leaders_batches_keep_offsets_and_epochs) {
  protocol::batch_options first, second;
  first.base_offset = offset{10};
  first.leader_epoch = leader_epoch{3};
  second.base_offset = offset{20};
  second.leader_epoch = leader_epoch{5};
  auto bytes = make_batch(2, "a", 1000, first);
  const auto more = make_batch(2, "b", 1000, second);
  bytes.insert(bytes.end(), more.begin(), more.end());
  bytes.insert(bytes.end(), more.begin(), more.begin() + 30);  // the beginning of a third
  const auto out = append(bytes, append_origin::replication);
  EXPECT_TRUE(out.ok()) << out.message;
  EXPECT_EQ(out.base_offset, offset{10});
  EXPECT_EQ(out.last_offset, offset{21});
  EXPECT_EQ(log->log_end_offset(), offset{22});
  EXPECT_THAT(log->epochs().entries(),
              ElementsAre(epoch_start{leader_epoch{3}, offset{10}}, epoch_start{leader_epoch{5}, offset{20}}));
  EXPECT_THAT(records_in(bytes_of(read(12))), ElementsAre(read_record{20, "b0", 1000}, read_record{21, "b1", 1000}));
  EXPECT_EQ(append(make_batch(1, "c", 1000, second), append_origin::replication).error,
            append_error::unexpected_offset);
}

TEST_F(append_test, a_full_disk_refuses_and_recovers_by_itself) {
  put(1, "a");
  disk.set_capacity_bytes(disk.used_bytes() + 30);
  const auto out = append(make_batch(5, "b"));
  EXPECT_EQ(out.error, append_error::kafka_storage_error);
  EXPECT_EQ(out.storage, errc::no_space);
  EXPECT_EQ(log->log_end_offset(), offset{1});
  EXPECT_THAT(values(read_all()), ElementsAre("a0"));
  disk.set_capacity_bytes(UINT64_MAX);
  EXPECT_EQ(put(1, "c"), 1);
  close();
  open(false, true);
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "c0"));
}

TEST_F(append_test, a_failing_disk_refuses_and_recovers_by_itself) {
  put(1, "a");
  disk.set_writes_fail(true);
  const auto out = append(make_batch(5, "b"));
  EXPECT_EQ(out.error, append_error::kafka_storage_error);
  EXPECT_EQ(out.storage, errc::io);
  EXPECT_THAT(values(read_all()), ElementsAre("a0"));
  disk.set_writes_fail(false);
  EXPECT_EQ(put(1, "c"), 1);
  EXPECT_THAT(values(read_all()), ElementsAre("a0", "c0"));
}

}  // namespace jackdaw::log
