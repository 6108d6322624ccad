#include "jackdaw/protocol/record_builder.hpp"

#include <gtest/gtest.h>

#include "records_support.hpp"

namespace jackdaw::protocol::testing {
namespace {

TEST(batch_builder, size_bound_covers_what_a_record_adds) {
  random_source random(99);
  batch_builder builder;
  for (const auto& record : random_records(random, 300)) {
    std::vector<record_header> headers;
    for (const auto& h : record.headers) headers.push_back({h.first, view_of(h.second)});
    const new_record added{{record.timestamp_ms}, view_of(record.key), view_of(record.value), headers};
    const std::size_t before = builder.uncompressed_size_bytes();
    builder.add(added);
    EXPECT_LE(builder.uncompressed_size_bytes() - before, batch_builder::size_bound(added));
  }
  EXPECT_EQ(builder.finish().value().size_bytes(), builder.uncompressed_size_bytes());
}

TEST(batch_builder, is_used_again_after_reset) {
  batch_builder builder;
  add(builder, {5, "k", "first", {}});
  const bytes_view first_view = builder.finish().value().bytes();
  const buffer first(first_view.begin(), first_view.end());
  batch_options packed;
  packed.compression.type = codec::zstd;
  builder.reset(packed);
  EXPECT_TRUE(builder.empty());
  add(builder, {5, "k", "second", {}});
  record_reader reader;
  EXPECT_EQ(read_all(builder.finish().value(), reader).value().at(0).value, "second");
  builder.reset({});
  add(builder, {5, "k", "first", {}});
  const bytes_view again = builder.finish().value().bytes();
  EXPECT_EQ(buffer(again.begin(), again.end()), first);
}

TEST(batch_builder, compaction_keeps_gaps_and_the_ends) {
  batch_options o;
  o.base_offset = jackdaw::offset{10};
  o.delete_horizon = timestamp_ms{9000};
  batch_builder builder(o);
  builder.add_at(2, {{1000}, as_bytes("a"), std::nullopt, {}});
  builder.add_at(5, {{1001}, as_bytes("b"), as_bytes("v"), {}});
  builder.set_last_offset_delta(7);
  const batch_view batch = builder.finish().value();
  EXPECT_EQ(batch.last_offset().value(), 17);
  EXPECT_EQ(batch.base_timestamp().value, 9000);
  record_reader reader;
  ASSERT_TRUE(reader.open(batch).has_value());
  record_view record;
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_EQ(record.offset.value(), 12);
  EXPECT_EQ(record.timestamp.value, 1000);
  ASSERT_TRUE(reader.next(record).value());
  EXPECT_EQ(record.offset.value(), 15);
}

TEST(batch_builder, a_level_out_of_range_is_refused) {
  for (const auto& [c, level] : {std::pair{codec::gzip, 10}, {codec::gzip, 0}, {codec::lz4, 18}, {codec::zstd, 23}}) {
    batch_options o;
    o.compression = {c, level};
    batch_builder builder(o);
    add(builder, {1, "k", "v", {}});
    auto built = builder.finish();
    ASSERT_FALSE(built.has_value());
    EXPECT_EQ(built.error().code, errc::invalid_argument);
  }
}

TEST(recompress, every_codec_to_every_codec_keeps_everything_but_the_packing) {
  random_source random(3);
  const auto records = random_records(random, 60);
  record_reader reader;
  decompressor unpack;
  compressor pack;
  buffer out;
  for (const codec from : all_codecs) {
    for (const codec to : all_codecs) {
      batch_options o;
      o.compression.type = from;
      o.base_offset = jackdaw::offset{1000};
      o.leader_epoch = jackdaw::leader_epoch{4};
      o.producer_id = jackdaw::producer_id{6};
      o.base_sequence = 12;
      const buffer original = build(records, o);
      const batch_view made = recompress(batch_view{original}, {to}, 1 << 20, unpack, pack, out).value();
      EXPECT_TRUE(validate(made).has_value());
      EXPECT_EQ(made.compressed_by(), to);
      EXPECT_EQ(made.base_offset().value(), 1000);
      EXPECT_EQ(made.leader_epoch().value(), 4);
      EXPECT_EQ(made.base_sequence(), 12);
      EXPECT_EQ(read_all(made, reader).value(), records);
    }
  }
}

TEST(recompress, stops_a_bomb_at_the_limit) {
  batch_options o;
  o.compression.type = codec::zstd;
  const buffer bomb = build({{1, std::nullopt, std::string(32 * 1024 * 1024, '\0'), {}}}, o);
  decompressor unpack;
  compressor pack;
  buffer out;
  auto made = recompress(batch_view{bomb}, {codec::lz4}, 1 << 20, unpack, pack, out);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, errc::too_large);
}

}  // namespace
}  // namespace jackdaw::protocol::testing
