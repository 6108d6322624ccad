#include "jackdaw/protocol/record_batch.hpp"

#include <gtest/gtest.h>

#include "records_support.hpp"

namespace jackdaw::protocol::testing {
namespace {

buffer three_records(batch_options options = {}) {
  return build({{1000, "a", "1", {}}, {1007, "b", "2", {}}, {1003, std::nullopt, std::nullopt, {}}},
               std::move(options));
}

TEST(record_batch, header_fields_read_back_what_was_built) {
  batch_options o;
  o.base_offset = jackdaw::offset{77};
  o.leader_epoch = jackdaw::leader_epoch{5};
  o.producer_id = jackdaw::producer_id{42};
  o.producer_epoch = jackdaw::producer_epoch{3};
  o.base_sequence = 2147483646;
  o.is_transactional = true;
  const buffer bytes = three_records(o);
  const batch_view batch{bytes};
  EXPECT_TRUE(validate(batch).has_value());
  EXPECT_EQ(batch.base_offset().value(), 77);
  EXPECT_EQ(batch.last_offset().value(), 79);
  EXPECT_EQ(batch.next_offset().value(), 80);
  EXPECT_EQ(batch.leader_epoch().value(), 5);
  EXPECT_EQ(batch.size_bytes(), bytes.size());
  EXPECT_EQ(batch.producer_id().value(), 42);
  EXPECT_EQ(batch.producer_epoch().value(), 3);
  EXPECT_EQ(batch.base_sequence(), 2147483646);
  EXPECT_EQ(batch.last_sequence(), 0);
  EXPECT_TRUE(batch.is_transactional());
  EXPECT_FALSE(batch.is_control());
  EXPECT_EQ(batch.base_timestamp().value, 1000);
  EXPECT_EQ(batch.max_timestamp().value, 1007);
  EXPECT_EQ(batch.record_count(), 3);
}

TEST(record_batch, offset_and_epoch_are_patched_outside_the_checksum) {
  buffer bytes = three_records();
  mutable_batch batch{bytes};
  const std::uint32_t crc = batch.crc();
  batch.set_base_offset(jackdaw::offset{123456789012});
  batch.set_leader_epoch(jackdaw::leader_epoch{9});
  EXPECT_EQ(batch.base_offset().value(), 123456789012);
  EXPECT_EQ(batch.leader_epoch().value(), 9);
  EXPECT_EQ(batch.crc(), crc);
  EXPECT_TRUE(validate(batch).has_value());
}

TEST(record_batch, append_time_is_patched_with_a_new_checksum_and_seen_by_readers) {
  buffer bytes = three_records();
  mutable_batch batch{bytes};
  batch.set_timestamp(timestamp_type::log_append_time, {5555});
  EXPECT_TRUE(validate(batch).has_value());
  EXPECT_EQ(batch.timestamp_type(), timestamp_type::log_append_time);
  record_reader reader;
  for (const auto& record : read_all(batch, reader).value()) EXPECT_EQ(record.timestamp_ms, 5555);
  batch.set_timestamp(timestamp_type::create_time, {1007});
  EXPECT_TRUE(validate(batch).has_value());
  EXPECT_EQ(bytes, three_records());
}

TEST(record_batch, any_changed_byte_under_the_checksum_is_noticed) {
  const buffer good = three_records();
  for (std::size_t i = batch_field::length; i < good.size(); ++i) {
    if (i >= batch_field::leader_epoch && i < batch_field::magic) continue;
    buffer bad = good;
    bad[i] ^= std::byte{1};
    EXPECT_FALSE(validate(batch_view{bad}).has_value()) << "byte " << i;
  }
}

TEST(record_batch, sizes_and_formats_that_cannot_be_are_typed_errors) {
  buffer bytes = three_records();
  for (const std::int32_t length : {-1, 0, 13, 48, std::numeric_limits<std::int32_t>::min()}) {
    store_be(bytes.data() + batch_field::length, length);
    EXPECT_EQ(peek_batch_size(bytes).error().code, errc::corrupt) << length;
    EXPECT_EQ(batch_iterator(bytes).next().error().code, errc::corrupt) << length;
  }
  store_be<std::int32_t>(bytes.data() + batch_field::length, std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ(peek_batch_size(bytes).value(), std::size_t{2147483647} + 12);
  for (const int magic : {-1, 3, 127}) {
    bytes[batch_field::magic] = static_cast<std::byte>(magic);
    EXPECT_EQ(peek_batch_size(bytes).error().code, errc::corrupt) << magic;
  }
}

TEST(batch_iterator, walks_over_batches_and_stops_before_an_incomplete_one) {
  const buffer one = three_records();
  buffer all;
  for (int i = 0; i < 3; ++i) all.insert(all.end(), one.begin(), one.end());
  for (std::size_t size = 0; size <= all.size(); ++size) {
    batch_iterator it(bytes_view(all).first(size));
    std::size_t found = 0;
    while (auto next = it.next().value()) {
      EXPECT_EQ(next->size_bytes(), one.size());
      ++found;
    }
    EXPECT_EQ(found, size / one.size());
    EXPECT_EQ(it.position(), found * one.size());
    EXPECT_EQ(it.remaining(), size % one.size());
  }
}

TEST(batch_iterator, damage_between_batches_ends_the_walk_with_an_error_that_stays) {
  const buffer one = three_records();
  buffer all = one;
  all.insert(all.end(), 100, std::byte{0xff});
  batch_iterator it(all);
  EXPECT_TRUE(it.next().value().has_value());
  EXPECT_EQ(it.next().error().code, errc::corrupt);
  EXPECT_EQ(it.next().error().code, errc::corrupt);
  EXPECT_EQ(it.position(), one.size());
}

}  // namespace
}  // namespace jackdaw::protocol::testing
