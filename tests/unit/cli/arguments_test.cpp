#include "jackdaw/cli/arguments.hpp"

#include <gtest/gtest.h>

namespace jackdaw::cli {
namespace {

constexpr std::int64_t now_ms = 1'700'000'000'000;

std::vector<std::int32_t> partitions(std::string_view text) {
  std::vector<std::int32_t> out;
  for (const partition_id p : parse_partitions(text).value()) out.push_back(p.value());
  return out;
}

TEST(arguments, pairs_split_at_the_first_equals_sign) {
  EXPECT_EQ(parse_pair("a=b=c").value(), (std::pair<std::string, std::string>("a", "b=c")));
  EXPECT_EQ(parse_pair("a=").value(), (std::pair<std::string, std::string>("a", "")));
  EXPECT_FALSE(parse_pair("a").has_value());
  EXPECT_FALSE(parse_pair("=b").has_value());
}

TEST(arguments, partitions_are_lists_and_ranges) {
  EXPECT_EQ(partitions("0"), (std::vector<std::int32_t>{0}));
  EXPECT_EQ(partitions("5-7,0,6"), (std::vector<std::int32_t>{0, 5, 6, 7}));
  for (const auto* text : {"", ",", "1,", "a", "-1", "3-1", "1-", "0-99999999", "99999999999"}) {
    EXPECT_EQ(parse_partitions(text).error().code, errc::invalid_argument) << text;
  }
}

TEST(arguments, partitions_print_as_they_are_read) {
  for (const auto* text : {"0", "0,1", "0-2", "0,2-4,7,9,10"}) {
    EXPECT_EQ(format_partitions(parse_partitions(text).value()), text);
  }
  EXPECT_EQ(format_partitions({}), "");
}

TEST(arguments, sizes_have_units_of_1024) {
  EXPECT_EQ(parse_bytes("100").value(), 100u);
  EXPECT_EQ(parse_bytes("64k").value(), 65536u);
  EXPECT_EQ(parse_bytes("1MiB").value(), 1048576u);
  EXPECT_EQ(parse_bytes("2G").value(), 2147483648u);
  for (const auto* text : {"", "k", "-1", "1.5M", "1X", "99999999999G"})
    EXPECT_FALSE(parse_bytes(text).has_value()) << text;
}

TEST(arguments, durations_are_seconds_without_a_unit) {
  EXPECT_EQ(parse_duration_ms("5").value(), 5000);
  EXPECT_EQ(parse_duration_ms("250ms").value(), 250);
  EXPECT_EQ(parse_duration_ms("2h").value(), 7'200'000);
  EXPECT_FALSE(parse_duration_ms("5 s").has_value());
}

TEST(arguments, durations_are_read_as_kafka_takes_them) {
  EXPECT_EQ(parse_duration_ms("PT1H30M").value(), 5'400'000);
  EXPECT_EQ(parse_duration_ms("P1DT2H").value(), 93'600'000);
  EXPECT_EQ(parse_duration_ms("P7D").value(), 604'800'000);
  EXPECT_EQ(parse_duration_ms("pt90s").value(), 90'000);
  EXPECT_EQ(parse_duration_ms("PT0.5S").value(), 500);
  EXPECT_EQ(parse_duration_ms("PT1M1,2345S").value(), 61'234);
  EXPECT_EQ(parse_duration_ms("PT0S").value(), 0);
  for (const auto* text : {"P", "PT", "P1DT", "P1H", "PT1D", "PT1M1H", "PT1H1H", "P1", "1D", "T1H", "PT 1H", "P1Y"}) {
    EXPECT_EQ(parse_duration_ms(text).error().code, errc::invalid_argument) << text;
  }
  for (const auto* text : {"PT1.5H", "PT1.5", "PT.S5", "-PT1H", "PT-1H", "P99999999999999D", "PT9223372036854775S9"}) {
    EXPECT_EQ(parse_duration_ms(text).error().code, errc::invalid_argument) << text;
  }
}

TEST(arguments, times_are_dates_milliseconds_or_distances_back) {
  EXPECT_EQ(parse_time_ms("now", now_ms).value(), now_ms);
  EXPECT_EQ(parse_time_ms("-90s", now_ms).value(), now_ms - 90'000);
  EXPECT_EQ(parse_time_ms("1714558830123", now_ms).value(), 1714558830123);
  EXPECT_EQ(parse_time_ms("1970-01-02", now_ms).value(), 86'400'000);
  EXPECT_EQ(parse_time_ms("2024-05-01T10:20:30.123Z", now_ms).value(), 1714558830123);
  EXPECT_EQ(parse_time_ms("2024-05-01T12:20:30.123+02:00", now_ms).value(), 1714558830123);
  EXPECT_EQ(parse_time_ms("2024-05-01 10:20", now_ms).value(), 1714558800000);
  for (const auto* text : {"", "yesterday", "2024-13-01", "2024-02-30", "2024-05-01T25:00", "2024-05-01T10:20:30.Z",
                           "2024-05-01T10:20:30 CET"}) {
    EXPECT_FALSE(parse_time_ms(text, now_ms).has_value()) << text;
  }
}

TEST(arguments, times_print_as_they_are_read) {
  for (const std::int64_t ms :
       {std::int64_t{0}, std::int64_t{1714558830123}, std::int64_t{-1}, std::int64_t{951782400000}}) {
    EXPECT_EQ(parse_time_ms(format_time(ms), now_ms).value(), ms) << format_time(ms);
  }
}

TEST(arguments, codecs_take_levels_in_their_range) {
  EXPECT_EQ(parse_compression("zstd:7").value(), (protocol::compression{protocol::codec::zstd, 7}));
  EXPECT_EQ(parse_compression("lz4").value(), (protocol::compression{protocol::codec::lz4, std::nullopt}));
  for (const auto* text : {"zip", "gzip:10", "snappy:1", "none:0", "zstd:", "zstd:x"}) {
    EXPECT_EQ(parse_compression(text).error().code, errc::invalid_argument) << text;
  }
}

TEST(arguments, escapes) {
  EXPECT_EQ(unescape("a\\tb\\n\\\\ \\x41").value(), "a\tb\n\\ A");
  EXPECT_EQ(unescape("\\0").value(), std::string(1, '\0'));
  for (const auto* text : {"\\", "\\q", "\\x4", "\\xzz"}) EXPECT_FALSE(unescape(text).has_value()) << text;
}

TEST(arguments, positions) {
  using kind = position_spec::kind;
  EXPECT_EQ(parse_position("beginning", now_ms).value(), (position_spec{kind::beginning, 0}));
  EXPECT_EQ(parse_position("end", now_ms).value(), (position_spec{kind::end, 0}));
  EXPECT_EQ(parse_position("42", now_ms).value(), (position_spec{kind::offset, 42}));
  EXPECT_EQ(parse_position("-10", now_ms).value(), (position_spec{kind::last, 10}));
  EXPECT_EQ(parse_position("time:-1h", now_ms).value(), (position_spec{kind::time, now_ms - 3'600'000}));
  EXPECT_FALSE(parse_position("middle", now_ms).has_value());
}

TEST(arguments, a_line_is_headers_key_and_value) {
  const line_format format{":", "\t", true};
  const auto line = parse_line("h=1,i=\tkey:va:lue", format).value();
  EXPECT_EQ(line.headers, (std::vector<std::pair<std::string_view, std::string_view>>{{"h", "1"}, {"i", ""}}));
  EXPECT_EQ(line.key, "key");
  EXPECT_EQ(line.value, "va:lue");
  EXPECT_FALSE(parse_line("\tkey:", format).value().value.has_value()) << "empty is null";
  EXPECT_FALSE(parse_line("key:value", format).has_value()) << "no headers";
  EXPECT_FALSE(parse_line("h=1\tvalue", format).has_value()) << "no key";
  EXPECT_FALSE(parse_line("h\tkey:value", format).has_value()) << "a header without =";
  const auto plain = parse_line("", {}).value();
  EXPECT_FALSE(plain.key.has_value());
  EXPECT_EQ(plain.value, "");
}

TEST(arguments, amounts_read_well) {
  EXPECT_EQ(format_bytes(870), "870 B");
  EXPECT_EQ(format_bytes(12.3 * 1024 * 1024), "12.3 MiB");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1234567), "1.23M");
}

}  // namespace
}  // namespace jackdaw::cli
