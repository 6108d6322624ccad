#include "jackdaw/protocol/compression.hpp"

#include <gtest/gtest.h>

#include "records_support.hpp"

namespace jackdaw::protocol::testing {
namespace {

constexpr codec packing_codecs[] = {codec::gzip, codec::snappy, codec::lz4, codec::zstd};

buffer text_of(std::size_t size, std::uint64_t seed) {
  random_source random(seed);
  buffer out(size);
  for (auto& b : out) b = static_cast<std::byte>('a' + random.below(16));
  return out;
}

buffer pack(codec c, bytes_view in, std::optional<int> level = {}) {
  compressor with;
  buffer out;
  EXPECT_TRUE(with.append({c, level}, in, out).has_value());
  return out;
}

result<buffer> unpack(codec c, bytes_view in, std::size_t limit = 1 << 26) {
  decompressor with;
  buffer out;
  if (auto done = decompress(with, c, in, limit, out); !done) return done.error();
  return out;
}

TEST(compression, names_are_those_of_the_configuration) {
  for (const codec c : all_codecs) EXPECT_EQ(parse_codec(name_of(c)), c);
  EXPECT_EQ(parse_codec("uncompressed"), codec::none);
  EXPECT_FALSE(parse_codec("producer").has_value());
}

TEST(compression, every_size_comes_back) {
  for (const codec c : all_codecs) {
    for (const std::size_t size : {0, 1, 100, 32 * 1024 - 1, 32 * 1024, 32 * 1024 + 1, 64 * 1024, 300'000}) {
      if (c == codec::none || size > 0) {
        const buffer in = text_of(size, size + 1);
        EXPECT_EQ(unpack(c, pack(c, in)).value(), in) << name_of(c) << ' ' << size;
      }
    }
  }
}

TEST(compression, every_level_comes_back) {
  const buffer in = text_of(20'000, 5);
  for (const codec c : packing_codecs) {
    const auto levels = levels_of(c);
    if (!levels) continue;
    for (int level = std::max(levels->least, -7); level <= levels->most; ++level) {
      EXPECT_EQ(unpack(c, pack(c, in, level)).value(), in) << name_of(c) << ' ' << level;
    }
  }
}

TEST(compression, an_object_is_used_for_one_stream_after_the_other) {
  compressor packer;
  decompressor unpacker;
  for (int round = 0; round < 20; ++round) {
    for (const codec c : packing_codecs) {
      const buffer in = text_of(1000 + static_cast<std::size_t>(round) * 5000, static_cast<std::uint64_t>(round));
      buffer packed;
      buffer out;
      ASSERT_TRUE(packer.append({c, c == codec::gzip ? std::optional(1 + round % 9) : std::nullopt}, in, packed));
      // A stream that was given up in the middle leaves nothing behind.
      std::byte some[10];
      ASSERT_TRUE(unpacker.open(c, packed).has_value());
      ASSERT_TRUE(unpacker.read(some).has_value());
      ASSERT_TRUE(decompress(unpacker, c, packed, 1 << 20, out).has_value());
      ASSERT_EQ(out, in);
    }
  }
}

TEST(compression, every_prefix_is_an_error) {
  const buffer in = text_of(3000, 8);
  for (const codec c : packing_codecs) {
    const buffer packed = pack(c, in);
    for (std::size_t size = 0; size < packed.size(); ++size) {
      // Snappy's framing has no end mark: cut between blocks or before any, it is a shorter stream.
      if (c == codec::snappy && size == 16) continue;
      auto out = unpack(c, bytes_view(packed).first(size));
      EXPECT_FALSE(out.has_value()) << name_of(c) << " cut to " << size;
    }
  }
}

TEST(compression, the_limit_holds) {
  const buffer in(5'000'000, std::byte{0});
  for (const codec c : all_codecs) {
    const buffer packed = pack(c, in);
    EXPECT_EQ(unpack(c, packed, in.size()).value().size(), in.size()) << name_of(c);
    EXPECT_EQ(unpack(c, packed, in.size() - 1).error().code, errc::too_large) << name_of(c);
    EXPECT_EQ(unpack(c, packed, 1000).error().code, errc::too_large) << name_of(c);
  }
}

TEST(compression, snappy_block_that_claims_more_than_it_can_hold_costs_nothing) {
  // A raw block whose length says 1 GiB.
  const buffer claim = {std::byte{0x80}, std::byte{0x80}, std::byte{0x80}, std::byte{0x80},
                        std::byte{0x04}, std::byte{0x00}, std::byte{'x'}};
  EXPECT_EQ(unpack(codec::snappy, claim).error().code, errc::corrupt);
}

TEST(compression, gzip_members_in_a_row_read_as_one) {
  const buffer a = text_of(100, 1);
  const buffer b = text_of(200, 2);
  buffer packed = pack(codec::gzip, a);
  const buffer second = pack(codec::gzip, b);
  packed.insert(packed.end(), second.begin(), second.end());
  buffer both = a;
  both.insert(both.end(), b.begin(), b.end());
  EXPECT_EQ(unpack(codec::gzip, packed).value(), both);
}

TEST(compression, bytes_that_follow_a_stream_are_an_error) {
  for (const codec c : packing_codecs) {
    for (const std::size_t size : {1, 4, 20}) {
      buffer packed = pack(c, text_of(5000, 3));
      packed.insert(packed.end(), size, std::byte{'x'});
      EXPECT_EQ(unpack(c, packed).error().code, errc::corrupt) << name_of(c) << ' ' << size;
    }
  }
}

TEST(compression, a_snappy_block_of_no_bytes_is_an_error) {
  for (const bool at_end : {true, false}) {
    buffer packed = pack(codec::snappy, text_of(100, 3));
    packed.insert(at_end ? packed.end() : packed.begin() + 16, 4, std::byte{0});
    EXPECT_EQ(unpack(codec::snappy, packed).error().code, errc::corrupt) << at_end;
  }
}

TEST(compression, snappy_streams_in_a_row_read_as_one) {
  const buffer a = text_of(100, 1);
  buffer packed = pack(codec::snappy, a);
  const buffer second = pack(codec::snappy, a);
  packed.insert(packed.end(), second.begin(), second.end());
  buffer both = a;
  both.insert(both.end(), a.begin(), a.end());
  EXPECT_EQ(unpack(codec::snappy, packed).value(), both);
}

TEST(compression, snappy_framing_of_version_0_is_an_error) {
  buffer packed = pack(codec::snappy, text_of(100, 3));
  packed[11] = std::byte{0};
  EXPECT_EQ(unpack(codec::snappy, packed).error().code, errc::corrupt);
}

TEST(compression, an_lz4_block_of_no_bytes_is_an_error) {
  const buffer good = pack(codec::lz4, text_of(100, 3));
  constexpr std::ptrdiff_t first_block = 7;
  buffer plain = good;  // a block of size 0 that isn't the end mark
  const std::byte none[] = {std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0x80}};
  plain.insert(plain.begin() + first_block, std::begin(none), std::end(none));
  EXPECT_EQ(unpack(codec::lz4, plain).error().code, errc::corrupt);
  buffer packed = good;  // one that unpacks to nothing
  const std::byte token[] = {std::byte{1}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}};
  packed.insert(packed.begin() + first_block, std::begin(token), std::end(token));
  EXPECT_EQ(unpack(codec::lz4, packed).error().code, errc::corrupt);
}

TEST(compression, a_wrong_checksum_is_an_error) {
  const buffer in = text_of(500, 3);
  buffer gzip = pack(codec::gzip, in);
  gzip[gzip.size() - 8] ^= std::byte{1};  // CRC-32, then the size
  EXPECT_EQ(unpack(codec::gzip, gzip).error().code, errc::corrupt);
  buffer lz4 = pack(codec::lz4, in);
  lz4[6] ^= std::byte{1};  // of the frame's header
  EXPECT_EQ(unpack(codec::lz4, lz4).error().code, errc::corrupt);
}

TEST(compression, random_mutations_end_in_an_error_or_bounded_output) {
  const std::uint64_t seed = 31337;
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_source random(seed);
  const buffer in = text_of(5000, 9);
  for (const codec c : packing_codecs) {
    const buffer good = pack(c, in);
    for (int round = 0; round < 500; ++round) {
      buffer bad = good;
      bad[random.below(bad.size())] = static_cast<std::byte>(random.next());
      auto out = unpack(c, bad, 1 << 20);
      if (out) {
        EXPECT_LE(out->size(), std::size_t{1} << 20);
      }
    }
  }
}

}  // namespace
}  // namespace jackdaw::protocol::testing
