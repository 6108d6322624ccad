#include "jackdaw/cli/offset_reset.hpp"

#include <gtest/gtest.h>

namespace jackdaw::cli {
namespace {

using kind = reset_target::kind;

reset_input partition(std::optional<std::int64_t> current = 50) {
  reset_input in;
  if (current) in.current = offset{*current};
  in.log_start = offset{10};
  in.log_end = offset{100};
  return in;
}

std::int64_t target(kind to, std::int64_t value, const reset_input& in) {
  return plan_reset({to, value}, in)->to.value();
}

TEST(offset_reset, goes_to_either_end_or_stays) {
  EXPECT_EQ(target(kind::earliest, 0, partition()), 10);
  EXPECT_EQ(target(kind::latest, 0, partition()), 100);
  EXPECT_EQ(target(kind::current, 0, partition()), 50);
  EXPECT_EQ(target(kind::current, 0, partition(std::nullopt)), 100) << "nothing committed: the end";
}

TEST(offset_reset, a_time_after_the_last_record_is_the_end) {
  auto in = partition();
  EXPECT_EQ(target(kind::time, 1, in), 100);
  in.at_time = offset{70};
  EXPECT_EQ(target(kind::time, 1, in), 70);
}

TEST(offset_reset, shifts_from_what_is_committed) {
  EXPECT_EQ(target(kind::shift, 5, partition()), 55);
  EXPECT_EQ(target(kind::shift, -5, partition()), 45);
  EXPECT_FALSE(plan_reset({kind::shift, 5}, partition(std::nullopt)).has_value());
  EXPECT_EQ(target(kind::shift, INT64_MAX, partition()), 100);
  EXPECT_EQ(target(kind::shift, INT64_MIN, partition()), 10);
}

TEST(offset_reset, never_leaves_the_log) {
  EXPECT_EQ(*plan_reset({kind::offset, 60}, partition()), (reset_plan{offset{60}, false}));
  EXPECT_EQ(*plan_reset({kind::offset, 5}, partition()), (reset_plan{offset{10}, true}));
  EXPECT_EQ(*plan_reset({kind::offset, 500}, partition()), (reset_plan{offset{100}, true}));
  EXPECT_EQ(*plan_reset({kind::current, 0}, partition(7)), (reset_plan{offset{10}, true}));
}

TEST(offset_reset, a_file_names_some_partitions) {
  auto in = partition();
  EXPECT_FALSE(plan_reset({kind::file, 0}, in).has_value());
  in.in_file = offset{33};
  EXPECT_EQ(target(kind::file, 0, in), 33);
}

TEST(offset_reset, files_are_read_as_kafka_writes_them) {
  const file_offsets wanted{{{"a", partition_id{0}}, offset{5}}, {{"b", partition_id{12}}, offset{7}}};
  EXPECT_EQ(parse_offsets_file("a,0,5\nb,12,7\n", "g").value(), wanted);
  EXPECT_EQ(parse_offsets_file("\"g\",\"a\",0,5\r\n\ng, b ,12,7\nother,c,0,1", "g").value(), wanted);
  EXPECT_EQ(parse_offsets_file(format_offsets_file(wanted), "g").value(), wanted);
  EXPECT_TRUE(parse_offsets_file("", "g")->empty());
}

TEST(offset_reset, a_line_that_makes_no_sense_is_named) {
  for (const auto* text :
       {"a,0,5\na,0\n", "a,0,5\na,-1,5", "a,0,5\na,0,x", "a,0,5\n,0,5", "a,0,5\ntopic,partition,offset"}) {
    const auto read = parse_offsets_file(text, "g");
    ASSERT_FALSE(read.has_value()) << text;
    EXPECT_EQ(read.error().code, errc::invalid_argument);
    EXPECT_TRUE(read.error().detail.starts_with("line 2 is ")) << read.error().detail;
  }
}

}  // namespace
}  // namespace jackdaw::cli
