#include "jackdaw/protocol/record_reader.hpp"

#include <gtest/gtest.h>

#include "records_support.hpp"

namespace jackdaw::protocol::testing {
namespace {

const std::vector<owned_record> mixed = {
    {1000, "key", "value", {{"h", "1"}, {"h", std::nullopt}, {"", ""}}},
    {900, std::nullopt, "only value", {}},
    {1500, "only key", std::nullopt, {}},
    {1500, "", "", {{"long", std::string(300, 'x')}}},
};

batch_options with(codec c) {
  batch_options o;
  o.compression.type = c;
  return o;
}

// A batch whose one record has the body `body` behind a right length, sealed.
buffer with_body(std::string_view body, std::int32_t count = 1) {
  buffer batch = build({});
  batch.push_back(static_cast<std::byte>(body.size() * 2));
  for (const char c : body) batch.push_back(static_cast<std::byte>(c));
  store_be(batch.data() + batch_field::length, static_cast<std::int32_t>(batch.size() - batch_prefix_bytes));
  store_be(batch.data() + batch_field::last_offset_delta, count - 1);
  poke(batch, batch_field::record_count, count);
  return batch;
}

errc error_of(const buffer& batch) {
  record_reader reader;
  auto read = read_all(batch_view{batch}, reader);
  EXPECT_FALSE(read.has_value());
  return read ? errc::closed : read.error().code;
}

TEST(record_reader, reads_what_the_builder_wrote_with_every_codec) {
  record_reader reader;
  for (const codec c : all_codecs) {
    const buffer batch = build(mixed, with(c));
    EXPECT_TRUE(validate(batch_view{batch}).has_value());
    EXPECT_EQ(batch_view{batch}.compressed_by(), c);
    EXPECT_EQ(read_all(batch_view{batch}, reader).value(), mixed) << name_of(c);
  }
}

TEST(record_reader, random_batches_survive_every_codec) {
  const std::uint64_t seed = 20240701;
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_source random(seed);
  record_reader reader;
  for (int round = 0; round < 40; ++round) {
    const auto records = random_records(random, 1 + random.below(400));
    for (const codec c : all_codecs) {
      const buffer batch = build(records, with(c));
      ASSERT_EQ(read_all(batch_view{batch}, reader).value(), records) << name_of(c) << " round " << round;
    }
  }
}

TEST(record_reader, a_record_larger_than_the_window_is_read_whole) {
  std::string large(3'000'000, '\0');
  random_source random(7);
  for (char& c : large) c = static_cast<char>(random.next());
  const std::vector<owned_record> records = {{1, "a", "small", {}}, {2, "b", large, {}}, {3, "c", "small", {}}};
  record_reader reader;
  for (const codec c : all_codecs) {
    EXPECT_EQ(read_all(batch_view{build(records, with(c))}, reader).value(), records) << name_of(c);
  }
}

TEST(record_reader, sequences_and_offsets_follow_the_header) {
  batch_options o;
  o.base_offset = jackdaw::offset{100};
  o.producer_id = jackdaw::producer_id{1};
  o.base_sequence = 2147483647;
  const buffer batch = build(mixed, o);
  record_reader reader;
  ASSERT_TRUE(reader.open(batch_view{batch}).has_value());
  record_view record;
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(reader.next(record).value());
    EXPECT_EQ(record.offset.value(), 100 + i);
    EXPECT_EQ(record.sequence, i == 0 ? 2147483647 : i - 1);
  }
  EXPECT_FALSE(reader.next(record).value());
  EXPECT_FALSE(reader.next(record).value());
}

TEST(record_reader, malformed_records_are_refused) {
  using namespace std::string_view_literals;
  EXPECT_EQ(error_of(with_body(""sv)), errc::invalid_argument);
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1"sv)), errc::invalid_argument) << "no header count";
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1\0\0"sv)), errc::invalid_argument) << "a byte too many";
  EXPECT_EQ(error_of(with_body("\0\0\0\3\1\0"sv)), errc::invalid_argument) << "key length -2";
  EXPECT_EQ(error_of(with_body("\0\0\0\1\5\0"sv)), errc::invalid_argument) << "value length -3";
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1\1"sv)), errc::invalid_argument) << "header count -1";
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1\2\1\1"sv)), errc::invalid_argument) << "null header key";
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1\x7e"sv)), errc::invalid_argument) << "63 headers claimed";
  EXPECT_EQ(error_of(with_body("\0\0\0\x7e\1\0"sv)), errc::invalid_argument) << "key past the end";
  EXPECT_EQ(error_of(with_body("\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\0\1\1\0"sv)), errc::invalid_argument);
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1\0"sv, 2)), errc::invalid_argument) << "one record fewer than claimed";
  EXPECT_EQ(error_of(with_body("\0\0\0\1\1\0"sv, -1)), errc::invalid_argument) << "negative count";
}

TEST(record_reader, bytes_behind_the_last_record_are_refused_with_every_codec) {
  for (const codec c : all_codecs) {
    buffer batch = build(mixed, with(c));
    poke(batch, batch_field::record_count, std::int32_t{3});
    EXPECT_EQ(error_of(batch), errc::invalid_argument) << name_of(c);
    poke(batch, batch_field::record_count, std::int32_t{5});
    EXPECT_EQ(error_of(batch), errc::invalid_argument) << name_of(c);
  }
}

TEST(record_reader, unknown_codecs_are_unsupported) {
  for (const std::int16_t id : {5, 6, 7}) {
    buffer batch = build(mixed);
    poke(batch, batch_field::attributes, id);
    EXPECT_EQ(error_of(batch), errc::unsupported);
  }
}

// Memory errors are the sanitizers' to find; here the promise is an error or records, and an end.
TEST(record_reader, every_prefix_of_the_payload_ends_in_an_error) {
  record_reader reader;
  for (const codec c : all_codecs) {
    const buffer good = build(mixed, with(c));
    for (std::size_t size = batch_header_bytes; size < good.size(); ++size) {
      buffer cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
      poke(cut, batch_field::length, static_cast<std::int32_t>(size - batch_prefix_bytes));
      EXPECT_FALSE(read_all(batch_view{cut}, reader).has_value()) << name_of(c) << " cut to " << size;
    }
  }
}

TEST(record_reader, random_mutations_never_read_out_of_bounds) {
  const std::uint64_t seed = 4711;
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_source random(seed);
  record_reader reader(4 * 1024 * 1024);
  for (const codec c : all_codecs) {
    const buffer good = build(random_records(random, 50), with(c));
    for (int round = 0; round < 400; ++round) {
      buffer bad = good;
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
        const std::size_t at = batch_field::attributes + random.below(bad.size() - batch_field::attributes);
        bad[at] = static_cast<std::byte>(random.next());
      }
      auto read = read_all(batch_view{bad}, reader);
      if (read) {
        EXPECT_LE(read->size(), bad.size() * 1000);
      }
    }
  }
}

