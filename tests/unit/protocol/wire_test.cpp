#include "jackdaw/protocol/wire.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace jackdaw::protocol {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

TEST(reader, the_first_error_sticks_and_later_reads_are_zero) {
  const auto bytes = bytes_of({0x00, 0x01, 0x02});
  reader in(bytes);
  EXPECT_EQ(in.fixed<std::int16_t>(), 1);
  EXPECT_EQ(in.fixed<std::int32_t>(), 0);
  EXPECT_EQ(in.status(), wire_error::truncated);
  EXPECT_EQ(in.fixed<std::int8_t>(), 0);
  EXPECT_TRUE(in.string(false).empty());
  in.fail(wire_error::bad_tags);
  EXPECT_EQ(in.status(), wire_error::truncated);
  EXPECT_EQ(in.position(), 2u);
}

TEST(reader, bytes_after_the_end_are_an_error) {
  const auto bytes = bytes_of({1, 2});
  reader in(bytes);
  in.fixed<std::int8_t>();
  in.expect_end();
  EXPECT_EQ(in.status(), wire_error::trailing_bytes);
}

TEST(reader, null_is_refused_where_it_is_not_allowed) {
  const auto fixed = bytes_of({0xff, 0xff, 0xff, 0xff});
  EXPECT_FALSE(reader(fixed).nullable_string(false).has_value());
  EXPECT_FALSE(reader(fixed).nullable_bytes(false).has_value());
  EXPECT_FALSE(reader(fixed).nullable_array_count(false, 1).has_value());
  const auto status = [](auto read, bytes_view bytes) {
    reader in(bytes);
    read(in);
    return in.status();
  };
  const auto compact = bytes_of({0});
  for (const bool is_compact : {false, true}) {
    const bytes_view bytes = is_compact ? bytes_view(compact) : bytes_view(fixed);
    EXPECT_EQ(status([=](reader& in) { in.string(is_compact); }, bytes), wire_error::bad_length);
    EXPECT_EQ(status([=](reader& in) { in.bytes(is_compact); }, bytes), wire_error::bad_length);
    EXPECT_EQ(status([=](reader& in) { in.array_count(is_compact, 1); }, bytes), wire_error::bad_length);
  }
}

TEST(reader, lengths_below_null_are_refused) {
  const auto bytes = bytes_of({0xff, 0xfe, 0xff, 0xfe});
  reader text(bytes);
  text.nullable_string(false);
  EXPECT_EQ(text.status(), wire_error::bad_length);
  reader array(bytes);
  array.nullable_array_count(false, 1);
  EXPECT_EQ(array.status(), wire_error::bad_length);
}

TEST(reader, a_length_beyond_the_end_is_refused) {
  const auto bytes = bytes_of({0x00, 0x05, 'a', 'b', 'c', 'd'});
  reader in(bytes);
  in.string(false);
  EXPECT_EQ(in.status(), wire_error::truncated);
}

TEST(reader, a_compact_string_longer_than_kafka_reads_is_refused) {
  std::vector<std::byte> bytes(string_bytes_max + 10);
  writer out(bytes);
  out.uvarint(string_bytes_max + 1);
  reader longest(bytes);
  EXPECT_EQ(longest.string(true).size(), string_bytes_max);
  writer more(bytes);
  more.uvarint(string_bytes_max + 2);
  reader in(bytes);
  in.string(true);
  EXPECT_EQ(in.status(), wire_error::bad_length);
}

TEST(reader, tagged_fields_must_ascend) {
  const auto bytes = bytes_of({5, 0, 5, 0});
  reader in(bytes);
  std::int64_t previous = -1;
  EXPECT_EQ(in.next_tag(previous).tag, 5u);
  in.next_tag(previous);
  EXPECT_EQ(in.status(), wire_error::bad_tags);
}

TEST(writer, text_that_no_string_can_hold_is_cut_between_characters) {
  std::string text(string_bytes_max - 1, 'x');
  text += "\xe2\x98\x95";  // its first byte would still fit
  EXPECT_EQ(cut_text(text).size(), string_bytes_max - 1);
  EXPECT_EQ(cut_text("short"), "short");
  for (const bool compact : {false, true}) {
    std::vector<std::byte> bytes(string_size(std::string_view(text), compact));
    writer out(bytes);
    out.string(text, compact);
    EXPECT_EQ(out.written(), bytes.size());
    reader in(bytes);
    EXPECT_EQ(in.string(compact).size(), string_bytes_max - 1);
    EXPECT_EQ(in.remaining(), 0u);
  }
}

TEST(writer, external_records_are_counted_and_their_place_is_noted) {
  std::vector<std::byte> bytes(64);
  std::vector<writer::external> externals;
  writer out(bytes, &externals);
  out.fixed<std::int16_t>(1);
  out.records(records_view::external(1000), false);
  out.fixed<std::int16_t>(2);
  EXPECT_EQ(out.written(), 8u);
  ASSERT_EQ(externals.size(), 1u);
  EXPECT_EQ(externals[0].position, 6u);
  EXPECT_EQ(externals[0].size, 1000u);
  EXPECT_EQ(load_be<std::int32_t>(bytes.data() + 2), 1000);
}

}  // namespace
}  // namespace jackdaw::protocol