TEST(record_reader, a_bomb_of_one_record_is_stopped_at_the_limit) {
  // 64 MiB of zeros in one value pack to a few hundred KiB at most.
  const std::vector<owned_record> bomb = {{1, std::nullopt, std::string(64 * 1024 * 1024, '\0'), {}}};
  record_reader reader(1024 * 1024);
  for (const codec c : {codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    const buffer batch = build(bomb, with(c));
    auto read = read_all(batch_view{batch}, reader);
    ASSERT_FALSE(read.has_value()) << name_of(c);
    EXPECT_EQ(read.error().code, errc::too_large) << name_of(c);
  }
}

TEST(record_reader, what_a_batch_may_unpack_to_is_limited_over_all_its_records) {
  const std::vector<owned_record> records(300, owned_record{1, std::nullopt, std::string(16 * 1024, 'z'), {}});
  record_reader reader;
  for (const codec c : {codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    const buffer batch = build(records, with(c));
    reader.limit_unpacked(300 * 16 * 1024);
    auto read = read_all(batch_view{batch}, reader);
    ASSERT_FALSE(read.has_value()) << name_of(c);
    EXPECT_EQ(read.error().code, errc::too_large) << name_of(c);
    reader.close();
    reader.limit_unpacked(301 * 17 * 1024);
    EXPECT_TRUE(read_all(batch_view{batch}, reader).has_value()) << name_of(c);
  }
}

TEST(record_reader, a_bomb_of_many_records_passes_through_a_small_window) {
  std::vector<owned_record> records(2000, owned_record{1, std::nullopt, std::string(16 * 1024, 'z'), {}});
  record_reader reader(64 * 1024);
  for (const codec c : {codec::gzip, codec::snappy, codec::lz4, codec::zstd}) {
    const buffer batch = build(records, with(c));
    auto summary = inspect_client_batch(batch_view{batch}, {}, reader);
    ASSERT_TRUE(summary.has_value()) << name_of(c) << ' ' << to_string(summary.error());
    EXPECT_GT(summary->uncompressed_bytes, 2000u * 16 * 1024);
  }
}

TEST(client_batch, summary_tells_the_first_record_with_the_largest_timestamp) {
  record_reader reader;
  for (const codec c : all_codecs) {
    auto summary = inspect_client_batch(batch_view{build(mixed, with(c))}, {}, reader).value();
    EXPECT_EQ(summary.max_timestamp.value, 1500);
    EXPECT_EQ(summary.max_timestamp_offset_delta, 2);
    EXPECT_TRUE(summary.bad.empty());
  }
}

TEST(client_batch, records_without_key_or_with_a_time_out_of_range_are_listed) {
  record_reader reader;
  record_rules rules;
  rules.keys_required = true;
  rules.earliest = {950};
  rules.latest = {1400};
  auto summary = inspect_client_batch(batch_view{build(mixed)}, rules, reader).value();
  ASSERT_EQ(summary.bad.size(), 3u);
  EXPECT_EQ(summary.bad[0].index, 1);
  EXPECT_EQ(summary.bad[0].fault, record_fault::no_key);
  EXPECT_EQ(summary.bad[1].index, 2);
  EXPECT_EQ(summary.bad[1].fault, record_fault::timestamp_out_of_range);
  EXPECT_EQ(summary.bad[2].timestamp.value, 1500);
}

TEST(client_batch, what_only_a_broker_may_write_is_refused) {
  record_reader reader;
  const auto code = [&](const buffer& batch) {
    auto summary = inspect_client_batch(batch_view{batch}, {}, reader);
    return summary ? errc::closed : summary.error().code;
  };
  batch_options control;
  control.is_control = true;
  EXPECT_EQ(code(build(mixed, control)), errc::invalid_argument);
  batch_options horizon;
  horizon.delete_horizon = timestamp_ms{5};
  EXPECT_EQ(code(build(mixed, horizon)), errc::invalid_argument);
  EXPECT_EQ(code(build({})), errc::invalid_argument) << "empty";
  batch_options no_sequence;
  no_sequence.producer_id = jackdaw::producer_id{5};
  EXPECT_EQ(code(build(mixed, no_sequence)), errc::invalid_argument);
  buffer gap = build(mixed);
  poke(gap, batch_field::last_offset_delta, std::int32_t{4});
  EXPECT_EQ(code(gap), errc::invalid_argument) << "last offset delta beyond the records";
}

TEST(client_batch, offsets_that_do_not_count_up_are_told) {
  batch_builder builder;
  builder.add_at(0, {{1}, std::nullopt, std::nullopt, {}});
  builder.add_at(2, {{1}, std::nullopt, std::nullopt, {}});
  builder.set_last_offset_delta(1);
  record_reader reader;
  EXPECT_FALSE(inspect_client_batch(builder.finish().value(), {}, reader).value().counts_up);
  EXPECT_TRUE(inspect_client_batch(batch_view{build(mixed)}, {}, reader).value().counts_up);
}

TEST(client_batch, renumbered_records_keep_all_but_their_offsets) {
  for (const codec c : all_codecs) {
    batch_builder builder;
    for (const std::int32_t delta : {1, 4, 9}) {
      const std::string value = "v" + std::to_string(delta);
      builder.add_at(delta, {{1000 + delta}, as_bytes(value), std::nullopt, {}});
    }
    builder.set_last_offset_delta(2);
    const batch_view odd = builder.finish().value();
    record_reader reader;
    compressor pack;
    buffer out;
    auto made = renumber(odd, {c, {}}, reader, pack, out);
    ASSERT_TRUE(made.has_value()) << name_of(c);
    EXPECT_TRUE(validate(*made).has_value());
    EXPECT_EQ(made->compressed_by(), c);
    auto summary = inspect_client_batch(*made, {}, reader).value();
    EXPECT_TRUE(summary.counts_up);
    EXPECT_EQ(summary.max_timestamp.value, 1009);
    ASSERT_TRUE(reader.open(*made).has_value());
    record_view record;
    for (const std::int32_t was : {1, 4, 9}) {
      ASSERT_TRUE(reader.next(record).value());
      EXPECT_EQ(record.timestamp.value, 1000 + was);
      EXPECT_EQ(as_text(*record.key), "v" + std::to_string(was));
    }
  }
}

}  // namespace
}  // namespace jackdaw::protocol::testing
